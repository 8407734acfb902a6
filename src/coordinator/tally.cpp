#include "coordinator/tally.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::coordinator {

Tally::Tally(const Plan& plan, wire::Consistency consistency, uint32_t quorum)
    : row_count_(plan.row_count), answers_(plan.targets.size(), Answer::kNone) {
  for (size_t row = 0; row < row_count_; ++row) {
    rows_[row].replicas = plan.replicas[row];
    rows_[row].needed = needed(consistency, quorum, plan.replicas[row]);
  }
  for (const Target& target : plan.targets) memberships_.push_back(target.rows);
}

void Tally::succeed(size_t target) { count(target, Answer::kSuccess); }
void Tally::fail(size_t target) { count(target, Answer::kFailure); }

void Tally::count(size_t target, Answer answer) {
  DISTKV_CHECK(target < answers_.size());
  if (answers_[target] != Answer::kNone) return;
  answers_[target] = answer;
  for (size_t row = 0; row < row_count_; ++row) {
    if ((memberships_[target] & (1u << row)) == 0) continue;
    ++(answer == Answer::kSuccess ? rows_[row].successes : rows_[row].failures);
  }
}

Tally::State Tally::state() const {
  State state = State::kReached;
  for (size_t i = 0; i < row_count_; ++i) {
    const Row& row = rows_[i];
    if (row.replicas - row.failures < row.needed) return State::kImpossible;
    if (row.successes < row.needed) state = State::kWaiting;
  }
  return state;
}

bool Tally::is_complete() const {
  return std::find(answers_.begin(), answers_.end(), Answer::kNone) == answers_.end();
}

size_t Tally::successes() const {
  return static_cast<size_t>(std::count(answers_.begin(), answers_.end(), Answer::kSuccess));
}

std::string Tally::describe(std::string_view verb) const {
  const Row* worst = &rows_[0];
  for (size_t i = 1; i < row_count_; ++i) {
    const auto missing = [](const Row& row) { return int64_t{row.needed} - row.successes; };
    if (missing(rows_[i]) > missing(*worst)) worst = &rows_[i];
  }
  return std::to_string(worst->needed) + " of " + std::to_string(worst->replicas) +
         " replicas needed, " + std::to_string(worst->successes) + " " + std::string(verb);
}

}  // namespace distkv::coordinator
