// What the clients did and were told: one line for each operation, retries included, in the order
// of invocation. Everything the checkers judge by, together with the truth of the replicas.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "sim/dot_set.h"
#include "wire/messages.h"

namespace distkv::sim {

enum class OperationKind : uint8_t { kPut, kDelete, kGet };

struct Operation {
  OperationKind kind = OperationKind::kGet;
  uint32_t client = 0;
  std::string key;
  wire::Consistency consistency = wire::Consistency::kQuorum;
  base::OpId op_id;  // Zero: a read.
  base::MonotonicTime invoked_at{};
  std::optional<base::MonotonicTime> returned_at;  // Nullopt: never.
  // Of the whole operation: refused only if every attempt was.
  base::Code code = base::Code::kUnknownOutcome;
  // The writes that the answer's context covers, as it stood when it arrived.
  DotSet seen;
  // Of those, the dots of the write itself.
  DotSet own;

  bool is_read() const { return kind == OperationKind::kGet; }
  bool is_ok() const { return returned_at && code == base::Code::kOk; }
  bool is_strict() const { return consistency != wire::Consistency::kOne; }
};

using History = std::vector<Operation>;

// True if an answer with this code promises that nothing was or will be stored.
bool is_refusal(base::Code code);

}  // namespace distkv::sim
