#include "bin/check/recorder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "client/consistency.h"

namespace distkv::bin::check {

using client::wire_consistency;
using history::History;
using history::Kind;
using history::Operation;
using history::Outcome;

namespace {

Outcome outcome_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return Outcome::kOk;
    case ErrorKind::kInvalid:
    case ErrorKind::kRejected:
    case ErrorKind::kUnreachable:
      return Outcome::kRefused;
    case ErrorKind::kUnknown:
    case ErrorKind::kUnavailable:
    case ErrorKind::kBehind:
      break;
  }
  return Outcome::kUnknown;
}

PutOptions put_options(Consistency consistency, const std::optional<Known>& known) {
  PutOptions options;
  options.consistency = consistency;
  if (known) options.context = known->token;
  return options;
}

}  // namespace

base::MonotonicTime now() {
  return base::MonotonicTime(std::chrono::duration_cast<base::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

Operation Recorder::begin(Kind kind, const std::string& key) const {
  Operation operation;
  operation.kind = kind;
  operation.client = number_;
  operation.key = key;
  operation.consistency = wire_consistency(consistency_);
  operation.invoked_at = now();
  return operation;
}

std::optional<Known> Recorder::put(Client& client, const std::string& key, const std::string& value,
                                   const std::optional<Known>& known) {
  Operation operation = begin(Kind::kPut, key);
  operation.value = value;
  if (known) operation.context_of = known->place;
  return end_write(std::move(operation), client.put(key, value, put_options(consistency_, known)));
}

std::optional<Known> Recorder::remove(Client& client, const std::string& key,
                                      const std::optional<Known>& known) {
  Operation operation = begin(Kind::kDelete, key);
  if (known) operation.context_of = known->place;
  return end_write(std::move(operation), client.remove(key, put_options(consistency_, known)));
}

std::optional<Known> Recorder::get(Client& client, const std::string& key) {
  Operation operation = begin(Kind::kGet, key);
  return end_read(std::move(operation), client.get(key, {consistency_, true}));
}

std::vector<std::optional<Known>> Recorder::get_last(Client& client,
                                                     const std::vector<std::string>& keys,
                                                     Consistency consistency) {
  std::vector<Operation> begun;
  for (const std::string& key : keys) {
    begun.push_back(begin(Kind::kGet, key));
    begun.back().consistency = wire_consistency(consistency);
    begun.back().is_final = true;
  }
  const std::vector<GetOutcome> outcomes = client.get_all(keys, {consistency, true});
  std::vector<std::optional<Known>> known;
  for (size_t i = 0; i < keys.size(); ++i) {
    known.push_back(end_read(std::move(begun[i]), outcomes[i]));
  }
  return known;
}

std::optional<Known> Recorder::end_write(Operation operation, const PutOutcome& outcome) {
  operation.returned_at = now();
  operation.outcome = outcome_of(outcome.error.kind);
  operation.node = outcome.server;
  operation.may_repeat = outcome.may_repeat;
  return learn(std::move(operation), outcome.context);
}

std::optional<Known> Recorder::end_read(Operation operation, const GetOutcome& outcome) {
  operation.returned_at = now();
  operation.outcome = outcome_of(outcome.error.kind);
  operation.node = outcome.server;
  operation.values = outcome.values;
  operation.sibling_count = outcome.sibling_count;
  return learn(std::move(operation), outcome.context);
}

std::optional<Known> Recorder::learn(Operation operation, const std::string& token) {
  bool is_learnt = operation.is_ok();
  if (is_learnt) {
    const auto context = causality::decode_token(token);
    is_learnt = context.is_ok();
    if (is_learnt) {
      operation.seen = history::Coverage(*context);
    } else {
      ++unreadable_;
      operation.outcome = Outcome::kUnknown;
    }
  }
  history_.push_back(std::move(operation));
  if (!is_learnt) return std::nullopt;
  return Known{token, history_.size() - 1};
}

History merged(std::vector<History> histories) {
  std::vector<Operation*> all;
  std::vector<size_t> starts;  // Of each history among all, before they are put in order.
  for (History& history : histories) {
    starts.push_back(all.size());
    for (Operation& operation : history) {
      if (operation.context_of) *operation.context_of += starts.back();
      all.push_back(&operation);
    }
  }
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&all](size_t a, size_t b) { return all[a]->invoked_at < all[b]->invoked_at; });
  std::vector<size_t> place_of(all.size());
  for (size_t place = 0; place < order.size(); ++place) place_of[order[place]] = place;
  History history;
  history.reserve(all.size());
  for (const size_t index : order) {
    Operation& operation = *all[index];
    if (operation.context_of) operation.context_of = place_of[*operation.context_of];
    history.push_back(std::move(operation));
  }
  return history;
}

}  // namespace distkv::bin::check
