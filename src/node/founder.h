// The node that may change the layout, in its first form: the one that founded the cluster admits
// joiners by publishing the next layout, and retires the layout before once every old replica has
// reported its transfer. One change at a time. (The layout register by majority takes this place.)
#pragma once

#include <functional>
#include <map>
#include <set>

#include "base/log.h"
#include "base/timers.h"
#include "ring/layout.h"

namespace distkv::node {

class Founder {
 public:
  // `publish` makes a newer value durable, adopts it and spreads it. All must outlive this.
  Founder(const ring::LiveLayouts& layouts, base::Timers& timers, base::Log& log,
          base::Duration settling_time, std::function<void(ring::LiveLayouts)> publish);
  ~Founder();

  // A node asks for a place. No effect if it has one.
  void on_joiner(ring::LayoutNode joiner);
  // `node` reports that all it held of what moved is at its new place.
  void on_transfer_done(base::LayoutVersion version, const base::NodeId& node);
  // The layouts changed, or the node has just started.
  void on_layouts_changed();

 private:
  void admit();

  const ring::LiveLayouts& layouts_;
  base::Timers& timers_;
  base::Log& log_;
  base::Duration settling_time_;
  std::function<void(ring::LiveLayouts)> publish_;
  std::map<base::NodeId, ring::LayoutNode> joiners_;
  std::set<base::NodeId> reported_;
  base::LayoutVersion publishing_;  // Highest version handed to publish_.
  base::TimerId settling_;
};

}  // namespace distkv::node
