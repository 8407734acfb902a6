#include "sim/faults.h"

#include <algorithm>
#include <string>
#include <utility>

namespace distkv::sim {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Spread kDownTime{milliseconds(20), seconds(6)};
constexpr Spread kStopPatience{milliseconds(500), seconds(4)};
constexpr Spread kCopyAge{seconds(1), seconds(15)};
constexpr Spread kPauseTime{milliseconds(20), seconds(4)};
constexpr Spread kCutTime{milliseconds(100), seconds(10)};
constexpr Spread kSlowTime{milliseconds(200), seconds(5)};
constexpr Spread kExtraLatency{milliseconds(5), milliseconds(400)};
constexpr Spread kSickTime{milliseconds(500), seconds(8)};
constexpr Chance kIsPowerCut{400000};
// Between a frame of the log and some flushes and merges.
constexpr uint64_t kOperationsToPowerCutMax = 60;
constexpr Chance kIsStrongDrift{200000};
constexpr uint64_t kUsualDriftPerMillion = 200;
constexpr uint64_t kDayMilliseconds = 24 * 60 * 60 * 1000;

// From -most to +most.
int64_t draw_signed(base::Rng& rng, uint64_t most) {
  return static_cast<int64_t>(rng.between(0, 2 * most)) - static_cast<int64_t>(most);
}
}  // namespace

Faults::Faults(Victims victims, FaultPlan plan, base::Rng rng)
    : victims_(std::move(victims)), plan_(std::move(plan)), rng_(rng) {}

void Faults::start() {
  for (const FaultPlan::Source& source : plan_.sources) {
    schedule_next(std::make_shared<Active>(Active{source, rng_.fork()}));
  }
}

void Faults::schedule_next(const std::shared_ptr<Active>& active) {
  victims_.scheduler.after(draw(active->rng, active->source.interval), [this, active] {
    if (is_healed_) return;
    rng_ = active->rng.fork();
    const std::string name =
        std::string(name_of(active->source.kind)) + "#" + std::to_string(++active->injected);
    if (victims_.steps.takes_fault(name)) inject(active->source.kind);
    schedule_next(active);
  });
}

void Faults::inject(FaultKind kind) {
  ++victims_.tally.faults[std::string(name_of(kind))];
  victims_.trace.record({}, EventKind::kFault, name_of(kind));
  victims_.trace.note({}, EventKind::kFault, name_of(kind));
  switch (kind) {
    case FaultKind::kBlackout:
      return blackout();
    case FaultKind::kSlowMachine:
      return slow_machine();
    case FaultKind::kBrokenStream: {
      victims_.network.break_stream(rng_.next());
      return;
    }
    case FaultKind::kCut:
    case FaultKind::kOneWayCut:
    case FaultKind::kBridge:
    case FaultKind::kDatagramCut:
    case FaultKind::kStreamCut:
      return cut(kind);
    default:
      return inject_at_machine(kind);
  }
}

void Faults::inject_at_machine(FaultKind kind) {
  SimNode& node = any_node();
  switch (kind) {
    case FaultKind::kPause:
      return pause(node);
    case FaultKind::kDrift:
      return drift(node);
    case FaultKind::kWallJump:
      return jump_wall(node);
    case FaultKind::kSlowDisk:
      return slow_disk(node);
    case FaultKind::kAmbush:
      return node.store().ambush([this, &node] {
        if (!is_healed_) crash(node);
      });
    case FaultKind::kRestart:
      return restart(node);
    case FaultKind::kWipe:
      return wipe();
    case FaultKind::kPowerCut:
      return cut_power(node);
    case FaultKind::kFailingSync:
      return fail_sync(node);
    case FaultKind::kFullDisk:
      return fill_disk(node);
    case FaultKind::kRot:
      return rot();
    case FaultKind::kOldCopy:
      return copy_for_later(any_node_but_first());
    default:
      return crash(node);
  }
}

void Faults::crash(SimNode& node) {
  has_ended_programs_ = true;
  node.crash(happens(rng_, kIsPowerCut) ? Ending::kPowerCut : Ending::kKilled);
  start_later(node);
}

void Faults::start_later(SimNode& node) {
  victims_.scheduler.after(draw(rng_, kDownTime), [&node] { node.start(); });
}

void Faults::cut_power(SimNode& node) {
  has_ended_programs_ = true;
  node.cut_power_in(rng_.between(1, kOperationsToPowerCutMax), [this, &node] {
    if (!is_healed_) start_later(node);
  });
}

void Faults::fail_sync(SimNode& node) {
  has_ended_programs_ = true;
  node.ail(Ailment::kFailingSync);
  victims_.scheduler.after(draw(rng_, kSickTime), [this, &node] {
    if (!is_healed_) mend(node);
  });
}

void Faults::fill_disk(SimNode& node) {
  node.ail(Ailment::kFull);
  victims_.scheduler.after(draw(rng_, kSickTime), [this, &node] {
    if (!is_healed_) mend(node);
  });
}

void Faults::mend(SimNode& node) {
  // A store whose log failed has stopped; the machine gets a sound disk with what the old one kept.
  const bool is_stopped = node.store().ailment() == Ailment::kFailingSync;
  if (is_stopped) node.crash(Ending::kPowerCut);
  node.store().mend();
  if (is_stopped) node.start();
}

void Faults::restart(SimNode& node) {
  has_ended_programs_ = true;
  node.stop();
  // Whoever has not ended by then is killed, as a service's host does.
  const base::Duration patience = draw(rng_, kStopPatience);
  victims_.scheduler.after(patience, [this, &node] {
    if (is_healed_) return;
    node.crash(Ending::kKilled);
    node.start();
  });
}

// The first of the seeds would found a second cluster if it came back empty while it reaches none
// of the others: that is its documented rule, and for an operator to prevent.
SimNode& Faults::any_node_but_first() {
  return *victims_.nodes[rng_.between(1, victims_.nodes.size() - 1)];
}

void Faults::wipe() {
  if (has_wiped_) return;
  has_wiped_ = true;
  SimNode& node = any_node_but_first();
  crash(node);
  node.wipe();
}

// Again and again of the same disk.
void Faults::rot() {
  if (has_wiped_ && rotten_ == nullptr) return;
  SimNode& node = rotten_ != nullptr ? *rotten_ : any_node_but_first();
  node.ail(Ailment::kRotten);
  if (node.store().ailment() != Ailment::kRotten) return;
  // What it holds only there is lost, as with the whole disk.
  has_wiped_ = true;
  has_ended_programs_ = true;
  rotten_ = &node;
}

// A copy is made of a store that was closed in order: one that looks sound to itself.
void Faults::copy_for_later(SimNode& node) {
  if (has_wiped_) return;
  has_ended_programs_ = true;
  node.stop();
  victims_.scheduler.after(draw(rng_, kStopPatience), [this, &node] {
    if (is_healed_) return;
    if (!node.is_up()) node.store().keep_copy();
    node.crash(Ending::kKilled);
    node.start();
    victims_.scheduler.after(draw(rng_, kCopyAge), [this, &node] {
      if (!is_healed_) restore(node);
    });
  });
}

void Faults::restore(SimNode& node) {
  if (has_wiped_ || !node.store().has_copy()) return;
  has_wiped_ = true;
  crash(node);
  node.restore_copy();
}

void Faults::blackout() {
  for (SimNode* node : victims_.nodes) crash(*node);
}

void Faults::pause(SimNode& node) {
  node.pause();
  victims_.scheduler.after(draw(rng_, kPauseTime), [&node] { node.resume(); });
}

void Faults::cut(FaultKind kind) {
  std::vector<MachineIndex> left;
  std::vector<MachineIndex> right;
  const size_t bridge = rng_.below(victims_.nodes.size());
  for (size_t i = 0; i < victims_.machines.size(); ++i) {
    const bool is_left = rng_.below(2) == 0;
    if (kind == FaultKind::kBridge && i == bridge) continue;
    (is_left ? left : right).push_back(victims_.machines[i]);
  }
  auto cut = std::make_shared<Cut>();
  cut->ways = kind == FaultKind::kOneWayCut ? ways_from(left, right) : ways_between(left, right);
  cut->blocks_datagrams = kind != FaultKind::kStreamCut;
  cut->blocks_streams = kind != FaultKind::kDatagramCut;
  victims_.network.apply(*cut);
  cuts_.push_back(cut);
  victims_.scheduler.after(draw(rng_, kCutTime), [this, cut] {
    const auto place = std::find(cuts_.begin(), cuts_.end(), cut);
    if (place == cuts_.end()) return;
    cuts_.erase(place);
    victims_.network.heal(*cut);
  });
}

void Faults::slow_machine() {
  const MachineIndex slow = victims_.machines[rng_.below(victims_.machines.size())];
  victims_.network.slow_down(slow, draw(rng_, kExtraLatency));
  victims_.scheduler.after(draw(rng_, kSlowTime), [this, slow] {
    victims_.network.slow_down(slow, base::Duration::zero());
  });
}

void Faults::drift(SimNode& node) {
  const uint64_t most =
      happens(rng_, kIsStrongDrift) ? static_cast<uint64_t>(kDriftMax) : kUsualDriftPerMillion;
  node.set_drift({static_cast<int32_t>(draw_signed(rng_, most))});
}

void Faults::jump_wall(SimNode& node) {
  // Of every size alike: milliseconds as well as a day.
  const uint64_t most = kDayMilliseconds >> rng_.below(24);
  node.jump_wall(milliseconds(draw_signed(rng_, most)));
}

void Faults::slow_disk(SimNode& node) {
  node.store().set_slow(true);
  victims_.scheduler.after(draw(rng_, kSlowTime), [&node] { node.store().set_slow(false); });
}

void Faults::heal() {
  is_healed_ = true;
  for (const auto& cut : std::exchange(cuts_, {})) victims_.network.heal(*cut);
  for (const MachineIndex machine : victims_.machines) {
    victims_.network.slow_down(machine, base::Duration::zero());
  }
  for (SimNode* node : victims_.nodes) {
    node->set_drift({});
    node->store().set_slow(false);
    node->store().keep_power();
    node->resume();
    mend(*node);
    if (node->is_stopping() || node == rotten_) node->crash(Ending::kKilled);
    if (node->store().is_down()) node->crash(Ending::kPowerCut);
    if (node == rotten_) node->wipe();
    node->start();
  }
  victims_.network.calm();
}

}  // namespace distkv::sim
