// What the clients did and were told, as src/history judges it, and beside it what only a simulator
// can know of each operation.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "history/history.h"
#include "sim/dot_set.h"

namespace distkv::sim {

using OperationKind = history::Kind;

struct Operation : history::Operation {
  base::OpId op_id;  // Zero: a read.
  // Of the whole operation: refused only if every attempt was.
  base::Code code = base::Code::kUnknownOutcome;
  // The writes that the answer's context covers, as it stood when it arrived.
  DotSet covered;
  DotSet gone;  // KeyTruth::gone when it began.
};

// One entry for each operation, in the order of invocation.
using History = std::vector<Operation>;

// The part that clients know.
history::History told(const History& history);

// True if an answer with this code promises that nothing was or will be stored.
bool is_refusal(base::Code code);

}  // namespace distkv::sim
