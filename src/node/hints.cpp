// What this node keeps for other replicas, as people ask for it, and what it could not keep.
#include <algorithm>
#include <memory>
#include <utility>

#include "node/impl.h"

namespace distkv::node {

using base::Result;
using base::Status;

namespace {

void answer(const Status& why, const std::function<void(const wire::HintsReply&)>& done) {
  wire::HintsReply reply;
  reply.code = why.code();
  reply.message = why.message();
  done(reply);
}

// The hints of one key, looked up target by target.
struct HintsOfKey {
  struct Found {
    base::NodeId target;
    uint64_t bytes = 0;
    std::chrono::milliseconds age{0};
  };
  std::vector<Found> found;
  Status failure;
  size_t waiting = 1;  // Until all have been asked for.
};

}  // namespace

// No hint is going to bring the target what this one held: the replicas are compared. Without
// a token it may be true of all.
void Node::Impl::mark_dirty(std::optional<base::Token> token) {
  if (!layouts_.current) return;
  if (token) return mark_dirty(layouts_.current->partition_of(*token));
  for (uint32_t i = 0; i < layouts_.current->partition_count; ++i) {
    mark_dirty(base::PartitionId{i});
  }
}

void Node::Impl::mark_dirty(base::PartitionId partition) {
  dirty_partitions_.insert(partition);
  if (parts_.anti_entropy) parts_.anti_entropy->mark_dirty(partition);
}

// Those not proven equal at all their replicas since.
uint32_t Node::Impl::dirty_count() const {
  if (!parts_.anti_entropy) return static_cast<uint32_t>(dirty_partitions_.size());
  return static_cast<uint32_t>(std::count_if(
      dirty_partitions_.begin(), dirty_partitions_.end(),
      [this](base::PartitionId partition) { return parts_.anti_entropy->is_dirty(partition); }));
}

std::chrono::milliseconds Node::Impl::age_of(const replica::HintCounts& counts) const {
  if (counts.pending == 0) return std::chrono::milliseconds(0);
  return hints_.now() - counts.oldest;
}

void Node::Impl::hints(const wire::HintsRequest& request,
                       std::function<void(const wire::HintsReply&)> done) {
  const Status judged = judge_request();
  if (!judged.is_ok()) return answer(judged, done);
  if (!request.key.empty()) return hints_of_key(std::string(request.key), done);
  std::string target(request.target);
  if (!request.waits) return answer_hints(target, false, done);
  std::optional<base::NodeId> waited_for;
  if (!target.empty()) waited_for = base::NodeId{target};
  const bool has_timeout = request.timeout > std::chrono::milliseconds::zero();
  const base::Duration timeout = has_timeout ? request.timeout : config_.request_timeout;
  parts_.hint_waits->wait(std::move(waited_for), timeout,
                          [this, target, done = std::move(done)](const Result<bool>& is_done) {
                            if (!is_done.is_ok()) return answer(is_done.status(), done);
                            answer_hints(target, *is_done, done);
                          });
}

void Node::Impl::hints_of_key(const std::string& key,
                              const std::function<void(const wire::HintsReply&)>& done) {
  auto call = std::make_shared<HintsOfKey>();
  const auto finish = [this, call, done] {
    if (--call->waiting > 0) return;
    if (!call->failure.is_ok()) return answer(call->failure, done);
    wire::HintsReply reply;
    reply.node_id = identity_.node_id.value();
    reply.is_of_key = true;
    reply.is_done = call->found.empty();
    for (const HintsOfKey::Found& hint : call->found) {
      reply.targets.push_back({hint.target.value(), 1, hint.bytes, hint.age, 0, 0});
    }
    done(reply);
  };
  std::vector<base::NodeId> targets;
  for (const auto& [target, counts] : hints_.ledger().targets()) {
    if (counts.pending > 0) targets.push_back(target);
  }
  call->waiting += targets.size();
  for (const base::NodeId& target : targets) {
    hints_.find(
        target, key,
        [this, call, target, finish](const Result<std::optional<replica::Hint>>& hint) {
          if (!hint.is_ok()) call->failure = hint.status();
          if (hint.is_ok() && hint->has_value()) {
            const replica::Hint& kept = **hint;
            call->found.push_back({target, kept.record.meta.size() + kept.record.values.size(),
                                   hints_.now() - kept.header.oldest.at});
          }
          finish();
        });
  }
  finish();
}

void Node::Impl::answer_hints(const std::string& target, bool is_done,
                              const std::function<void(const wire::HintsReply&)>& done) const {
  wire::HintsReply reply;
  reply.node_id = identity_.node_id.value();
  uint64_t pending = 0;
  for (const auto& [id, counts] : hints_.ledger().targets()) {
    if (!target.empty() && id.value() != target) continue;
    pending += counts.pending;
    reply.targets.push_back({id.value(), counts.pending, counts.bytes, age_of(counts),
                             counts.delivered, counts.dropped});
  }
  reply.is_done = is_done || pending == 0;
  reply.bytes_max = hints_.limits().bytes_max;
  reply.dropped = hints_.ledger().total().dropped;
  reply.dirty_partitions = dirty_count();
  done(reply);
}

}  // namespace distkv::node
