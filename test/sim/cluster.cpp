#include "sim/cluster.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"
#include "ring/token.h"
#include "sim/chance.h"

namespace distkv::sim {

namespace {
constexpr Spread kStartDelay{std::chrono::milliseconds(0), std::chrono::milliseconds(800)};
constexpr Spread kLateDelay{std::chrono::milliseconds(100), std::chrono::seconds(25)};
constexpr Chance kHasLatecomers{500000};
constexpr uint64_t kUsualQuorumsOf = 10;  // One seed in ten has other quorums than 2 of 3.
constexpr Chance kHasLittleRoomForHints{200000};
constexpr uint64_t kLittleRoomBytesMin = 200;  // A hint or two.
constexpr uint64_t kLittleRoomBytesMax = 4000;
constexpr Chance kHintsAgeSoon{200000};
constexpr Spread kSoon{std::chrono::seconds(1), std::chrono::seconds(12)};
// Apart from all else that is drawn of a seed.
constexpr uint64_t kHintDraws = 0x48494e5453;
constexpr uint32_t kPartitionChoices[] = {1, 8, 16, 64};
constexpr uint64_t kAntiEntropySalt = 0x616e7469;
constexpr Chance kHasAntiEntropy{500000};
constexpr uint64_t kGraceSalt = 0x6772616365;
constexpr Chance kCollectsSoon{600000};
constexpr Spread kGrace{std::chrono::milliseconds(50), std::chrono::seconds(4)};
constexpr base::Duration kNoRounds = std::chrono::hours(24);

base::Endpoint endpoint_of(uint32_t node) {
  return base::Endpoint("node-" + std::to_string(node) + ":7000");
}
}  // namespace

ClusterPlan draw_cluster(uint32_t nodes, base::Rng& rng) {
  ClusterPlan plan;
  plan.nodes = nodes;
  plan.partitions = kPartitionChoices[rng.below(std::size(kPartitionChoices))];
  switch (rng.below(kUsualQuorumsOf * 3)) {
    case 0:
      plan.read_quorum = 1;
      plan.write_quorum = 3;
      break;
    case 1:
      plan.read_quorum = 3;
      plan.write_quorum = 1;
      break;
    case 2:
      if (nodes < 5) break;
      plan.replicas = 5;
      plan.read_quorum = plan.write_quorum = 3;
      break;
    default:
      break;
  }
  // The first are enough for N, so that every write has as many replicas as the plan says.
  if (nodes > plan.replicas && happens(rng, kHasLatecomers)) {
    plan.latecomers = static_cast<uint32_t>(rng.between(1, nodes - plan.replicas));
  }
  return plan;
}

replica::HintLimits draw_hint_limits(uint64_t seed) {
  base::Rng rng(seed ^ kHintDraws);
  replica::HintLimits limits;
  if (happens(rng, kHasLittleRoomForHints)) {
    limits.bytes_max = rng.between(kLittleRoomBytesMin, kLittleRoomBytesMax);
  }
  if (happens(rng, kHintsAgeSoon)) limits.age_max = draw(rng, kSoon);
  return limits;
}

bool draw_anti_entropy(uint64_t seed) {
  base::Rng rng(seed ^ kAntiEntropySalt);
  return happens(rng, kHasAntiEntropy);
}

base::Duration draw_tombstone_grace(uint64_t seed) {
  base::Rng rng(seed ^ kGraceSalt);
  if (!draw_anti_entropy(seed) || !happens(rng, kCollectsSoon))
    return ClusterPlan().tombstone_grace;
  return draw(rng, kGrace);
}

bool collects_soon(const ClusterPlan& plan) {
  return plan.tombstone_grace < ClusterPlan().tombstone_grace;
}

Cluster::Cluster(const World& world, const ClusterPlan& plan, Truth& truth, Violations& violations,
                 base::Rng rng)
    : scheduler_(world.scheduler), plan_(plan), rng_(rng) {
  for (uint32_t i = 0; i < plan.nodes; ++i) {
    node::Config config;
    config.node_id = base::NodeId("node-" + std::to_string(i));
    config.endpoint = endpoint_of(i);
    config.cluster_name = "simulated";
    config.seeds = endpoints();
    config.partitions = plan.partitions;
    config.replicas = plan.replicas;
    config.read_quorum = plan.read_quorum;
    config.write_quorum = plan.write_quorum;
    config.virtual_nodes = plan.virtual_nodes;
    config.request_timeout = plan.request_timeout;
    config.spare_delay = plan.spare_delay;
    config.settling_time = plan.settling_time;
    config.hints = plan.hints;
    config.admission = plan.admission;
    config.calls = plan.calls;
    config.tombstone_grace = plan.tombstone_grace;
    config.anti_entropy_interval = plan.has_anti_entropy ? plan.rounds_every : kNoRounds;
    DISTKV_CHECK(node::validate(config).is_ok());
    watches_.push_back(
        std::make_unique<ReplicaWatch>(MachineIndex{i}, truth, violations, world.trace));
    watches_.back()->set_replication([this](const std::string& key, const DotSet& writes) {
      return ReplicaWatch::Replication{holders(key, writes), plan_.replicas_at_first()};
    });
    nodes_.push_back(std::make_unique<SimNode>(world, std::move(config),
                                               SimNode::Draws{rng_.fork(), plan.clock_error_max},
                                               *watches_.back()));
  }
}

void Cluster::start() {
  for (size_t i = 0; i < nodes_.size() - plan_.latecomers; ++i) {
    scheduler_.after(draw(rng_, kStartDelay), [host = nodes_[i].get()] { host->start(); });
  }
}

void Cluster::start_latecomers() {
  for (size_t i = nodes_.size() - plan_.latecomers; i < nodes_.size(); ++i) {
    scheduler_.after(draw(rng_, kLateDelay), [host = nodes_[i].get()] { host->start(); });
  }
}

bool Cluster::sees_alive(SimNode& node, size_t nodes) const {
  bool sees_all = false;
  node.node()->status([&](const wire::StatusReply& reply) {
    const auto alive = std::count_if(reply.nodes.begin(), reply.nodes.end(), [](const auto& row) {
      return row.state == wire::MemberState::kAlive;
    });
    sees_all =
        reply.code == base::Code::kOk && reply.is_settled && static_cast<size_t>(alive) == nodes;
  });
  return sees_all;
}

bool Cluster::is_formed() const {
  const auto begun = static_cast<size_t>(std::count_if(
      nodes_.begin(), nodes_.end(), [](const auto& host) { return host->was_started(); }));
  if (begun < nodes_.size() - plan_.latecomers) return false;
  return std::all_of(nodes_.begin(), nodes_.end(), [this, begun](const auto& host) {
    if (!host->was_started()) return true;
    if (host->is_paused() || !host->is_up() || !host->node()->is_serving()) return false;
    const ring::LiveLayouts& layouts = host->node()->layouts();
    return layouts.is_settled() && layouts.version() == nodes_[0]->node()->layouts().version() &&
           layouts.current->nodes.size() == begun && sees_alive(*host, begun);
  });
}

bool Cluster::is_behind() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& host) {
    bool is_behind = false;
    if (!host->is_up()) return is_behind;
    host->node()->status([&is_behind](const wire::StatusReply& reply) {
      is_behind = reply.anti_entropy && reply.anti_entropy->behind > 0;
    });
    return is_behind;
  });
}

bool Cluster::has_no_hints() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& host) {
    if (!host->is_up() || host->store().account().has_any(storage::Space::kHints)) return false;
    bool counts_none = false;
    host->node()->status([&](const wire::StatusReply& reply) {
      counts_none = reply.hints_pending == 0 && reply.hint_bytes == 0;
    });
    return counts_none;
  });
}

bool Cluster::holds_no_requests() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& host) {
    return host->is_up() && host->node()->admission().budget()->held() == 0;
  });
}

void Cluster::await_hints(base::Duration timeout) {
  wire::HintsRequest request;
  request.waits = true;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  for (const auto& host : nodes_) {
    if (!host->was_started()) continue;
    ++hint_waits_;
    host->node()->hints(request, [this](const wire::HintsReply& reply) {
      if (reply.code == base::Code::kOk && reply.is_done) --hint_waits_;
    });
  }
}

uint64_t Cluster::records_taken_away() const {
  uint64_t count = 0;
  for (const auto& watch : watches_) count += watch->taken_away();
  return count;
}

uint64_t Cluster::hints_dropped() const {
  uint64_t dropped = 0;
  for (const auto& host : nodes_) {
    if (!host->is_up()) continue;
    host->node()->status(
        [&dropped](const wire::StatusReply& reply) { dropped += reply.hints_dropped; });
  }
  return dropped;
}

bool Cluster::is_dirty(const std::string& key) const {
  const ring::Layout& layout = *nodes_[0]->node()->layouts().current;
  const base::PartitionId partition = layout.partition_of(ring::token_of(key));
  return std::any_of(nodes_.begin(), nodes_.end(), [partition](const auto& host) {
    return host->is_up() && host->node()->dirty_partitions().contains(partition);
  });
}

std::string Cluster::complaint_of_tree(SimNode& host, const std::vector<std::string>& keys) const {
  const std::string name = "the hash tree of " + host.node()->id().value();
  const replica::HashTree& tree = host.node()->hash_tree();
  std::map<replica::Leaf, uint64_t> expected;
  for (const std::string& key : keys) {
    storage::EntryView found;
    const base::Token token = ring::token_of(key);
    const auto lookup = host.look_up({storage::Space::kData, token, key}, found);
    if (!lookup.is_ok() || *lookup == storage::Lookup::kWouldBlock) return name + ": no record";
    if (*lookup == storage::Lookup::kFound) {
      expected[replica::leaf_of(token)] ^= replica::record_hash(key, found.meta);
    }
  }
  for (uint32_t i = 0; i < replica::kLeaves; ++i) {
    const auto leaf = static_cast<replica::Leaf>(i);
    if (!tree.is_ready(leaf, leaf)) return name + " is not built";
    const auto wanted = expected.find(leaf);
    if (tree.leaf(leaf) == (wanted == expected.end() ? 0 : wanted->second)) continue;
    return name + " is not that of its store, at leaf " + std::to_string(i);
  }
  return "";
}

std::string Cluster::complaint_of_trees(const std::vector<std::string>& keys) const {
  for (const auto& host : nodes_) {
    if (!host->is_up()) continue;
    std::string complaint = complaint_of_tree(*host, keys);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

std::string Cluster::unequal_roots() const {
  const ring::Layout& layout = *nodes_[0]->node()->layouts().current;
  for (uint32_t i = 0; i < layout.partition_count; ++i) {
    const base::PartitionId partition{i};
    std::optional<uint64_t> root;
    for (const auto& host : nodes_) {
      if (!host->is_up() || !layout.is_replica(partition, host->node()->id())) continue;
      const uint64_t own =
          host->node()->hash_tree().root(replica::leaf_of(layout.first_token(partition)),
                                         replica::leaf_of(layout.last_token(partition)));
      if (root.value_or(own) != own) return "partition " + std::to_string(i);
      root = own;
    }
  }
  return "";
}

std::vector<FinalRecord> Cluster::records_of(const std::string& key) const {
  std::vector<FinalRecord> records;
  const base::Token token = ring::token_of(key);
  const ring::Layout& layout = *nodes_[0]->node()->layouts().current;
  for (const ring::NodeIndex replica : layout.replicas_of(layout.partition_of(token))) {
    const base::NodeId& id = layout.node(replica).id;
    for (const auto& host : nodes_) {
      if (!host->is_up() || host->node()->id() != id) continue;
      FinalRecord record;
      record.replica = id.value();
      storage::EntryView found;
      const auto lookup = host->look_up({storage::Space::kData, token, key}, found);
      if (!lookup.is_ok() || *lookup == storage::Lookup::kWouldBlock) {
        record.meta = "not durable";
      } else if (*lookup == storage::Lookup::kFound) {
        record.meta = found.meta;
        record.values = found.value;
      }
      records.push_back(std::move(record));
    }
  }
  return records;
}

size_t Cluster::holders(const std::string& key, const DotSet& writes) const {
  return static_cast<size_t>(
      std::count_if(watches_.begin(), watches_.end(),
                    [&](const auto& watch) { return watch->is_holder(key, writes); }));
}

size_t Cluster::needed(wire::Consistency consistency, bool is_read) const {
  switch (consistency) {
    case wire::Consistency::kOne:
      return 1;
    case wire::Consistency::kAll:
      return plan_.replicas_at_first();
    case wire::Consistency::kQuorum:
      break;
  }
  return std::min(is_read ? plan_.read_quorum : plan_.write_quorum, plan_.replicas_at_first());
}

std::vector<SimNode*> Cluster::nodes() const {
  std::vector<SimNode*> nodes;
  for (const auto& node : nodes_) nodes.push_back(node.get());
  return nodes;
}

std::vector<base::Endpoint> Cluster::endpoints() const {
  std::vector<base::Endpoint> endpoints;
  for (uint32_t i = 0; i < plan_.nodes; ++i) endpoints.push_back(endpoint_of(i));
  return endpoints;
}

}  // namespace distkv::sim
