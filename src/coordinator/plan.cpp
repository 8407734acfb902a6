#include "coordinator/plan.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::coordinator {

namespace {
void add_row(Plan& plan, const ring::Layout& layout) {
  const size_t row = plan.row_count++;
  const auto replicas = layout.replicas_of(plan.partition);
  plan.replicas[row] = static_cast<uint32_t>(replicas.size());
  for (const ring::NodeIndex index : replicas) {
    const base::NodeId& node = layout.node(index).id;
    const auto known = plan.find(node);
    if (!known) plan.targets.push_back({&node, 0});
    Target& target = known ? plan.targets[*known] : plan.targets.back();
    target.rows = static_cast<uint8_t>(target.rows | (1u << row));
  }
}
}  // namespace

std::optional<size_t> Plan::find(const base::NodeId& node) const {
  for (size_t i = 0; i < targets.size(); ++i) {
    if (*targets[i].node == node) return i;
  }
  return std::nullopt;
}

Plan make_plan(const ring::LiveLayouts& layouts, base::Token token) {
  DISTKV_CHECK(layouts.current != nullptr);
  Plan plan;
  plan.layouts = layouts;
  plan.token = token;
  plan.partition = layouts.current->partition_of(token);
  add_row(plan, *layouts.current);
  if (layouts.previous) add_row(plan, *layouts.previous);
  return plan;
}

uint32_t needed(wire::Consistency consistency, uint32_t quorum, uint32_t replicas) {
  switch (consistency) {
    case wire::Consistency::kOne:
      return std::min(1u, replicas);
    case wire::Consistency::kQuorum:
      return std::min(quorum, replicas);
    case wire::Consistency::kAll:
      break;
  }
  return replicas;
}

}  // namespace distkv::coordinator
