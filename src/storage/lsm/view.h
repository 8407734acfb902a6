// All sources of one moment, newest first: memtables, then tables. What reads on other threads,
// scans and snapshots hold; everything in it is immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/lsm/memtable/memtable.h"
#include "storage/lsm/version.h"

namespace distkv::storage::lsm {

// Rows taken out of the active memtable for one page; their bytes are the memtable's, which `owner`
// keeps alive (it never overwrites a version's bytes).
struct Overlay {
  std::shared_ptr<const Memtable> owner;
  std::vector<Row> rows;
  bool is_cut = false;  // The memtable has more rows in the range after the last one.
};

struct View {
  std::vector<std::shared_ptr<const Memtable>> frozen;  // Newest first.
  std::shared_ptr<const Version> version;
};

// Owner's thread: the rows of an active memtable that a page of `scan` may need.
Overlay take_overlay(std::shared_ptr<const Memtable> active, const Scan& scan);

// Any thread; blocks. One page over all sources. It also ends, with fewer items than were asked
// for, after kTombstonesPerPageMax erased rows; `Page::last` tells where to go on.
base::Result<Page> read_page(const Overlay& overlay, const View& view, const Scan& scan,
                             Damage& damage);

// Erased rows one page may walk over, so that a range full of them costs many short steps instead
// of one long one.
inline constexpr size_t kTombstonesPerPageMax = 1024;

}  // namespace distkv::storage::lsm
