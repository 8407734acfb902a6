// Counts answers towards a quorum in every live layout. Pure: no messages, no time.
//
// Each target counts once, with its first answer. Reached: every row has its number of successes.
// Impossible: some row cannot reach it any more, whatever the rest answer.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "coordinator/plan.h"

namespace distkv::coordinator {

class Tally {
 public:
  enum class State : uint8_t { kWaiting, kReached, kImpossible };

  // `quorum`: the configured R or W.
  Tally(const Plan& plan, wire::Consistency consistency, uint32_t quorum);

  void succeed(size_t target);
  void fail(size_t target);
  bool has_answered(size_t target) const { return answers_[target] != Answer::kNone; }
  bool has_succeeded(size_t target) const { return answers_[target] == Answer::kSuccess; }
  State state() const;
  // No target is left that could still answer.
  bool is_complete() const;
  size_t successes() const;

  // "2 of 3 replicas needed, 1 acknowledged" of the row that is worst off; `verb` is the last word.
  std::string describe(std::string_view verb) const;

 private:
  enum class Answer : uint8_t { kNone, kSuccess, kFailure };
  struct Row {
    uint32_t replicas = 0;
    uint32_t needed = 0;
    uint32_t successes = 0;
    uint32_t failures = 0;
  };
  void count(size_t target, Answer answer);

  std::array<Row, kRowsMax> rows_{};
  size_t row_count_ = 0;
  base::BoundedVector<Answer, kTargetsMax> answers_;
  base::BoundedVector<uint8_t, kTargetsMax> memberships_;  // Target::rows.
};

}  // namespace distkv::coordinator
