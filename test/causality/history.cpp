#include "causality/history.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace distkv::causality {
namespace {

constexpr size_t kReplicas = 3;
constexpr size_t kClients = 3;

void add_all(DotSet& to, const DotSet& from) { to.insert(from.begin(), from.end()); }

DotSet dots_of(const Record& record) {
  DotSet dots;
  for (const Version& version : record.versions) dots.insert(version.dot);
  return dots;
}

bool is_newer(const Dot& a, const Dot& b) {
  return std::pair(a.counter, a.actor) > std::pair(b.counter, b.actor);
}

void check_bytes(const Record& record) {
  std::string meta;
  std::string values;
  encode_record(record, meta, values);
  const base::Result<Record> decoded = decode_record(meta, values);
  REQUIRE(decoded.is_ok());
  REQUIRE(*decoded == record);
}

}  // namespace

History::History(uint64_t seed) : rng_(seed), replicas_(kReplicas), clients_(kClients) {
  for (Replica& replica : replicas_) replica.actor = base::ActorId(++actors_made_);
  samples_.emplace_back();
}

void History::step() {
  now_ += rng_.below(4);
  const uint64_t choice = rng_.below(100);
  if (choice < 45) {
    put_somewhere();
  } else if (choice < 60) {
    read_somewhere();
  } else if (choice < 92) {
    merge_somewhere();
  } else if (choice < 97) {
    share_knowledge();
  } else {
    wipe_somewhere();
  }
}

// Clocks stray a little either way, so counters do not tell the order of events.
Dot History::next_dot(const Replica& replica) {
  const uint64_t clock = now_ + rng_.below(8);
  const uint64_t newest = replica.state.record.seen.newest(replica.actor).value();
  return {replica.actor, base::Counter(std::max(clock, newest + 1))};
}

void History::put_somewhere() {
  Replica& replica = replicas_[rng_.below(kReplicas)];
  Client& client = clients_[rng_.below(kClients)];
  const bool is_retry = client.unanswered && rng_.chance(0.7);
  if (!is_retry) {
    client.unanswered = base::OpId(rng_.next_id());
    client.asked = client.known;
    if (rng_.chance(0.15)) client.asked.reset();
    if (rng_.chance(0.1)) client.asked = Knowledge{};
  }
  Put request{.op_id = *client.unanswered, .value = std::to_string(client.unanswered->value().low)};
  if (client.asked) request.context = &client.asked->token;

  const Dot dot = next_dot(replica);
  const base::Result<PutOutcome> outcome = put(replica.state.record, request, dot);
  if (!outcome.is_ok()) {
    REQUIRE(outcome.code() == base::Code::kTooManySiblings);
    return;
  }
  const bool is_answered = rng_.chance(0.7);
  if (outcome->is_repeat) {
    expect_repeat(replica.state, client, *outcome, is_answered);
  } else {
    expect_put(replica.state, dot, client, *outcome, is_answered);
  }
  replica.state.record = outcome->record;
  keep(replica.state);
}

void History::expect_put(Sample& state, const Dot& dot, Client& client, const PutOutcome& outcome,
                         bool is_answered) {
  minted_[dot] = {*client.unanswered, client.asked ? client.asked->read : state.live,
                  client.asked ? client.asked->seen : state.seen};
  Knowledge receipt = client.asked.value_or(Knowledge{});
  DotSet survivors;
  for (const Dot& live : state.live) {
    const DotSet twins = twins_in(state.live, live);
    const bool is_covered = std::any_of(twins.begin(), twins.end(), [&](const Dot& twin) {
      return !client.asked || client.asked->seen.contains(twin);
    });
    const bool is_newest = std::none_of(twins.begin(), twins.end(),
                                        [&](const Dot& twin) { return is_newer(twin, live); });
    if (is_covered) receipt.seen.insert(live);
    if (!is_covered && is_newest) survivors.insert(live);
  }
  if (client.asked) add_all(state.seen, client.asked->seen);
  state.seen.insert(dot);
  state.live = survivors;
  state.live.insert(dot);
  REQUIRE(outcome.dot == dot);

  receipt.token = outcome.context;
  receipt.seen.insert(dot);
  receipt.read.insert(dot);
  if (survivors.empty()) receipt.seen = state.seen;
  check_token(receipt);
  if (!is_answered) return;
  client.unanswered.reset();
  client.known = std::move(receipt);
}

void History::expect_repeat(const Sample& state, Client& client, const PutOutcome& outcome,
                            bool is_answered) {
  REQUIRE(outcome.record == state.record);
  const DotSet twins = twins_in(state.live, outcome.dot);
  REQUIRE(minted_.at(outcome.dot).op_id == *client.unanswered);
  ++twins_met_;
  Knowledge receipt = client.asked.value_or(Knowledge{});
  for (const Dot& live : DotSet(state.live)) {
    for (const Dot& twin : twins_in(state.live, live)) {
      if (receipt.seen.contains(twin)) receipt.seen.insert(live);
    }
  }
  add_all(receipt.seen, twins);
  add_all(receipt.read, twins);
  if (twins.size() == state.live.size()) receipt.seen = state.seen;
  receipt.token = outcome.context;
  check_token(receipt);
  if (!is_answered) return;
  client.unanswered.reset();
  client.known = std::move(receipt);
}

// A client that reads all siblings knows the whole record; most keep what they knew, too.
void History::read_somewhere() {
  const Sample& state = replicas_[rng_.below(kReplicas)].state;
  Knowledge& known = clients_[rng_.below(kClients)].known;
  if (rng_.chance(0.3)) known = {};
  known.token.merge(state.record.seen);
  add_all(known.seen, state.seen);
  add_all(known.read, state.live);
  check_token(known);
}

// From a replica as it is now, or as it was when a hint or a slow message was made.
void History::merge_somewhere() {
  Sample& into = replicas_[rng_.below(kReplicas)].state;
  const bool is_late = rng_.chance(0.3);
  const Sample from =
      is_late ? samples_[rng_.below(samples_.size())] : replicas_[rng_.below(kReplicas)].state;
  const bool is_included = includes(into.record, from.record);
  Sample merged = merge_of(into, from);
  merged.record = merge(into.record, from.record);
  REQUIRE(is_included == (merged.record == into.record));
  into = std::move(merged);
  keep(into);
}

// A session handed from one client to another.
void History::share_knowledge() {
  Knowledge& to = clients_[rng_.below(kClients)].known;
  const Knowledge from = clients_[rng_.below(kClients)].known;
  to.token.merge(from.token);
  add_all(to.seen, from.seen);
  add_all(to.read, from.read);
  check_token(to);
}

// A store that lost its memory is another actor.
void History::wipe_somewhere() {
  replicas_[rng_.below(kReplicas)] = {base::ActorId(++actors_made_), {}};
}

Sample History::merge_of(const Sample& a, const Sample& b) {
  Sample merged;
  merged.seen = a.seen;
  add_all(merged.seen, b.seen);
  for (const Dot& dot : a.live) {
    if (b.live.contains(dot) || !b.seen.contains(dot)) merged.live.insert(dot);
  }
  for (const Dot& dot : b.live) {
    if (!a.seen.contains(dot)) merged.live.insert(dot);
  }
  return merged;
}

// The dots among `dots` of the same operation, `dot` included.
DotSet History::twins_in(const DotSet& dots, const Dot& dot) const {
  DotSet twins;
  for (const Dot& other : dots) {
    if (minted_.at(other).op_id == minted_.at(dot).op_id) twins.insert(other);
  }
  return twins;
}

// All that the writer of `dot` had met, and the writers of that, and so on. Whoever met one version
// of an operation met the operation.
DotSet History::past_of(const Dot& dot) const {
  DotSet past;
  std::vector<Dot> open{dot};
  while (!open.empty()) {
    const Dot next = open.back();
    open.pop_back();
    DotSet before = minted_.at(next).read;
    for (const auto& [other, mint] : minted_) {
      if (mint.op_id == minted_.at(next).op_id) before.insert(other);
    }
    for (const Dot& earlier : before) {
      if (past.insert(earlier).second) open.push_back(earlier);
    }
  }
  return past;
}

void History::check_token(const Knowledge& known) const {
  for (const auto& [dot, mint] : minted_) {
    REQUIRE(known.token.covers(dot) == known.seen.contains(dot));
  }
  REQUIRE(*decode_token(encode_token(known.token)) == known.token);
}

void History::check(const Sample& sample) const {
  REQUIRE(dots_of(sample.record) == sample.live);
  for (const auto& [dot, mint] : minted_) {
    REQUIRE(sample.record.seen.covers(dot) == sample.seen.contains(dot));
  }
  check_bytes(sample.record);
  check_nothing_lost(sample);
  check_nothing_doubled(sample);
}

// P3: what is gone, a writer whose version is here had met, or the writer of one it had met, ...
void History::check_nothing_lost(const Sample& sample) const {
  DotSet explained = sample.live;
  for (const Dot& live : sample.live) add_all(explained, past_of(live));
  for (const Dot& dot : sample.seen) REQUIRE(explained.contains(dot));
}

// P4: no live version is covered by the put context of another.
void History::check_nothing_doubled(const Sample& sample) const {
  for (const Dot& live : sample.live) {
    const DotSet& covered = minted_.at(live).covered;
    for (const Dot& other : sample.live) REQUIRE_FALSE(covered.contains(other));
  }
}

void History::keep(const Sample& sample) {
  check(sample);
  samples_.push_back(sample);
  const size_t versions = sample.record.versions.size();
  const size_t alive = siblings(sample.record, base::WallTime{}).size();
  siblings_most_ = std::max(siblings_most_, alive);
  if (alive < versions) ++twins_met_;
  if (!sample.record.seen.spans().empty()) ++lone_spans_met_;
}

}  // namespace distkv::causality
