// Taking away what is spent: records of which the partition's horizon says as much as they do.
#pragma once

#include <functional>

#include "repair/leaf_walk.h"
#include "replica/local_replica.h"

namespace distkv::repair {

// Takes the records of a page that are spent at `horizon`, which is this store's for all of them,
// out of the page and away from the store. `done` with the rest, and how many went, when that is
// durable. What cannot be written stays in the store, and goes another time.
void collect_spent(replica::LocalReplica& local, base::Counter horizon, WalkedPage page,
                   std::function<void(WalkedPage page, size_t collected)> done);

// True if one of them is.
bool has_spent(const WalkedPage& page, base::Counter horizon);

// The greatest counter of a tombstone in the records that are nothing but tombstones; zero: none.
base::Counter newest_tombstone(const WalkedPage& page);

}  // namespace distkv::repair
