// Where the past of a partition ends, so that deletes need not be remembered for ever.
//
// A store has the *horizon* T of a partition when it holds, or has superseded, every write of the
// partition with a counter up to T that any store ever made, and no store will make another. Then a
// version up to T that it does not hold is obsolete, whoever brings it, and a record of which all
// is up to T and nothing alive may go as a whole: what it had seen, the horizon says as well. It is
// a floor under the context of every record of the partition. After Gonçalves et al., "DottedDB:
// Anti-Entropy without Merkle Trees, Deletes without Tombstones" (2017), with one clock value for a
// partition in place of a set of dots for a node. How a store comes by it: repair/COLLECTION.md.
//
// Pure functions, free of any thread rule. A zero horizon changes nothing.
#pragma once

#include "causality/record.h"

namespace distkv::causality {

// The first counter of a hybrid clock at `time`: 48 bits of milliseconds, 16 of count (Kulkarni et
// al., "Logical Physical Clocks", 2014).
base::Counter counter_at(base::WallTime time);

// Takes the versions out of `incoming` that are up to `horizon` and that `own`, a record of a store
// with that horizon, has not seen. Their dots stay seen. True if there were any. What `own` has
// seen and does not hold is for merge() to drop.
bool drop_obsolete(Record& incoming, const Record& own, base::Counter horizon);

// True if the record has seen nothing above `horizon`.
bool is_below(const Record& record, base::Counter horizon);

// True if a store with this horizon need not keep the record: it is below, and no version is alive,
// those with a time to live judged at the horizon, so that all replicas judge alike.
bool is_spent(const Record& record, base::Counter horizon);

// `seen` by a store with this horizon, together with all of `wanted` that the horizon says it has
// seen as well.
Context with_settled(const Context& seen, const Context& wanted, base::Counter horizon);

}  // namespace distkv::causality
