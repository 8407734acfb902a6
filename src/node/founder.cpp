#include "node/founder.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "ring/placement.h"

namespace distkv::node {

Founder::Founder(const ring::LiveLayouts& layouts, base::Timers& timers, base::Log& log,
                 base::Duration settling_time, std::function<void(ring::LiveLayouts)> publish)
    : layouts_(layouts),
      timers_(timers),
      log_(log),
      settling_time_(settling_time),
      publish_(std::move(publish)) {}

Founder::~Founder() { timers_.stop(settling_); }

void Founder::on_joiner(ring::LayoutNode joiner) {
  if (layouts_.current->index_of(joiner.id)) return;
  joiners_[joiner.id] = std::move(joiner);
  on_layouts_changed();
}

void Founder::on_layouts_changed() {
  std::erase_if(joiners_,
                [this](const auto& entry) { return layouts_.current->index_of(entry.first); });
  if (layouts_.is_settled()) reported_.clear();
  const bool may_admit = layouts_.is_settled() && publishing_ <= layouts_.version();
  if (joiners_.empty() || !may_admit || settling_ != base::TimerId{}) return;
  settling_ = timers_.start(settling_time_, [this] {
    settling_ = {};
    admit();
  });
}

void Founder::admit() {
  if (!layouts_.is_settled() || joiners_.empty()) return;
  std::vector<ring::LayoutNode> nodes = layouts_.current->nodes;
  for (const auto& [id, joiner] : joiners_) {
    if (nodes.size() < ring::kNodesMax) nodes.push_back(joiner);
  }
  base::Result<ring::Layout> next = ring::next_layout(*layouts_.current, std::move(nodes));
  if (!next.is_ok()) {
    log_.error("layout_refused", {{"why", next.status().to_string()}});
    joiners_.clear();
    return;
  }
  publishing_ = next->version;
  log_.info("layout_published",
            {{"version", next->version.value()}, {"nodes", next->nodes.size()}});
  publish_({std::make_shared<const ring::Layout>(std::move(*next)), layouts_.current});
}

void Founder::on_transfer_done(base::LayoutVersion version, const base::NodeId& node) {
  if (layouts_.is_settled() || version != layouts_.version()) return;
  reported_.insert(node);
  const auto& owners = layouts_.previous->nodes;
  const bool all = std::all_of(owners.begin(), owners.end(), [this](const ring::LayoutNode& owner) {
    return reported_.contains(owner.id);
  });
  if (!all) return;
  log_.info("layout_settled", {{"version", version.value()}});
  publish_({layouts_.current, nullptr});
}

}  // namespace distkv::node
