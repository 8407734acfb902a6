// What delivering hints works with, and who is to get one.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "replica/hint_store.h"
#include "replica/replicas.h"
#include "ring/layout.h"
#include "storage/engine.h"

namespace distkv::repair {

// While the store is pressed further than this by others' work, hints yield.
inline constexpr double kHintPressureMax = 0.5;

// All outlive what they are given to.
struct HintHost {
  replica::HintStore& hints;
  replica::Replicas& replicas;
  const ring::LiveLayouts& layouts;
  storage::Engine& engine;
  base::Timers& timers;
  base::Log& log;
  base::Duration replica_timeout{};  // For one record on its way.
  // A replica refused a record as sent under an older layout: fetch the newer one from it.
  std::function<void(const base::NodeId&)> on_stale_layout;

  bool is_pressed() const { return engine.pressure() > kHintPressureMax; }
};

// The key's replicas in every live layout, each once, best first.
std::vector<base::NodeId> replicas_of(const ring::LiveLayouts& layouts, std::string_view key);

// The target is no replica of the key any more: what the hint holds is for those that are. Never
// true of a hint made under a layout that is not known here yet.
bool is_orphan(const ring::LiveLayouts& layouts, const base::NodeId& target, std::string_view key,
               const replica::HintHeader& header);

}  // namespace distkv::repair
