#include "coordinator/put_operation.h"

#include <utility>

namespace distkv::coordinator {

using base::Code;
using base::Status;
using wire::TraceStep;

PutOperation::PutOperation(const Parts& parts, const Options& options,
                           std::shared_ptr<Counts> counts, PutCommand command, PutDone done)
    : parts_(parts),
      options_(options),
      counts_(std::move(counts)),
      key_(command.key),
      command_(std::move(command)),
      done_(std::move(done)),
      plan_(make_plan(parts.layouts, ring::token_of(key_))),
      tally_(plan_, command_.consistency, options.quorums.write),
      memory_(parts.memory) {
  command_.key = key_;
  if (command_.context) command_.put.context = &*command_.context;
  if (command_.wants_trace) trace_ = std::make_unique<Trace>(parts.clock);
  ++counts_->in_flight;
}

PutOperation::~PutOperation() { --counts_->in_flight; }

void PutOperation::note(TraceStep step, size_t target, const Status& status) {
  trace_->add(step, *plan_.targets[target].node, status);
}

// The quorum is judged before anything is minted: a write that is refused here is on no disk, so
// the refusal is definite.
Status PutOperation::judge() {
  Tally up = tally_;
  Tally roomy = tally_;
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    const base::NodeId& node = *plan_.targets[i].node;
    const bool is_up = parts_.replicas.is_reachable(node);
    const bool has_room = is_up && parts_.replicas.has_room(node, command_.put.value.size());
    is_up ? up.succeed(i) : up.fail(i);
    has_room ? roomy.succeed(i) : roomy.fail(i);
  }
  if (roomy.state() == Tally::State::kReached) return Status::ok();
  for (size_t i = 0; trace_ && i < plan_.targets.size(); ++i) {
    if (!roomy.has_succeeded(i)) note(TraceStep::kPassedOver, i);
  }
  if (up.state() != Tally::State::kReached) return {Code::kRejected, up.describe("up")};
  parts_.log.debug("write_refused_as_replicas_lag");
  return {Code::kOverloaded, roomy.describe("keep up")};
}

void PutOperation::start() {
  Status judged = judge();
  if (!judged.is_ok()) return answer(std::move(judged));
  if (trace_) trace_->add(TraceStep::kAskedToWrite, parts_.replicas.self());
  const auto self = shared_from_this();
  // Keeps the operation alive, so that it answers whatever becomes of those it waits for.
  deadline_ = parts_.timers.start(command_.timeout,
                                  [self] { self->answer(self->unknown("the deadline passed")); });
  parts_.local.mint(
      {key_, plan_.token}, std::move(command_.put),
      [self](base::Result<replica::Minted> minted) { self->on_minted(std::move(minted)); },
      [self](const Status& status) {
        const auto own = self->plan_.find(self->parts_.replicas.self());
        if (own) self->on_replica(*own, status, self->parts_.local.persistence());
      });
}

void PutOperation::on_minted(base::Result<replica::Minted> minted) {
  if (trace_) {
    const TraceStep step = minted.is_ok() ? TraceStep::kMinted : TraceStep::kFailed;
    trace_->add(step, parts_.replicas.self(), minted.status());
  }
  if (!minted.is_ok()) return answer(minted.status());
  minted_ = std::move(*minted);
  memory_.take(minted_.bytes.meta.size() + minted_.bytes.values.size());
  // A layout adopted since the operation began must get the write too.
  if (parts_.layouts.is_newer_than(plan_.layouts)) {
    parts_.log.debug("write_follows_new_layout");
    plan_ = make_plan(parts_.layouts, plan_.token);
    tally_ = Tally(plan_, command_.consistency, options_.quorums.write);
  }
  replicate();
}

void PutOperation::replicate() {
  const auto self = shared_from_this();
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    const base::NodeId& node = *plan_.targets[i].node;
    if (node == parts_.replicas.self()) continue;
    if (trace_) note(TraceStep::kAskedToWrite, i);
    parts_.replicas.replicate(node, {key_, plan_.token}, minted_.bytes.view(),
                              plan_.layouts.version(), options_.replica_timeout,
                              [self, i](const Status& status, base::Persistence persistence) {
                                self->on_replica(i, status, persistence);
                              });
  }
}

void PutOperation::on_replica(size_t target, const Status& status, base::Persistence persistence) {
  if (trace_) note(status.is_ok() ? TraceStep::kAnswered : TraceStep::kFailed, target, status);
  if (status.is_ok()) {
    tally_.succeed(target);
    persistence_[target] = persistence;
  } else {
    tally_.fail(target);
    const base::NodeId& node = *plan_.targets[target].node;
    if (status.code() == Code::kStaleLayout) parts_.on_stale_layout(node);
    if (status.code() == Code::kOverloaded) parts_.log.debug("replica_overloaded");
    if (node != parts_.replicas.self()) keep_hint(target);
  }
  answer_if_decided();
}

void PutOperation::keep_hint(size_t target) {
  const base::NodeId& node = *plan_.targets[target].node;
  hinted_.push_back(node);
  if (trace_) note(TraceStep::kHinted, target);
  // Kept in flight until it is over, so that a stopping node waits for its hints. One that could
  // not be kept is the store's to report; the client is only not told of it, if it is not yet.
  parts_.hints.add(node, key_, minted_.bytes.view(), plan_.layouts.version(),
                   [self = shared_from_this(), target](const Status& kept) {
                     if (kept.is_ok()) return;
                     if (self->trace_) self->note(TraceStep::kFailed, target, kept);
                     std::erase(self->hinted_, *self->plan_.targets[target].node);
                   });
}

void PutOperation::answer_if_decided() {
  switch (tally_.state()) {
    case Tally::State::kWaiting:
      return;
    case Tally::State::kReached:
      return answer(Status::ok());
    case Tally::State::kImpossible:
      // The rest may still answer by the deadline: the client is told all who hold the write.
      if (tally_.is_complete()) answer(unknown("too many replicas failed"));
      return;
  }
}

Status PutOperation::unknown(std::string why) const {
  return {Code::kUnknownOutcome, std::move(why) + ": " + tally_.describe("acknowledged")};
}

void PutOperation::answer(Status status) {
  if (!done_) return;
  parts_.timers.stop(deadline_);
  PutResult result;
  if (trace_) trace_->close(status);
  result.trace = std::move(trace_);
  if (status.is_ok()) result.context = std::move(minted_.context);
  result.status = std::move(status);
  result.acknowledged.reserve(plan_.targets.size());
  for (size_t i = 0; i < plan_.targets.size(); ++i) {
    if (!tally_.has_succeeded(i)) continue;
    result.acknowledged.push_back({*plan_.targets[i].node, persistence_[i]});
  }
  result.hinted = hinted_;
  result.layout = plan_.layouts.version();
  if (plan_.layouts.previous) result.previous_layout = plan_.layouts.previous->version;
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace distkv::coordinator
