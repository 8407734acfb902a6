// What other nodes ask of this one. Every connection between nodes opens with a greeting; one of
// another cluster is told so and closed. A frame that cannot be understood is answered with an
// error, never ignored.
#include <algorithm>
#include <utility>

#include "node/impl.h"
#include "ring/token.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

std::string Node::Impl::greeting() {
  const wire::Greeting greeting{identity_.cluster_id, config_.cluster_name,
                                identity_.node_id.value()};
  return std::string(encoder_.encode(greeting, base::RequestId{}));
}

void Node::Impl::on_datagram(const base::Endpoint& from, std::string_view packet) {
  if (!parts_.membership || phase_ != Phase::kServing) return;
  const Result<wire::FrameView> frame = wire::parse_datagram(packet);
  if (!frame.is_ok() || frame->type != wire::MessageType::kGossip) return;
  const Result<wire::Gossip> gossip = wire::decode<wire::Gossip>(*frame);
  if (gossip.is_ok()) parts_.membership->on_gossip(from, *gossip);
}

void Node::Impl::on_reply(const base::Endpoint& from, const wire::FrameView& frame) {
  // Request id zero answers the greeting: the peer refuses this node.
  if (frame.request_id == base::RequestId{}) {
    const Result<wire::ErrorReply> refusal = wire::decode<wire::ErrorReply>(frame);
    if (refusal.is_ok()) {
      host_.log.warn("peer_refused_us", {{"peer", from.value()}, {"why", refusal->message}});
    }
    return;
  }
  rpc_.on_reply(from, frame);
}

namespace {
wire::ErrorReply error_of(const Status& why) { return {why.code(), why.message()}; }
}  // namespace

void Node::Impl::refuse(base::ConnectionId to, base::RequestId id, const Status& why) {
  reply(to, id, error_of(why));
}

// Replies to the request, and ends it.
auto Node::Impl::answer_to(base::ConnectionId from, const wire::FrameView& frame) {
  return [this, from, id = frame.request_id, bytes = wire::size_of(frame)](const auto& message) {
    reply(from, id, message);
    end_request(from, bytes);
  };
}

base::MonotonicTime Node::Impl::deadline_of(std::chrono::milliseconds timeout) const {
  if (timeout == std::chrono::milliseconds::zero()) return base::MonotonicTime::max();
  return host_.clock.now() + timeout;
}

bool Node::Impl::on_header(base::ConnectionId from, const wire::FrameHeader& header) {
  const Status judged =
      admission_.begin(from, header, peers_.contains(from), host_.network.reply_bytes_queued());
  if (judged.is_ok()) return true;
  host_.log.debug("request_refused_at_header");
  reply(from, header.request_id,
        wire::ErrorReply{judged.code(), judged.message(), retry_time_.next(host_.clock.now())});
  return false;
}

void Node::Impl::on_connection_closed(base::ConnectionId connection) {
  peers_.erase(connection);
  admission_.forget(connection);
}

// Reads and writes end when they are answered; what else there is is done when this returns, or
// bounded in another way.
void Node::Impl::on_request(base::ConnectionId from, const wire::FrameView& frame) {
  using wire::MessageType;
  const Status judged = judge_peer(from, frame.type);
  if (!judged.is_ok()) {
    refuse(from, frame.request_id, judged);
    // It has joined since, and what was to say so did not arrive: its next stream will.
    const auto peer = peers_.find(from);
    const bool is_joiner = peer != peers_.end() && peer->second.cluster_id.value().is_zero();
    if (judged.code() == Code::kWrongCluster && is_joiner) host_.network.close(from);
    return end_request(from, wire::size_of(frame));
  }
  switch (frame.type) {
    case MessageType::kApplyRequest:
      return on_apply(from, frame);
    case MessageType::kReadRequest:
      return on_read(from, frame);
    case MessageType::kPutRequest:
      return on_forwarded_put(from, frame);
    default:
      on_small_request(from, frame);
      return end_request(from, wire::size_of(frame));
  }
}

Status Node::Impl::judge_peer(base::ConnectionId from, wire::MessageType type) {
  if (type == wire::MessageType::kGreeting) return Status::ok();
  const auto peer = peers_.find(from);
  if (peer == peers_.end()) return {Code::kInvalidArgument, "a node must greet before it asks"};
  if (type == wire::MessageType::kJoinRequest) return Status::ok();
  if (peer->second.cluster_id != identity_.cluster_id) {
    return {Code::kWrongCluster, "join cluster " + config_.cluster_name + " first"};
  }
  if (phase_ != Phase::kServing) return {Code::kShuttingDown, "the node is not serving"};
  parts_.membership->heard_from(peer->second.id);
  return Status::ok();
}

void Node::Impl::on_small_request(base::ConnectionId from, const wire::FrameView& frame) {
  using wire::MessageType;
  switch (frame.type) {
    case MessageType::kGreeting:
      return on_greeting(from, frame);
    case MessageType::kJoinRequest:
      return on_join(from, frame);
    case MessageType::kMembersRequest:
      return on_members(from, frame);
    case MessageType::kTransferDone:
      return on_transfer_done(from, frame);
    case MessageType::kPullRequest:
      return on_pull(from, frame);
    case MessageType::kHintsRequest:
      return on_hints(from, frame);
    case MessageType::kLayoutReply: {
      const Result<wire::LayoutReply> pushed = wire::decode<wire::LayoutReply>(frame);
      if (pushed.is_ok()) take_layouts(pushed->layouts);
      [[fallthrough]];
    }
    case MessageType::kLayoutRequest:
      return reply(from, frame.request_id, wire::LayoutReply{ring::encode_live_layouts(layouts_)});
    default:
      if (on_tree_request(from, frame)) return;
      refuse(from, frame.request_id, {Code::kInvalidArgument, "no node answers such a message"});
  }
}

void Node::Impl::on_greeting(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::Greeting> greeting = wire::decode<wire::Greeting>(frame);
  if (!greeting.is_ok()) return refuse(from, frame.request_id, greeting.status());
  const bool has_cluster = !greeting->cluster_id.value().is_zero();
  const bool is_ours = greeting->cluster_id == identity_.cluster_id &&
                       greeting->cluster_name == config_.cluster_name;
  if (has_cluster && !identity_.cluster_id.value().is_zero() && !is_ours) {
    refuse(from, base::RequestId{},
           {Code::kWrongCluster, "this node belongs to cluster " + config_.cluster_name +
                                     ", the caller to " + std::string(greeting->cluster_name)});
    return host_.network.close(from);
  }
  peers_[from] = {base::NodeId{std::string(greeting->node_id)}, greeting->cluster_id};
}

// A request under an older layout may have chosen the wrong replicas; its sender gets to know.
Status Node::Impl::judge_layout(base::LayoutVersion version) const {
  if (version >= layouts_.version()) return Status::ok();
  host_.log.debug("layout_refused_as_old");
  return {Code::kStaleLayout, "made under layout " + std::to_string(version.value()) +
                                  ", this node has " + std::to_string(layouts_.version().value())};
}

void Node::Impl::on_apply(base::ConnectionId from, const wire::FrameView& frame) {
  auto answer = answer_to(from, frame);
  const Result<wire::ApplyRequest> request = wire::decode<wire::ApplyRequest>(frame);
  if (!request.is_ok()) return answer(error_of(request.status()));
  const Status layout = judge_layout(request->layout_version);
  if (!layout.is_ok()) return answer(wire::ApplyReply{layout.code(), layout.message()});
  const replica::KeyPlace place{request->key, ring::token_of(request->key)};
  const replica::RecordView record{request->meta, request->values};
  auto done = [this, answer](const Status& status) {
    answer(wire::ApplyReply{status.code(), status.message(), local_->persistence()});
  };
  if (request->is_new) return local_->replicate(place, record, std::move(done));
  local_->apply(place, record, std::move(done));
}

void Node::Impl::on_read(base::ConnectionId from, const wire::FrameView& frame) {
  auto answer = answer_to(from, frame);
  const Result<wire::ReadRequest> request = wire::decode<wire::ReadRequest>(frame);
  if (!request.is_ok()) return answer(error_of(request.status()));
  const Status layout = judge_layout(request->layout_version);
  if (!layout.is_ok()) return answer(wire::ReadReply{layout.code(), layout.message()});
  const base::MonotonicTime until = deadline_of(request->timeout);
  local_->read_for_client(
      {request->key, ring::token_of(request->key)},
      [this, answer, until, wants_digest = request->wants_digest,
       token = ring::token_of(request->key)](const Result<replica::RecordView>& record) {
        if (host_.clock.now() > until)
          return answer(wire::ErrorReply{Code::kTimedOut, "its asker waits no longer"});
        wire::ReadReply read;
        read.horizon = holdings_.horizon(token);
        if (!record.is_ok()) {
          read.code = record.code();
          read.message = record.status().message();
        } else {
          read.digest = record->digest();
          if (!wants_digest) read.meta = record->meta;
          if (!wants_digest) read.values = record->values;
        }
        answer(read);
      });
}

void Node::Impl::on_forwarded_put(base::ConnectionId from, const wire::FrameView& frame) {
  auto answer = answer_to(from, frame);
  const Result<wire::PutRequest> request = wire::decode<wire::PutRequest>(frame);
  if (!request.is_ok()) return answer(error_of(request.status()));
  put(*request, answer);
}

// From a node that explains a key.
void Node::Impl::on_hints(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::HintsRequest> request = wire::decode<wire::HintsRequest>(frame);
  if (!request.is_ok()) return refuse(from, frame.request_id, request.status());
  hints(*request, [this, from, id = frame.request_id](const wire::HintsReply& answer) {
    reply(from, id, answer);
  });
}

// The name is the configured one: a node that is still reading its store has no identity yet.
Status Node::Impl::judge_joiner(const wire::JoinRequest& request) const {
  const bool is_other_cluster = is_serving() && !request.cluster_id.value().is_zero() &&
                                request.cluster_id != identity_.cluster_id;
  if (request.cluster_name != config_.cluster_name || is_other_cluster) {
    return {Code::kWrongCluster, config_.endpoint.value() + " belongs to cluster " +
                                     config_.cluster_name + ", not " +
                                     std::string(request.cluster_name)};
  }
  if (!is_serving()) return {Code::kUnavailable, "this node is in no cluster yet"};
  const membership::Member* known =
      parts_.membership->find(base::NodeId{std::string(request.member.id)});
  if (known != nullptr && known->is_alive() && known->endpoint.value() != request.member.endpoint) {
    return {Code::kInvalidArgument, "node id " + std::string(request.member.id) + " is in use at " +
                                        known->endpoint.value() + "; choose another --node-id"};
  }
  return Status::ok();
}

void Node::Impl::on_join(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::JoinRequest> request = wire::decode<wire::JoinRequest>(frame);
  if (!request.is_ok()) return refuse(from, frame.request_id, request.status());
  const Status judged = judge_joiner(*request);
  if (!judged.is_ok()) {
    wire::JoinReply no;
    no.code = judged.code();
    no.message = judged.message();
    no.cluster_name = config_.cluster_name;
    return reply(from, frame.request_id, no);
  }
  // What was known of the id before this joiner: a replaced store must outrank it.
  const std::string layouts = ring::encode_live_layouts(layouts_);
  wire::JoinReply yes;
  yes.cluster_id = identity_.cluster_id;
  yes.cluster_name = config_.cluster_name;
  yes.layouts = layouts;
  yes.members = parts_.membership->updates();
  reply(from, frame.request_id, yes);
  parts_.membership->learn(request->member);
  if (founder_) {
    founder_->on_joiner({base::NodeId{std::string(request->member.id)}, request->weight, "", ""});
  }
}

void Node::Impl::on_members(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::MembersRequest> request = wire::decode<wire::MembersRequest>(frame);
  if (!request.is_ok()) return refuse(from, frame.request_id, request.status());
  for (const wire::MemberUpdate& update : request->members) parts_.membership->learn(update);
  reply(from, frame.request_id, wire::MembersReply{parts_.membership->updates()});
}

void Node::Impl::on_transfer_done(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::TransferDone> report = wire::decode<wire::TransferDone>(frame);
  if (!report.is_ok()) return refuse(from, frame.request_id, report.status());
  if (founder_) {
    founder_->on_transfer_done(report->layout_version, base::NodeId{std::string(report->node_id)});
  }
  reply(from, frame.request_id, wire::LayoutReply{ring::encode_live_layouts(layouts_)});
}

// Small enough that a page and the largest of records fit one frame.
static constexpr size_t kPulledItems = 256;
static constexpr size_t kPulledBytes = 256 << 10;
static_assert(kPulledItems <= wire::kPulledMax);

// The first page follows a sync: what was acknowledged may be visible and not yet durable, and a
// scan shows only what is.
void Node::Impl::on_pull(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::PullRequest> request = wire::decode<wire::PullRequest>(frame);
  if (!request.is_ok()) return refuse(from, frame.request_id, request.status());
  Status judged = judge_layout(request->layout_version);
  if (judged.is_ok() && !layouts_.current->index_of(identity_.node_id) &&
      !(layouts_.previous && layouts_.previous->index_of(identity_.node_id))) {
    judged = {Code::kUnavailable, "this node has no place in the layout"};
  }
  if (judged.is_ok() && is_behind(request->first, request->last)) {
    judged = {Code::kUnavailable, "this store lost writes itself and is catching up"};
  }
  if (!judged.is_ok()) {
    return reply(from, frame.request_id, wire::PullReply{judged.code(), judged.message(), {}, {}});
  }
  storage::Scan scan;
  scan.range = {storage::Space::kData, request->first, request->last};
  scan.items_max = kPulledItems;
  scan.bytes_max = kPulledBytes;
  if (!request->after.empty()) {
    scan.after = storage::Cursor{ring::token_of(request->after), std::string(request->after)};
    return send_page(from, frame.request_id, scan);
  }
  host_.engine.sync([this, from, id = frame.request_id, scan](const Status& synced) {
    if (!synced.is_ok()) {
      return reply(from, id, wire::PullReply{synced.code(), synced.message(), {}, {}});
    }
    send_page(from, id, scan);
  });
}

bool Node::Impl::is_behind(const base::Token& first, const base::Token& last) const {
  const ring::Layout& layout = *layouts_.current;
  const auto& behind = holdings_.behind();
  return std::any_of(behind.begin(), behind.end(), [&](base::PartitionId partition) {
    return layout.first_token(partition) <= last && first <= layout.last_token(partition);
  });
}

void Node::Impl::send_page(base::ConnectionId to, base::RequestId id, const storage::Scan& scan) {
  host_.engine.scan(scan, [this, to, id](const Result<storage::Page>& page) {
    wire::PullReply answer;
    if (!page.is_ok()) {
      answer.code = page.code();
      answer.message = page.status().message();
      return reply(to, id, answer);
    }
    for (const storage::Item& item : page->items) {
      answer.records.push_back({item.key, item.entry.meta, item.entry.value});
    }
    if (!page->is_last && page->last) answer.last = page->last->key;
    reply(to, id, answer);
  });
}

}  // namespace distkv::node
