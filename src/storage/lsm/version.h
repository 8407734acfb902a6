// One consistent set of open tables. Immutable and shared: a read, a scan or a snapshot that holds
// a version keeps its files readable, whatever flushes and merges do meanwhile.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "storage/engine.h"
#include "storage/lsm/manifest/state.h"
#include "storage/lsm/row.h"
#include "storage/lsm/sst/table.h"

namespace distkv::storage::lsm {

// A table of a version. One that could not be opened stays in its place, so that its keys are
// answered with the damage instead of an absence.
struct TableSlot {
  TableSummary summary;
  std::shared_ptr<const Table> table;  // Null: see `why`.
  base::Status why;
};
using TableSlots = std::map<FileId, std::shared_ptr<const TableSlot>>;

// The table that ended a read, a walk or a merge, if one did.
struct Damage {
  std::optional<FileId> file;
};

// A point read's surroundings: buffers in, findings out.
struct Probe {
  ReadScratch scratch;
  Row row;  // Valid after kFound, until the next read with this probe.
  Damage damage;
};

class Version {
 public:
  // `slots` has every file that `state` names.
  Version(const StoreState& state, const TableSlots& slots);

  // The newest version of a key in the tables. kFound may be an erased row; kCorrupt and kIo name
  // the table, also in probe.damage. `hash` is hash_of the place.
  base::Result<Lookup> find(const KeyRef& key, uint64_t hash, Part part, Wait wait,
                            Probe& probe) const;

  // One walk per run of the space, newest run first, over rows from `from` (after it, if
  // `is_after`) to `last`. The version and `damage`, which learns which table ended a walk early,
  // must outlive them.
  void add_rows(Space space, const PlaceView& from, bool is_after, base::Token last, Part part,
                Damage& damage, std::vector<std::unique_ptr<Rows>>& sources) const;
  // Of some runs only, for a merge.
  void add_rows_of(Space space, const std::vector<RunId>& runs, base::Token first, base::Token last,
                   Damage& damage, std::vector<std::unique_ptr<Rows>>& sources) const;

  // Filters and indexes in memory.
  uint64_t bytes_resident() const;

 private:
  struct Run {
    RunId id;
    bool is_base = false;
    base::Token live_from;
    std::vector<std::shared_ptr<const TableSlot>> slots;

    // The only table that may hold the token; null if none.
    const TableSlot* slot_at(base::Token token) const;
    std::unique_ptr<Rows> rows(const PlaceView& from, bool is_after, base::Token last, Part part,
                               Damage& damage) const;
  };

  std::array<std::vector<Run>, kSpaces> spaces_;
};

}  // namespace distkv::storage::lsm
