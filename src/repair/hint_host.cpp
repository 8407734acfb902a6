#include "repair/hint_host.h"

#include <algorithm>

#include "ring/token.h"

namespace distkv::repair {

using base::NodeId;

std::vector<NodeId> replicas_of(const ring::LiveLayouts& layouts, std::string_view key) {
  const base::Token token = ring::token_of(key);
  std::vector<NodeId> replicas;
  for (const auto& layout : {layouts.current, layouts.previous}) {
    if (layout == nullptr) continue;
    for (const ring::NodeIndex index : layout->replicas_of(layout->partition_of(token))) {
      const NodeId& id = layout->node(index).id;
      const bool is_known = std::find(replicas.begin(), replicas.end(), id) != replicas.end();
      if (!is_known) replicas.push_back(id);
    }
  }
  return replicas;
}

bool is_orphan(const ring::LiveLayouts& layouts, const NodeId& target, std::string_view key,
               const replica::HintHeader& header) {
  if (header.layout > layouts.version()) return false;
  const std::vector<NodeId> replicas = replicas_of(layouts, key);
  return std::find(replicas.begin(), replicas.end(), target) == replicas.end();
}

}  // namespace distkv::repair
