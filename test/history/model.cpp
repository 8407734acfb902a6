#include "model.h"

#include <algorithm>
#include <utility>

namespace distkv::history {

using causality::Dot;

void Model::merge(Replica& into, const Replica& from) {
  std::erase_if(into.alive, [&from](const auto& version) {
    return from.seen.count(version.first) != 0 && from.alive.count(version.first) == 0;
  });
  for (const auto& [dot, value] : from.alive) {
    if (into.seen.count(dot) == 0) into.alive.emplace(dot, value);
  }
  into.seen.insert(from.seen.begin(), from.seen.end());
}

Coverage Model::coverage_of(const std::set<Dot>& dots) {
  Coverage coverage;
  for (const Dot& dot : dots) coverage.add({dot.actor, dot.counter, dot.counter});
  return coverage;
}

History Model::run(int steps) {
  for (int i = 0; i < steps; ++i) step();
  for (uint32_t client = 0; client < kClients; ++client) finish_all(client);
  for (const Kind kind : {Kind::kPut, Kind::kPut, Kind::kGet}) {
    const size_t place = invoke(kClients, kind);
    Operation& operation = history_[place];
    if (kind == Kind::kGet) {
      operation.is_final = true;
      plan_read(kClients, place);
    } else {
      if (!clients_[kClients].answers.empty()) {
        operation.context_of = clients_[kClients].answers.back();
      }
      plan_write(kClients, place);
    }
    finish_all(kClients);
  }
  return history_;
}

void Model::step() {
  if (!late_.empty() && rng_.chance(0.05)) {
    const size_t which = rng_.below(late_.size());
    const auto action = std::move(late_[which]);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(which));
    action();
    return;
  }
  if (rng_.chance(0.05)) {
    const uint64_t replica = any_replica();
    return merge(replicas_[replica], replicas_[another(replica)]);
  }
  const auto client = static_cast<uint32_t>(rng_.below(kClients));
  auto& stages = clients_[client].stages;
  if (stages.empty()) return begin(client);
  const auto stage = std::move(stages.front());
  stages.erase(stages.begin());
  stage();
}

void Model::finish_all(uint32_t client) {
  for (auto& stage : std::exchange(clients_[client].stages, {})) stage();
}

size_t Model::invoke(uint32_t client, Kind kind) {
  Operation operation;
  operation.kind = kind;
  operation.client = client;
  operation.key = "key";
  if (kind == Kind::kPut) operation.value = "v" + std::to_string(history_.size());
  operation.invoked_at = tick();
  history_.push_back(operation);
  return history_.size() - 1;
}

void Model::begin(uint32_t client) {
  const uint64_t die = rng_.below(10);
  const size_t place = invoke(client, die < 5 ? Kind::kGet : die < 9 ? Kind::kPut : Kind::kDelete);
  Operation& operation = history_[place];
  if (has_doubt_ && rng_.chance(0.15)) operation.consistency = wire::Consistency::kOne;
  if (operation.is_read()) return plan_read(client, place);
  const std::vector<size_t>& answers = clients_[client].answers;
  if (!answers.empty() && rng_.chance(0.7)) {
    // Mostly what it knows last, sometimes something older.
    const bool is_old = rng_.chance(0.2);
    operation.context_of = is_old ? answers[rng_.below(answers.size())] : answers.back();
  }
  if (has_doubt_ && rng_.chance(0.2)) return plan_doubtful_write(client, place);
  plan_write(client, place);
}

void Model::plan_write(uint32_t client, size_t place) {
  const uint64_t replica = any_replica();
  const uint64_t second = another(replica);
  auto& stages = clients_[client].stages;
  stages.push_back([this, place, replica] { contexts_[place] = mint(place, replica); });
  const auto copy = [this, replica, second] { merge(replicas_[second], replicas_[replica]); };
  if (history_[place].is_strict()) {
    stages.push_back(copy);
  } else {
    late_.push_back(copy);
  }
  stages.push_back([this, place] { finish(place, Outcome::kOk); });
}

// Refused; or unknown, and stored never, at once or late; or stored by two attempts.
void Model::plan_doubtful_write(uint32_t client, size_t place) {
  auto& stages = clients_[client].stages;
  const auto mint_it = [this, place, replica = any_replica()] { mint(place, replica); };
  switch (rng_.below(5)) {
    case 0:
      return stages.push_back([this, place] { finish(place, Outcome::kRefused); });
    case 1:
      return stages.push_back([this, place] { finish(place, Outcome::kUnknown); });
    case 2:
      stages.push_back(mint_it);
      return stages.push_back([this, place] { finish(place, Outcome::kUnknown); });
    case 3:
      late_.push_back(mint_it);
      return stages.push_back([this, place] { finish(place, Outcome::kUnknown); });
    default:
      history_[place].may_repeat = true;
      late_.push_back(mint_it);
      return plan_write(client, place);
  }
}

void Model::plan_read(uint32_t client, size_t place) {
  std::vector<uint64_t> asked = {any_replica()};
  if (history_[place].is_strict()) asked.push_back(another(asked.front()));
  auto& stages = clients_[client].stages;
  stages.push_back([this, place, asked] { read(place, asked); });
  stages.push_back([this, place] { finish(place, Outcome::kOk); });
}

std::set<Dot> Model::mint(size_t place, uint64_t replica) {
  Replica& record = replicas_[replica];
  const Operation& operation = history_[place];
  std::set<Dot> context;
  if (operation.context_of) context = contexts_[*operation.context_of];
  for (const auto& [dot, value] : record.alive) {
    if (value.empty() || value != operation.value) continue;
    context.insert(dot);  // Minted before: a repeat.
    return context;
  }
  std::erase_if(record.alive, [&](const auto& version) {
    return !operation.context_of || context.count(version.first) != 0;
  });
  const Dot dot{base::ActorId{replica + 1}, base::Counter{++counter_}};
  record.seen.insert(context.begin(), context.end());
  record.seen.insert(dot);
  const bool is_alone = record.alive.empty();
  record.alive.emplace(dot, operation.value);
  context.insert(dot);
  return is_alone ? record.seen : context;
}

void Model::read(size_t place, const std::vector<uint64_t>& replicas) {
  Replica merged = replicas_[replicas.front()];
  for (const uint64_t replica : replicas) merge(merged, replicas_[replica]);
  for (const uint64_t replica : replicas) merge(replicas_[replica], merged);
  std::set<std::string> values;
  for (const auto& [dot, value] : merged.alive) {
    if (!value.empty()) values.insert(value);
  }
  Operation& operation = history_[place];
  operation.values.assign(values.begin(), values.end());
  operation.sibling_count = static_cast<uint32_t>(values.size());
  contexts_[place] = merged.seen;
}

void Model::finish(size_t place, Outcome outcome) {
  Operation& operation = history_[place];
  operation.returned_at = tick();
  operation.outcome = outcome;
  if (outcome != Outcome::kOk) return;
  operation.seen = coverage_of(contexts_[place]);
  clients_[operation.client].answers.push_back(place);
}

}  // namespace distkv::history
