// Who owns what, on this node: hearing of newer layouts, adopting them, publishing (the founder),
// and moving what has to move.
//
//   a peer's packet or refusal tells of a newer layout → pull → adopt → transfer → report to the
//   founder, until it publishes the layout as settled.
#include <utility>

#include "node/impl.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

void Node::Impl::on_member_changed(const membership::Member& member) {
  if (member.is_alive()) host_.network.retry_now(member.endpoint);
  if (parts_.delivery && member.is_alive()) parts_.delivery->wake(member.id);
  std::vector<RememberedMember> members;
  for (const auto& [id, known] : parts_.membership->members()) {
    if (id != identity_.node_id) members.push_back({id, known.endpoint, known.incarnation});
  }
  // Only a shortcut for the next start: a failure here fails every other write as well.
  store_.save_members(members, [](const Status&) {});
}

void Node::Impl::on_newer_layout(const membership::Member& peer) { pull_layouts(peer.id); }

void Node::Impl::pull_layouts(const base::NodeId& from) {
  const membership::Member* member = parts_.membership->find(from);
  if (is_pulling_ || member == nullptr) return;
  is_pulling_ = true;
  rpc_.call(member->endpoint, wire::LayoutRequest{}, config_.request_timeout,
            [this](const Result<wire::FrameView>& answer) {
              is_pulling_ = false;
              const auto reply = wire::expect<wire::LayoutReply>(answer);
              if (reply.is_ok()) take_layouts(reply->layouts);
            });
}

void Node::Impl::take_layouts(std::string_view bytes) {
  Result<ring::LiveLayouts> layouts = ring::decode_live_layouts(bytes);
  if (!layouts.is_ok() || !layouts->current) {
    host_.log.warn("layouts_refused", {{"why", layouts.status().to_string()}});
    return;
  }
  if (layouts->current->cluster_id != identity_.cluster_id) {
    host_.log.warn("layouts_refused", {{"why", "they are another cluster's"}});
    return;
  }
  adopt(std::move(*layouts));
}

// Adopted in memory at once: refusing requests of older layouts early does no harm. Saved before
// this node reports anything about them, since the engine keeps its writes in order.
void Node::Impl::adopt(ring::LiveLayouts layouts) {
  if (phase_ != Phase::kServing || !layouts.is_newer_than(layouts_)) return;
  layouts_ = std::move(layouts);
  host_.log.info("layout_adopted", {{"version", layouts_.version().value()},
                                    {"settled", layouts_.is_settled() ? "yes" : "no"}});
  store_.save_layouts(layouts_, [this](const Status& saved) {
    if (!saved.is_ok()) host_.log.error("layout_not_saved", {{"why", saved.to_string()}});
  });
  parts_.membership->set_layout({layouts_.version(), layouts_.is_settled()});
  parts_.anti_entropy->on_layouts_changed();
  parts_.horizon_answers->on_layouts_changed();
  parts_.collector->on_layouts_changed();
  if (founder_) founder_->on_layouts_changed();
  update_transfer();
}

bool Node::Impl::is_founder() const { return founder_id() == identity_.node_id; }

// Durable before anybody hears of it: after a crash the founder must not publish another value
// under the same version.
void Node::Impl::publish(ring::LiveLayouts layouts) {
  store_.save_layouts(layouts, [this, layouts](const Status& saved) {
    if (!saved.is_ok()) {
      host_.log.error("layout_not_saved", {{"why", saved.to_string()}});
      return;
    }
    adopt(layouts);
    spread_layouts();
  });
}

// Gossip would bring them too, a little later.
void Node::Impl::spread_layouts() {
  const std::string bytes = ring::encode_live_layouts(layouts_);
  for (const auto& [id, member] : parts_.membership->members()) {
    if (id == identity_.node_id || !member.is_reachable()) continue;
    rpc_.call(member.endpoint, wire::LayoutReply{bytes}, config_.request_timeout,
              [](const Result<wire::FrameView>&) {});
  }
}

void Node::Impl::update_transfer() {
  parts_.transfer.reset();
  is_transferred_ = false;
  host_.timers.stop(report_timer_);
  if (layouts_.is_settled() || !layouts_.previous->index_of(identity_.node_id)) return;
  parts_.transfer =
      std::make_unique<repair::Transfer>(layouts_, host_.engine, *parts_.replicas, holdings_,
                                         host_.timers, host_.log, config_.request_timeout, [this] {
                                           is_transferred_ = true;
                                           report_transfer();
                                         });
  parts_.transfer->start();
}

// Repeated until the layout is settled: the founder forgets reports when it restarts.
void Node::Impl::report_transfer() {
  if (!is_transferred_ || layouts_.is_settled()) return;
  report_timer_ = host_.timers.start(kReportInterval, [this] { report_transfer(); });
  if (founder_) return founder_->on_transfer_done(layouts_.version(), identity_.node_id);
  const membership::Member* founder = parts_.membership->find(founder_id());
  if (founder == nullptr) return;
  const wire::TransferDone done{layouts_.version(), identity_.node_id.value()};
  rpc_.call(founder->endpoint, done, config_.request_timeout,
            [](const Result<wire::FrameView>&) {});
}

// Only replicas that surely hold a key's record may mint on it: while partitions move those of the
// layout before.
const ring::Layout& Node::Impl::minting_layout() const {
  return layouts_.previous ? *layouts_.previous : *layouts_.current;
}

}  // namespace distkv::node
