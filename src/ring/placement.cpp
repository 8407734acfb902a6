#include "ring/placement.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ring/assignment.h"
#include "ring/exchange.h"
#include "ring/primaries.h"
#include "ring/shares.h"
#include "ring/virtual_nodes.h"

namespace distkv::ring {
namespace {

// How far a partition walks to find whom it prefers; past it, whoever wants most is as good. Keeps
// a placement linear when nearly every node is full.
constexpr size_t kWalkStepsMax = 256;

// The place in `after` of each node of `before`; Assignment::kGone if it is not there.
std::vector<NodeIndex> map_nodes(const Layout& before, const Layout& after) {
  std::vector<NodeIndex> mapped;
  for (const LayoutNode& node : before.nodes) {
    mapped.push_back(after.index_of(node.id).value_or(Assignment::kGone));
  }
  return mapped;
}

std::vector<NodeIndex> mapped_rows(const Layout& before, const Layout& after) {
  const std::vector<NodeIndex> mapped = map_nodes(before, after);
  std::vector<NodeIndex> rows;
  rows.reserve(before.replicas.size());
  for (const NodeIndex node : before.replicas) rows.push_back(mapped[node]);
  return rows;
}

std::vector<uint32_t> count_replicas(const std::vector<NodeIndex>& rows, size_t node_count) {
  std::vector<uint32_t> held(node_count, 0);
  for (const NodeIndex node : rows) {
    if (node != Assignment::kGone) ++held[node];
  }
  return held;
}

// Consistent hashing with bounded loads: the first nodes of the walk that still want a replica.
void fill_by_preference(const Layout& layout, const VirtualNodes& ring, Assignment& assignment) {
  for (uint32_t partition = 0; partition < layout.partition_count; ++partition) {
    const size_t start = ring.seek(layout.first_token(base::PartitionId{partition}));
    for (size_t step = 0; step < kWalkStepsMax && !assignment.is_full(partition); ++step) {
      const NodeIndex node = ring.at(start, step);
      if (assignment.is_wanting(node) && assignment.may_add(partition, node)) {
        assignment.add(partition, node);
      }
    }
  }
}

// The node that wants most, or is least in surplus, of those that may stand in the row.
NodeIndex neediest_for(const Assignment& assignment, uint32_t partition) {
  NodeIndex found = Assignment::kGone;
  for (size_t index = 0; index < assignment.node_count(); ++index) {
    const auto node = static_cast<NodeIndex>(index);
    if (found != Assignment::kGone && assignment.surplus(node) >= assignment.surplus(found)) {
      continue;
    }
    if (assignment.may_add(partition, node)) found = node;
  }
  DISTKV_CHECK(found != Assignment::kGone);
  return found;
}

void fill_by_need(Assignment& assignment) {
  for (uint32_t partition = 0; partition < assignment.shares().partition_count; ++partition) {
    while (!assignment.is_full(partition)) {
      assignment.add(partition, neediest_for(assignment, partition));
    }
  }
}

// Whom `to` may relieve in a row: the member most in surplus; kGone if there is none.
NodeIndex relieved_by(const Assignment& assignment, uint32_t partition, NodeIndex to) {
  NodeIndex found = Assignment::kGone;
  for (const NodeIndex member : assignment.row(partition)) {
    const int64_t least = found == Assignment::kGone ? 0 : assignment.surplus(found);
    if (assignment.surplus(member) <= least) continue;
    if (assignment.may_replace(partition, member, to)) found = member;
  }
  return found;
}

// A newcomer takes over the partitions that meet it first on their walk.
void relieve_by_preference(const Layout& layout, const VirtualNodes& ring, Assignment& assignment) {
  for (uint32_t partition = 0; partition < layout.partition_count; ++partition) {
    const size_t start = ring.seek(layout.first_token(base::PartitionId{partition}));
    for (size_t step = 0; step < 2 * size_t{layout.replicas_per_partition()}; ++step) {
      const NodeIndex to = ring.at(start, step);
      if (!assignment.is_wanting(to)) continue;
      const NodeIndex from = relieved_by(assignment, partition, to);
      if (from != Assignment::kGone) assignment.replace(partition, from, to);
    }
  }
}

std::vector<NodeIndex> firsts_of(const std::vector<NodeIndex>& rows, uint32_t partition_count) {
  const size_t row_size = rows.size() / partition_count;
  std::vector<NodeIndex> firsts;
  for (size_t place = 0; place < rows.size(); place += row_size) firsts.push_back(rows[place]);
  return firsts;
}

// The replica table of `layout`, whose other fields are set; `rows_before` in its node numbers.
std::vector<NodeIndex> place_replicas(const Layout& layout, std::vector<NodeIndex> rows_before) {
  const std::vector<NodeIndex> firsts = firsts_of(rows_before, layout.partition_count);
  const Shares shares = compute_shares(layout, count_replicas(rows_before, layout.nodes.size()));
  Assignment assignment(shares, std::move(rows_before));
  const VirtualNodes ring(layout.nodes);
  fill_by_preference(layout, ring, assignment);
  fill_by_need(assignment);
  relieve_by_preference(layout, ring, assignment);
  settle(assignment);
  std::vector<NodeIndex> rows = std::move(assignment).take_rows();
  spread_first_places(shares.row_size, layout.nodes.size(), firsts, rows);
  return rows;
}

// Voters that stay nodes; the lowest node if none does, for a layout without voters is the last.
std::vector<base::NodeId> next_voters(const Layout& previous, const Layout& next) {
  std::vector<base::NodeId> voters;
  for (const base::NodeId& voter : previous.voters) {
    if (next.index_of(voter)) voters.push_back(voter);
  }
  if (voters.empty()) voters.push_back(next.nodes.front().id);
  return voters;
}

}  // namespace

base::Result<Layout> found_layout(const Founding& founding) {
  Layout layout;
  layout.version = base::LayoutVersion{1};
  layout.cluster_id = founding.cluster_id;
  layout.partition_count = founding.partition_count;
  layout.replica_count = founding.replica_count;
  layout.nodes = {founding.founder};
  layout.voters = {founding.founder.id};
  layout.replicas.assign(std::min(founding.partition_count, kPartitionsMax), 0);
  if (base::Status status = check_layout(layout); !status.is_ok()) return status;
  return layout;
}

base::Result<Layout> next_layout(const Layout& previous, std::vector<LayoutNode> nodes) {
  if (base::Status status = check_layout(previous); !status.is_ok()) return status;
  std::sort(nodes.begin(), nodes.end(),
            [](const LayoutNode& left, const LayoutNode& right) { return left.id < right.id; });
  if (base::Status status = check_nodes(nodes); !status.is_ok()) return status;
  Layout next;
  next.version = base::LayoutVersion{previous.version.value() + 1};
  next.predecessor_hash = hash_of(previous);
  next.cluster_id = previous.cluster_id;
  next.partition_count = previous.partition_count;
  next.replica_count = previous.replica_count;
  next.nodes = std::move(nodes);
  next.voters = next_voters(previous, next);
  next.replicas = place_replicas(next, mapped_rows(previous, next));
  return next;
}

std::vector<Move> plan_moves(const Layout& before, const Layout& after) {
  DISTKV_CHECK(before.partition_count == after.partition_count);
  const std::vector<NodeIndex> mapped = map_nodes(before, after);
  std::vector<Move> moves;
  for (uint32_t number = 0; number < before.partition_count; ++number) {
    Move move{base::PartitionId{number}, {}, {}, {}};
    std::vector<NodeIndex> held;
    const auto row = after.replicas_of(move.partition);
    for (const NodeIndex node : before.replicas_of(move.partition)) {
      held.push_back(mapped[node]);
      move.sources.push_back(before.node(node).id);
      const bool stays = std::find(row.begin(), row.end(), mapped[node]) != row.end();
      if (!stays) move.leavers.push_back(before.node(node).id);
    }
    for (const NodeIndex node : row) {
      const bool is_new = std::find(held.begin(), held.end(), node) == held.end();
      if (is_new) move.targets.push_back(after.node(node).id);
    }
    if (!move.targets.empty() || !move.leavers.empty()) moves.push_back(std::move(move));
  }
  return moves;
}

}  // namespace distkv::ring
