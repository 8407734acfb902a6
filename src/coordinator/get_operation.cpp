#include "coordinator/get_operation.h"

#include <utility>

namespace distkv::coordinator {

using base::Code;
using base::Result;
using base::Status;

GetOperation::Reply GetOperation::reply_of(const replica::ReplicaRead& read) {
  if (!read.has_record) return {read.digest, std::nullopt};
  return {std::nullopt,
          replica::RecordBytes{std::string(read.record.meta), std::string(read.record.values)}};
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
      replies_(plan_.targets.size()) {
  ++counts_->in_flight;
}

GetOperation::~GetOperation() { --counts_->in_flight; }

void GetOperation::start() {
  order_candidates();
  if (!ask_until_enough()) return;
  if (!done_ || is_resolving_) return;
  deadline_ = parts_.timers.start(timeout_, [self = weak_from_this()] {
    if (const auto operation = self.lock()) {
      operation->answer({Code::kUnavailable,
                         "the deadline passed: " + operation->tally_.describe("answered in time")});
    }
  });
  arm_spare_timer();
}

// Oneself first, suspects last, the dead not at all.
void GetOperation::order_candidates() {
  const auto add = [this](auto&& wanted) {
    for (size_t i = 0; i < plan_.targets.size(); ++i) {
      const base::NodeId& node = *plan_.targets[i].node;
      if (wanted(node)) candidates_.push_back(i);
    }
  };
  const auto& replicas = parts_.replicas;
  add([&](const base::NodeId& node) { return node == replicas.self(); });
  add([&](const base::NodeId& node) { return node != replicas.self() && replicas.is_alive(node); });
  add([&](const base::NodeId& node) {
    return !replicas.is_alive(node) && replicas.is_reachable(node);
  });
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
  for (size_t i = 0; i < enough; ++i) ask(candidates_[i], i > 0);
  return true;
}

void GetOperation::ask(size_t target, bool wants_digest) {
  parts_.replicas.read(
      *plan_.targets[target].node, {key_, plan_.token}, wants_digest, plan_.layouts.version(),
      options_.replica_timeout,
      [self = shared_from_this(), target](const Result<replica::ReplicaRead>& read) {
        self->on_read(target, read);
      });
}

void GetOperation::ask_spare() {
  if (asked_ == candidates_.size()) return;
  ++counts_->spares_asked;
  ask(candidates_[asked_++], true);
}

void GetOperation::arm_spare_timer() {
  if (asked_ == candidates_.size()) return;
  spare_timer_ = parts_.timers.start(options_.spare_delay, [self = weak_from_this()] {
    const auto operation = self.lock();
    if (!operation || !operation->done_ || operation->is_resolving_) return;
    operation->ask_spare();
    operation->arm_spare_timer();
  });
}

void GetOperation::on_read(size_t target, const Result<replica::ReplicaRead>& read) {
  if (!done_ || is_resolving_) return;
  if (!read.is_ok()) return on_failure(target, read.status());
  tally_.succeed(target);
  const bool is_enough = tally_.state() == Tally::State::kReached;
  // One replica is all that was wanted: nothing to compare, so neither copied nor hashed.
  if (is_enough && read->has_record && tally_.successes() == 1) return answer_with(read->record);
  replies_[target] = reply_of(*read);
  if (is_enough) resolve();
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
  if (tally_.state() == Tally::State::kImpossible) {
    return answer({Code::kUnavailable, tally_.describe("answered") + "; " +
                                           plan_.targets[target].node->value() + ": " +
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
  parts_.replicas.read(
      *plan_.targets[target].node, {key_, plan_.token}, false, plan_.layouts.version(),
      options_.replica_timeout,
      [self = shared_from_this(), target](const Result<replica::ReplicaRead>& read) {
        --self->fetching_;
        if (!self->done_) return;
        if (!read.is_ok()) {
          return self->answer(
              {Code::kUnavailable,
               "replica " + self->plan_.targets[target].node->value() +
                   " failed in the middle of a read: " + read.status().to_string()});
        }
        self->replies_[target] = reply_of(*read);
        if (self->fetching_ == 0) self->merge();
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
    if (are_equal) return answer_with(replies_[i].record->view());
    Result<causality::Record> record = replica::decode(replies_[i].record->view());
    if (!record.is_ok()) return answer(record.status());
    merged = causality::merge(merged, *record);
  }
  if (are_equal) return answer(Status::ok());
  repair(std::move(merged));
}

void GetOperation::repair(causality::Record record) {
  merged_ = std::move(record);
  ++counts_->read_repairs;
  const replica::RecordBytes bytes = replica::encode(merged_);
  const uint64_t digest = bytes.view().digest();
  const auto self = shared_from_this();
  if (consistency_ == wire::Consistency::kOne) answer(Status::ok(), merged_);
  const Tally replied = std::exchange(tally_, Tally(plan_, consistency_, options_.quorums.read));
  ++repairing_;  // Held until every write-back has been started.
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!replied.has_succeeded(i)) continue;
    if (digest_of(i) == digest) {
      tally_.succeed(i);
      continue;
    }
    ++repairing_;
    parts_.replicas.apply(*plan_.targets[i].node, {key_, plan_.token}, bytes.view(),
                          plan_.layouts.version(), options_.replica_timeout,
                          [self, i](const Status& status) { self->on_repaired(i, status); });
  }
  --repairing_;
  if (tally_.state() == Tally::State::kReached) return answer(Status::ok(), merged_);
  if (repairing_ == 0) answer_unrepaired();
}

void GetOperation::answer_unrepaired() {
  answer({Code::kUnavailable,
          "stale replicas could not be repaired: " + tally_.describe("hold the newest state")});
}

void GetOperation::on_repaired(size_t target, const Status& status) {
  --repairing_;
  if (status.is_ok()) {
    tally_.succeed(target);
  } else {
    if (status.code() == Code::kStaleLayout) parts_.on_stale_layout(*plan_.targets[target].node);
    tally_.fail(target);
  }
  if (!done_) return;
  if (tally_.state() == Tally::State::kReached) return answer(Status::ok(), merged_);
  if (repairing_ == 0) answer_unrepaired();
}

void GetOperation::answer(Status status, causality::Record record) {
  if (!done_) return;
  parts_.timers.stop(deadline_);
  parts_.timers.stop(spare_timer_);
  std::exchange(done_, nullptr)({std::move(status), std::move(record)});
}

}  // namespace distkv::coordinator
