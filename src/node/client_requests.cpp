// Reads and writes, from whichever front or peer they come: judged, turned into the coordinator's
// commands, or forwarded.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "causality/context.h"
#include "node/impl.h"
#include "ring/token.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

namespace {

// A replica expected to take this long is asked to mint only if no other can.
constexpr base::Duration kLateMint = std::chrono::milliseconds(20);

void answer(const std::function<void(const wire::PutReply&)>& done, const Status& why) {
  wire::PutReply reply;
  reply.code = why.code();
  reply.message = why.message();
  done(reply);
}

void answer(const std::function<void(const wire::GetReply&)>& done, const Status& why) {
  wire::GetReply reply;
  reply.code = why.code();
  reply.message = why.message();
  done(reply);
}

void answer(const std::function<void(const wire::PutReply&)>& done,
            const coordinator::PutResult& result, const base::NodeId& self) {
  wire::PutReply reply;
  reply.code = result.status.code();
  reply.message = result.status.message();
  const std::string context =
      result.status.is_ok() ? causality::encode_token(result.context) : std::string();
  reply.context = context;
  reply.acknowledged.reserve(result.acknowledged.size());
  for (const coordinator::Acknowledgement& replica : result.acknowledged) {
    reply.acknowledged.push_back(replica.node.value());
    reply.persistence.push_back(replica.persistence);
  }
  reply.layout_version = result.layout;
  reply.previous_layout_version = result.previous_layout;
  if (result.trace) reply.trace = result.trace->view(self);
  for (const base::NodeId& node : result.hinted) reply.hinted.push_back(node.value());
  done(reply);
}

void answer(const std::function<void(const wire::GetReply&)>& done,
            const coordinator::GetResult& result, bool wants_siblings, base::WallTime now,
            const base::NodeId& self) {
  wire::GetReply reply;
  if (result.trace) reply.trace = result.trace->view(self);
  if (!result.status.is_ok()) {
    reply.code = result.status.code();
    reply.message = result.status.message();
    return done(reply);
  }
  const std::string context = causality::encode_token(result.record.seen);
  reply.context = context;
  const auto alive = causality::siblings(result.record, now);
  reply.sibling_count = static_cast<uint32_t>(alive.size());
  for (const causality::Version* version : alive) {
    reply.values.push_back(version->value);
    if (!wants_siblings) break;
  }
  done(reply);
}

size_t value_bytes(const causality::Record& record) {
  size_t bytes = 0;
  for (const causality::Version& version : record.versions) bytes += version.value.size();
  return bytes;
}

// A put with all it views.
struct KeptPut {
  explicit KeptPut(const wire::PutRequest& asked)
      : key(asked.key), value(asked.value), request(asked) {
    request.key = key;
    request.value = value;
    if (!asked.context) return;
    context = std::string(*asked.context);
    request.context = context;
  }
  KeptPut(const KeptPut&) = delete;
  KeptPut& operator=(const KeptPut&) = delete;

  std::string key;
  std::string value;
  std::string context;
  wire::PutRequest request;
};

}  // namespace

Status Node::Impl::judge_request() const {
  switch (phase_) {
    case Phase::kServing:
      return Status::ok();
    case Phase::kStopping:
    case Phase::kStopped:
      return {Code::kShuttingDown, "the node is stopping; ask another"};
    default:
      return {Code::kUnavailable, "the node is in no cluster yet; it is waiting for its seeds"};
  }
}

// What the client grants, but never more than a node waits for anything.
base::Duration Node::Impl::patience(std::chrono::milliseconds asked) const {
  constexpr std::chrono::milliseconds kPatienceMax = std::chrono::seconds(60);
  if (asked <= std::chrono::milliseconds::zero()) return config_.request_timeout;
  return std::min(asked, kPatienceMax);
}

void Node::Impl::count_request(base::MonotonicTime since) {
  ++requests_;
  latency_total_ += host_.clock.now() - since;
}

// One that is refused for overload is told when to come back.
template <typename Reply>
std::function<void(const Reply&)> Node::Impl::counted(std::function<void(const Reply&)> done) {
  return [this, since = host_.clock.now(), done = std::move(done)](const Reply& reply) {
    count_request(since);
    if (reply.code != Code::kOverloaded) return done(reply);
    Reply told = reply;
    told.retry_after = retry_time_.next(host_.clock.now());
    done(told);
  };
}

// A store that fails stays failed until a person acts, so it is said once and loudly.
void Node::Impl::report_store(const Status& status) {
  if (status.code() != Code::kIo && status.code() != Code::kNoSpace) return;
  if (std::exchange(is_store_reported_, true)) return;
  host_.log.error("store_failed", {{"why", status.message()}});
}

// The replicas that may mint on the key, reachable or not: those that answer, then those that were
// late just now, then suspects and the dead. Within these, the order of the ring.
std::vector<base::NodeId> Node::Impl::minters_of(std::string_view key) const {
  const ring::Layout& layout = minting_layout();
  std::vector<base::NodeId> minters;
  for (const ring::NodeIndex index : layout.replicas_of(layout.partition_of(ring::token_of(key)))) {
    minters.push_back(layout.node(index).id);
  }
  const auto rank = [this, now = host_.clock.now()](const base::NodeId& node) {
    if (!parts_.replicas->is_alive(node)) return 2;
    return parts_.replicas->score(node).expected(now) < kLateMint ? 0 : 1;
  };
  std::stable_sort(minters.begin(), minters.end(),
                   [&rank](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return minters;
}

void Node::Impl::put(const wire::PutRequest& request,
                     std::function<void(const wire::PutReply&)> done) {
  const Status judged = judge_request();
  if (!judged.is_ok()) return answer(done, judged);
  auto counted = this->counted(std::move(done));
  const ring::Layout& layout = minting_layout();
  const base::PartitionId partition = layout.partition_of(ring::token_of(request.key));
  if (layout.is_replica(partition, identity_.node_id)) {
    if (!holdings_.is_behind(partition)) return coordinate_put(request, std::move(counted));
    if (hand_over(request, counted)) return;
    return answer(counted, {Code::kUnavailable,
                            "this node lost its store and is catching up; no other replica of the "
                            "key is up"});
  }
  if (request.is_forwarded) {
    return answer(counted, {Code::kStaleLayout, "this node is no replica of the key"});
  }
  parts_.forwarder->forward(request, minters_of(request.key), patience(request.timeout),
                            std::move(counted));
}

void Node::Impl::coordinate_put(const wire::PutRequest& request,
                                std::function<void(const wire::PutReply&)> done) {
  coordinator::PutCommand command;
  command.key = request.key;
  command.consistency = request.consistency;
  command.timeout = patience(request.timeout);
  command.wants_trace = request.wants_trace;
  command.put.op_id = request.op_id;
  command.put.is_tombstone = request.is_delete;
  command.put.value = std::string(request.value);
  if (request.ttl > std::chrono::milliseconds::zero()) {
    command.put.expires_at = host_.clock.wall_now() + request.ttl;
  }
  if (request.context) {
    Result<causality::Context> context = causality::decode_token(*request.context);
    if (!context.is_ok()) return answer(done, context.status());
    command.context = std::move(*context);
  }
  // The request is a view: only within this call can it be handed on, or where it was copied,
  // which a store that may fail to read the key's record makes worth while.
  std::shared_ptr<const KeptPut> kept;
  if (!host_.engine.damaged().empty()) kept = std::make_shared<const KeptPut>(request);
  const uint64_t number = ++last_put_;
  const uint64_t outer = std::exchange(put_at_hand_, number);
  parts_.coordinator->put(
      std::move(command), [this, number, kept, asked = &request,
                           done = std::move(done)](const coordinator::PutResult& result) {
        report_store(result.status);
        const bool is_at_hand = put_at_hand_ == number;
        const wire::PutRequest* put = is_at_hand ? asked : kept ? &kept->request : nullptr;
        const bool is_unable =
            result.status.code() == Code::kNoSpace || result.status.code() == Code::kCorrupt;
        if (is_unable && put != nullptr && hand_over(*put, done)) return;
        answer(done, result, identity_.node_id);
      });
  put_at_hand_ = outer;
}

// A store without space, or that cannot read the key's own record, refuses before anything is
// minted, so another replica may take the put.
// False: there is none.
bool Node::Impl::hand_over(const wire::PutRequest& request,
                           const std::function<void(const wire::PutReply&)>& done) {
  if (request.is_forwarded) return false;
  std::vector<base::NodeId> others = minters_of(request.key);
  std::erase_if(others, [this](const base::NodeId& node) {
    return node == identity_.node_id || !parts_.replicas->is_reachable(node);
  });
  if (others.empty()) return false;
  host_.log.debug("put_handed_over");
  parts_.forwarder->forward(request, std::move(others), patience(request.timeout), done);
  return true;
}

void Node::Impl::get(const wire::GetRequest& request,
                     std::function<void(const wire::GetReply&)> done) {
  const Status judged = judge_request();
  if (!judged.is_ok()) return answer(done, judged);
  coordinator::GetCommand command{request.key, request.consistency, patience(request.timeout),
                                  request.wants_trace};
  std::optional<causality::Context> at_least;
  if (request.at_least) {
    Result<causality::Context> decoded = causality::decode_token(*request.at_least);
    if (!decoded.is_ok()) return answer(done, decoded.status());
    at_least = std::move(*decoded);
    command.at_least = &*at_least;
  }
  parts_.coordinator->get(
      command, [this, wants_siblings = request.wants_siblings,
                done = counted(std::move(done))](const coordinator::GetResult& result) {
        const size_t bytes = value_bytes(result.record);
        if (!admission_.may_answer(bytes, host_.network.reply_bytes_queued())) {
          return answer(done, {Code::kOverloaded, "too many answers are not read yet"});
        }
        answer(done, result, wants_siblings, host_.clock.wall_now(), identity_.node_id);
      });
}

}  // namespace distkv::node
