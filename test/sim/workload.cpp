#include "sim/workload.h"

#include <algorithm>

namespace distkv::sim {

namespace {
constexpr uint64_t kClientsMin = 3;
constexpr uint64_t kClientsMax = 7;
constexpr uint64_t kKeysMin = 2;
constexpr uint64_t kKeysMax = 16;
constexpr uint64_t kTagsMax = 3;
constexpr Chance kKeyHasTag{300000};
// In half the seeds nothing expires and nothing is large, so that reads are judged exactly.
constexpr Chance kSeedHasExpiry{500000};
constexpr Chance kSeedHasLargeValues{300000};
// Many operations within one round trip of another.
constexpr Chance kSeedIsHurried{100000};
// The truth is explicit, so its cost grows with the square of a key's writes: more than the usual
// half minute of hurry would make long runs crawl.
constexpr uint64_t kHurriedOperationsMax = 20000;
constexpr Spread kHurriedPause{std::chrono::microseconds(0), std::chrono::milliseconds(20)};
constexpr Chance kClientRepeatsUnknown{500000};
constexpr uint64_t kAttemptsMax = 4;
constexpr uint64_t kPaddingBytesMax = 64;
constexpr uint64_t kLargeBytesMax = 200000;  // Several parts of any real stream.
constexpr uint64_t kTtlMillisecondsMax = 20000;
constexpr uint64_t kKeysAtATime = 3;
constexpr base::Duration kTimeOfKeys = std::chrono::seconds(2);
constexpr Chance kSeedHasSessions{500000};
constexpr uint64_t kSessionSalt = 0x5e55'1075;
constexpr Spread kPatience{std::chrono::milliseconds(300), std::chrono::milliseconds(3000)};

ClientHabits draw_habits(base::Rng& rng) {
  ClientHabits habits;
  habits.patience = draw(rng, kPatience);
  habits.attempts_max = static_cast<uint32_t>(rng.between(1, kAttemptsMax));
  habits.repeats_unknown = happens(rng, kClientRepeatsUnknown);
  return habits;
}
}  // namespace

WorkloadPlan draw_workload(base::Rng& rng) {
  WorkloadPlan plan;
  plan.clients = static_cast<uint32_t>(rng.between(kClientsMin, kClientsMax));
  const uint64_t keys = rng.between(kKeysMin, kKeysMax);
  for (uint64_t i = 0; i < keys; ++i) {
    std::string key;
    if (happens(rng, kKeyHasTag)) key = "{tag-" + std::to_string(rng.below(kTagsMax)) + "}";
    plan.keys.push_back(key + "key-" + std::to_string(i));
  }
  if (happens(rng, kSeedHasExpiry)) plan.expires = Chance{50000};
  if (happens(rng, kSeedHasLargeValues)) plan.is_large = Chance{10000};
  plan.is_hurried = happens(rng, kSeedIsHurried);
  plan.is_blind = Chance{static_cast<uint32_t>(rng.below(kMillion))};
  plan.at_one = Chance{static_cast<uint32_t>(rng.below(kMillion / 2))};
  return plan;
}

void let_tombstones_age(WorkloadPlan& plan) {
  plan.is_put = Chance{300000};
  plan.is_delete = Chance{500000};
  plan.forgets_keys = true;
  while (plan.keys.size() < kKeysAtATime * 6) {
    plan.keys.push_back("aging-" + std::to_string(plan.keys.size()));
  }
}

bool draw_sessions(uint64_t seed) {
  base::Rng rng(seed ^ kSessionSalt);
  return happens(rng, kSeedHasSessions);
}

Workload::Workload(const ClientWorld& world, WorkloadPlan plan, Steps& steps, base::Rng rng)
    : scheduler_(world.scheduler), steps_(steps), plan_(std::move(plan)), rng_(rng) {
  for (uint32_t number = 0; number < plan_.clients; ++number) {
    ClientHabits habits = draw_habits(rng_);
    habits.keeps_first_context = plan_.is_stubborn;
    habits.has_session = plan_.has_sessions && number % 2 == 0;
    habits.wants_trace = plan_.has_sessions && number % 2 == 1;
    clients_.push_back(std::make_unique<SimClient>(world, number, habits, rng_.fork()));
    rngs_.push_back(rng_.fork());
    counts_.push_back(0);
  }
}

void Workload::start() {
  for (size_t client = 0; client < clients_.size(); ++client) pause_then_run(client);
}

bool Workload::is_idle() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return client->is_idle(); });
}

std::vector<MachineIndex> Workload::machines() const {
  std::vector<MachineIndex> machines;
  for (const auto& client : clients_) machines.push_back(client->index());
  return machines;
}

void Workload::pause_then_run(size_t client) {
  const bool is_hurried = plan_.is_hurried && operations_ < kHurriedOperationsMax;
  ++operations_;
  scheduler_.after(draw(rngs_[client], is_hurried ? kHurriedPause : plan_.pause), [this, client] {
    if (is_stopped_) return;
    Request request = draw_request(rngs_[client]);
    const std::string name = std::to_string(client) + "#" + std::to_string(++counts_[client]);
    if (!steps_.takes_operation(name, what_of(request))) {
      clients_[client]->skip(request);
      return pause_then_run(client);
    }
    clients_[client]->run(std::move(request),
                          [this, client](base::Code) { pause_then_run(client); });
  });
}

const std::string& Workload::draw_key(base::Rng& rng) const {
  if (!plan_.forgets_keys) return plan_.keys[rng.below(plan_.keys.size())];
  const auto turn = static_cast<uint64_t>(scheduler_.elapsed() / kTimeOfKeys);
  return plan_.keys[(turn * kKeysAtATime + rng.below(kKeysAtATime)) % plan_.keys.size()];
}

std::string Workload::what_of(const Request& request) {
  std::string what(history::name_of(request.kind));
  what.append(" ").append(request.key).append(" at ");
  what.append(history::name_of(request.consistency));
  if (request.kind != OperationKind::kGet && !request.uses_context) what.append(", blind");
  return what;
}

Request Workload::draw_request(base::Rng& rng) const {
  Request request;
  request.key = draw_key(rng);
  if (happens(rng, plan_.at_one)) {
    request.consistency = wire::Consistency::kOne;
  } else if (happens(rng, plan_.at_all)) {
    request.consistency = wire::Consistency::kAll;
  }
  if (happens(rng, plan_.is_put)) {
    request.kind = OperationKind::kPut;
    draw_write(request, rng);
  } else if (happens(rng, plan_.is_delete)) {
    request.kind = OperationKind::kDelete;
    request.uses_context = !happens(rng, plan_.is_blind);
  } else {
    request.wants_siblings = !happens(rng, plan_.is_plain_read);
  }
  return request;
}

void Workload::draw_write(Request& request, base::Rng& rng) const {
  request.uses_context = !happens(rng, plan_.is_blind);
  const uint64_t most = happens(rng, plan_.is_large) ? kLargeBytesMax : kPaddingBytesMax;
  request.padding.assign(rng.below(most), 'x');
  if (happens(rng, plan_.expires)) {
    request.ttl = std::chrono::milliseconds(rng.between(1, kTtlMillisecondsMax));
  }
}

}  // namespace distkv::sim
