// The properties, each a pure function over what clients were told (History) and what really
// happened (Truth). Each appends what it finds wrong. The changes of the replicas' records are
// judged as they come, in replica_watch.h.
#pragma once

#include <string>
#include <vector>

#include "causality/record.h"
#include "history/check.h"
#include "sim/history.h"
#include "sim/truth.h"

namespace distkv::sim {

// What one read was answered.
struct ReadAnswer {
  std::string where;  // Who read what, for the report.
  std::string key;
  DotSet seen;
  DotSet gone;  // What had been collected, or superseded by that, when it began.
  std::vector<std::string> values;
  uint32_t sibling_count = 0;
  bool wants_siblings = false;
};

// P0, P2, P3, P4 at a read: nothing that was collected before it began comes back, and the values
// are exactly those that real writes left alive among all the read has seen. A version that expires
// may be there or not.
void check_read(const Truth& truth, const ReadAnswer& answer, Violations& violations);

// What one put was answered.
struct PutAnswer {
  std::string where;
  std::string key;
  base::OpId op_id;
  DotSet seen;     // Of the receipt.
  DotSet context;  // Of the request; empty for a blind one.
};

// P3 at a receipt: it covers the write, what its client knew, and nothing that is alive beside
// them.
void check_receipt(const Truth& truth, const PutAnswer& answer, Violations& violations);

// All that clients can tell by themselves, P0, P1, P2, P6 to P9: the very check of src/history that
// `distkv-client check` makes.
void check_order(const History& history, const history::Promises& promises, Violations& violations);

// P9: what was refused was never stored.
void check_refusals(const Truth& truth, const History& history, Violations& violations);

// One replica's record of a key at the end; empty meta: it holds none.
struct FinalRecord {
  std::string replica;
  std::string meta;
  std::string values;
};

// P5: all replicas of the key are equal, byte for byte.
void check_convergence(const std::string& key, const std::vector<FinalRecord>& replicas,
                       Violations& violations);

// P2: nothing that was collected, or superseded by that, is alive in the converged record.
void check_gone(Truth& truth, const std::string& key, const causality::Record& record,
                Violations& violations);

// P1: every acknowledged write of the key is in the converged record, alive or superseded by real
// writes. `seen` is what that record covers. `has_wiped`: a disk was lost, so that only what was
// acknowledged strictly must be there.
void check_durability(const Truth& truth, const History& history, const std::string& key,
                      const DotSet& seen, bool has_wiped, Violations& violations);

}  // namespace distkv::sim
