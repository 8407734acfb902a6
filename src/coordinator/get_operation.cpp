#include "coordinator/get_operation.h"

#include <algorithm>
#include <utility>

#include "causality/horizon.h"

namespace distkv::coordinator {

using base::Code;
using base::Result;
using base::Status;
using wire::TraceStep;

namespace {
// A replica is slow beside the best if it takes several times as long, and notably so.
constexpr int kSlowTimes = 4;
constexpr base::Duration kSlowBeyond = std::chrono::milliseconds(2);
}  // namespace

GetOperation::Reply GetOperation::reply_of(const replica::ReplicaRead& read) {
  if (!read.has_record) return {read.digest, std::nullopt};
  return {std::nullopt,
          replica::RecordBytes{std::string(read.record.meta), std::string(read.record.values)}};
}

// What a read gathers has a bound that all requests share: past it the read ends, and with it what
// it holds.
bool GetOperation::keep(size_t target, const replica::ReplicaRead& read) {
  if (read.has_record && !memory_.try_take(read.record.meta.size() + read.record.values.size())) {
    parts_.log.debug("read_refused_for_memory");
    answer({Code::kOverloaded, "no memory to compare what the replicas hold"});
    return false;
  }
  replies_[target] = reply_of(read);
  return true;
}

// With one replica: until the whole read ends, and no longer. A little more, so that it ends by its
// own deadline.
base::Duration GetOperation::patience() const {
  const base::Duration left = started_ + timeout_ - parts_.clock.now();
  const base::Duration little = std::chrono::milliseconds(1);
  return std::clamp(left + little, little, options_.replica_timeout);
}

GetOperation::GetOperation(const Parts& parts, const Options& options,
                           std::shared_ptr<Counts> counts, const GetCommand& command, GetDone done)
    : parts_(parts),
      options_(options),
      counts_(std::move(counts)),
      key_(command.key),
      consistency_(command.consistency),
      timeout_(command.timeout),
      done_(std::move(done)),
      plan_(make_plan(parts.layouts, ring::token_of(key_))),
      tally_(plan_, consistency_, options.quorums.read),
      replies_(plan_.targets.size()),
      at_least_(command.at_least == nullptr ? std::nullopt : std::optional(*command.at_least)),
      started_(parts.clock.now()),
      memory_(parts.memory) {
  ++counts_->in_flight;
  counts_->hedge_budget.earn();
  if (command.wants_trace) trace_ = std::make_unique<Trace>(parts.clock);
}

GetOperation::~GetOperation() { --counts_->in_flight; }

void GetOperation::note(TraceStep step, size_t target, const Status& status, bool is_spare) {
  trace_->add(step, *plan_.targets[target].node, status, is_spare);
}

void GetOperation::start() {
  order_candidates();
  if (!ask_until_enough()) return;
  if (!done_ || is_resolving_) return;
  // Keeps the operation alive, so that it answers whatever becomes of those it waits for.
  deadline_ = parts_.timers.start(timeout_, [self = shared_from_this()] {
    if (self->wanted_ > 1) return self->answer(self->behind("the deadline passed"));
    self->answer(
        {Code::kUnavailable, "the deadline passed: " + self->tally_.describe("answered in time")});
  });
  arm_hedge_timer();
}

// Oneself first, then those that answer as quickly as the best, then the slow ones, then suspects;
// the dead not at all. Within these, the order of the ring.
void GetOperation::order_candidates() {
  enum Rank : uint8_t { kSelf, kQuick, kSlow, kSuspect, kDead };
  base::BoundedVector<Rank, kTargetsMax> ranks;
  base::BoundedVector<base::Duration, kTargetsMax> expected;
  base::Duration best = base::Duration::max();
  for (const Target& target : plan_.targets) {
    const bool is_alive = parts_.replicas.is_alive(*target.node);
    expected.push_back(parts_.replicas.score(*target.node).expected(started_));
    ranks.push_back(is_alive                                     ? kQuick
                    : parts_.replicas.is_reachable(*target.node) ? kSuspect
                                                                 : kDead);
    if (is_alive) best = std::min(best, expected.back());
  }
  for (size_t i = 0; i < ranks.size(); ++i) {
    // Nobody is going to ask it, so it must not be waited for.
    if (ranks[i] == kDead) tally_.fail(i);
    if (ranks[i] == kDead && trace_) note(TraceStep::kPassedOver, i);
    if (ranks[i] != kQuick) continue;
    if (expected[i] > best * kSlowTimes + kSlowBeyond) {
      ranks[i] = kSlow;
    } else if (*plan_.targets[i].node == parts_.replicas.self()) {
      ranks[i] = kSelf;
    }
  }
  for (const Rank rank : {kSelf, kQuick, kSlow, kSuspect}) {
    for (size_t i = 0; i < ranks.size(); ++i) {
      if (ranks[i] == rank) candidates_.push_back(i);
    }
  }
}

// Asks as few candidates as satisfy every row if all of them answer. False, and answered, if even
// all of them would not do.
bool GetOperation::ask_until_enough() {
  Tally possible = tally_;
  size_t enough = 0;
  while (possible.state() != Tally::State::kReached) {
    if (enough == candidates_.size()) {
      answer({Code::kUnavailable, possible.describe("up")});
      return false;
    }
    possible.succeed(candidates_[enough++]);
  }
  const auto self = shared_from_this();
  // Counted before any of them is asked: one that fails at once calls for one more.
  asked_ = enough;
  // The first one asked sends its record, the others only say whether they hold the same.
  // A session's read may have to merge any of them, so it asks each for its record.
  for (size_t i = 0; i < enough; ++i) ask(candidates_[i], i > 0 && !at_least_);
  return true;
}

void GetOperation::ask(size_t target, bool wants_digest, bool is_spare) {
  silent_.set(target);
  if (trace_) {
    note(wants_digest ? TraceStep::kAskedForDigest : TraceStep::kAskedForRecord, target, {},
         is_spare);
  }
  parts_.replicas.read(
      *plan_.targets[target].node, {key_, plan_.token}, wants_digest, plan_.layouts.version(),
      patience(), [self = shared_from_this(), target](const Result<replica::ReplicaRead>& read) {
        self->on_read(target, read);
      });
}

void GetOperation::ask_spare() {
  if (asked_ == candidates_.size()) return;
  ++counts_->spares_asked;
  ask(candidates_[asked_++], !at_least_, true);
}

base::Duration GetOperation::hedge_delay() const {
  base::Duration slow{};
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (silent_[i]) slow = std::max(slow, parts_.replicas.score(*plan_.targets[i].node).slow());
  }
  return slow;
}

void GetOperation::arm_hedge_timer() {
  const base::Duration delay = hedge_delay();
  if (asked_ == candidates_.size() || delay >= options_.spare_delay) return arm_spare_timer();
  late_timer_ = parts_.timers.start(delay, [self = weak_from_this()] {
    const auto operation = self.lock();
    if (!operation || !operation->done_ || operation->is_resolving_) return;
    if (operation->counts_->hedge_budget.spend()) {
      operation->parts_.log.debug("read_hedged");
      operation->is_hedged_ = true;
      operation->ask_spare();
    }
    operation->arm_spare_timer();
  });
}

void GetOperation::arm_spare_timer() {
  late_timer_ = parts_.timers.start(options_.spare_delay, [self = weak_from_this()] {
    if (const auto operation = self.lock()) operation->on_late();
  });
}

void GetOperation::blame_the_silent() {
  const base::MonotonicTime now = parts_.clock.now();
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (silent_[i]) parts_.replicas.score(*plan_.targets[i].node).is_late(now, now - started_);
  }
}

// Waiting for answers, or for a write-back: who is late is passed over for the next candidate.
void GetOperation::on_late() {
  blame_the_silent();
  if (!done_) return;
  if (!is_resolving_) {
    if (asked_ < candidates_.size()) parts_.log.debug("late_replica_replaced");
    ask_spare();
  } else if (repairing_ > 0 && asked_ < candidates_.size()) {
    parts_.log.debug("late_write_back_replaced");
    write_back(candidates_[asked_++]);
  }
  if (done_) arm_spare_timer();
}

void GetOperation::on_read(size_t target, const Result<replica::ReplicaRead>& read) {
  silent_.reset(target);
  if (trace_) note(read.is_ok() ? TraceStep::kAnswered : TraceStep::kFailed, target, read.status());
  if (!done_ || is_resolving_) return;
  if (!read.is_ok()) return on_failure(target, read.status());
  tally_.succeed(target);
  const bool is_enough = tally_.state() == Tally::State::kReached && tally_.successes() >= wanted_;
  // One replica is all that was wanted: nothing to compare, so neither copied nor hashed.
  if (is_enough && read->has_record && tally_.successes() == 1 && !at_least_) {
    return answer_with(read->record);
  }
  horizon_ = std::max(horizon_, read->horizon);
  if (keep(target, *read) && is_enough) resolve();
}

void GetOperation::answer_with(const replica::RecordView& bytes) {
  Result<causality::Record> record = replica::decode(bytes);
  if (!record.is_ok()) return answer(record.status());
  answer(Status::ok(), std::move(*record));
}

uint64_t GetOperation::digest_of(size_t target) {
  Reply& reply = replies_[target];
  if (!reply.digest) reply.digest = reply.record->view().digest();
  return *reply.digest;
}

void GetOperation::on_failure(size_t target, const Status& status) {
  if (status.code() == Code::kStaleLayout) parts_.on_stale_layout(*plan_.targets[target].node);
  tally_.fail(target);
  // The quorum answered and was behind; this one was asked beyond it.
  if (wanted_ > 1) return ask_beyond();
  if (tally_.state() == Tally::State::kImpossible) {
    const bool is_overload = status.code() == Code::kOverloaded;
    return answer({is_overload ? Code::kOverloaded : Code::kUnavailable,
                   tally_.describe("answered") + "; " + plan_.targets[target].node->value() + ": " +
                       status.to_string()});
  }
  ask_spare();
}

void GetOperation::resolve() {
  is_resolving_ = true;
  const auto self = shared_from_this();
  ++fetching_;  // Held until every fetch has been started, as one may end at once.
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!tally_.has_succeeded(i) || replies_[i].record) continue;
    bool is_known = digest_of(i) == 0;
    for (size_t other = 0; other < plan_.targets.size(); ++other) {
      const bool has_record = tally_.has_succeeded(other) && replies_[other].record;
      is_known = is_known || (has_record && digest_of(other) == digest_of(i));
    }
    if (!is_known) fetch(i);
  }
  if (--fetching_ == 0) merge();
}

void GetOperation::fetch(size_t target) {
  ++fetching_;
  if (trace_) note(TraceStep::kAskedForRecord, target);
  parts_.replicas.read(
      *plan_.targets[target].node, {key_, plan_.token}, false, plan_.layouts.version(), patience(),
      [self = shared_from_this(), target](const Result<replica::ReplicaRead>& read) {
        --self->fetching_;
        if (!self->done_) return;
        if (self->trace_) {
          self->note(read.is_ok() ? TraceStep::kAnswered : TraceStep::kFailed, target,
                     read.status());
        }
        if (!read.is_ok()) {
          return self->answer(
              {Code::kUnavailable,
               "replica " + self->plan_.targets[target].node->value() +
                   " failed in the middle of a read: " + read.status().to_string()});
        }
        self->horizon_ = std::max(self->horizon_, read->horizon);
        if (self->keep(target, *read) && self->fetching_ == 0) self->merge();
      });
}

bool GetOperation::all_digests_equal() {
  std::optional<uint64_t> first;
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!tally_.has_succeeded(i)) continue;
    if (first && *first != digest_of(i)) return false;
    first = digest_of(i);
  }
  return true;
}

void GetOperation::merge() {
  if (!done_) return;
  causality::Record merged;
  const bool are_equal = all_digests_equal();
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!tally_.has_succeeded(i) || !replies_[i].record) continue;
    if (are_equal && !at_least_) return answer_with(replies_[i].record->view());
    Result<causality::Record> record = replica::decode(replies_[i].record->view());
    if (!record.is_ok()) return answer(record.status());
    if (trace_ && is_behind(*record)) note(TraceStep::kStale, i);
    merged = causality::merge(merged, *record);
  }
  if (is_behind(merged)) return ask_beyond();
  if (are_equal) return answer(Status::ok(), std::move(merged));
  repair(std::move(merged));
}

// A session may have seen what was collected since: no record speaks of it, but the horizon does.
causality::Context GetOperation::seen_with_horizon(const causality::Record& record) const {
  return causality::with_settled(record.seen, *at_least_, horizon_);
}

bool GetOperation::is_behind(const causality::Record& record) const {
  return at_least_ && !record.seen.includes(*at_least_) &&
         !seen_with_horizon(record).includes(*at_least_);
}

// Whoever is asked already may still bring it; else the next one is asked.
void GetOperation::ask_beyond() {
  is_resolving_ = false;
  wanted_ = tally_.successes() + 1;
  ask_spare();
  if (done_ && !is_resolving_ && silent_.none()) {
    answer(behind("no replica is left to ask"));
  }
}

Status GetOperation::behind(std::string why) const {
  return {Code::kBehind,
          "the session has seen more of this key than the " + std::to_string(tally_.successes()) +
              " of " + std::to_string(plan_.targets.size()) + " replicas that answered hold, and " +
              std::move(why) + "; try again, or read without the session"};
}

void GetOperation::repair(causality::Record record) {
  merged_ = std::move(record);
  ++counts_->read_repairs;
  parts_.log.debug("read_repaired");
  merged_bytes_ = replica::encode(merged_);
  const uint64_t digest = merged_bytes_.view().digest();
  for (size_t i = 0; trace_ && i < plan_.targets.size(); ++i) {
    if (tally_.has_succeeded(i) && digest_of(i) != digest) note(TraceStep::kStale, i);
  }
  if (consistency_ == wire::Consistency::kOne) answer(Status::ok(), merged_);
  const Tally replied = std::exchange(tally_, Tally(plan_, consistency_, options_.quorums.read));
  ++repairing_;  // Held until every write-back has been started.
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!replied.has_succeeded(i)) continue;
    if (digest_of(i) == digest) {
      tally_.succeed(i);
      continue;
    }
    write_back(i);
  }
  --repairing_;
  if (tally_.state() == Tally::State::kReached) return answer(Status::ok(), merged_);
  if (repairing_ == 0) answer_unrepaired();
}

void GetOperation::write_back(size_t target) {
  ++repairing_;
  if (trace_) note(TraceStep::kAskedToTakeMerged, target);
  parts_.replicas.apply(*plan_.targets[target].node, {key_, plan_.token}, merged_bytes_.view(),
                        plan_.layouts.version(), options_.replica_timeout,
                        [self = shared_from_this(), target](const Status& status) {
                          self->on_repaired(target, status);
                        });
}

void GetOperation::answer_unrepaired() {
  answer({Code::kUnavailable,
          "stale replicas could not be repaired: " + tally_.describe("hold the newest state")});
}

void GetOperation::on_repaired(size_t target, const Status& status) {
  --repairing_;
  if (trace_) note(status.is_ok() ? TraceStep::kAnswered : TraceStep::kFailed, target, status);
  if (status.is_ok()) {
    tally_.succeed(target);
  } else {
    if (status.code() == Code::kStaleLayout) parts_.on_stale_layout(*plan_.targets[target].node);
    tally_.fail(target);
    // Any replica that takes the record will do in its place.
    if (done_ && asked_ < candidates_.size()) write_back(candidates_[asked_++]);
  }
  if (!done_) return;
  if (tally_.state() == Tally::State::kReached) return answer(Status::ok(), merged_);
  if (repairing_ == 0) answer_unrepaired();
}

void GetOperation::answer(Status status, causality::Record record) {
  if (!done_) return;
  parts_.timers.stop(deadline_);
  // A hedge hides from the client that somebody is late, not from those who ask next.
  if (!is_hedged_) parts_.timers.stop(late_timer_);
  if (trace_) trace_->close(status);
  if (at_least_) record.seen = seen_with_horizon(record);
  std::exchange(done_, nullptr)({std::move(status), std::move(record), std::move(trace_)});
}

}  // namespace distkv::coordinator
