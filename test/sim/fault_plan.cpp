// Drawing a plan; faults.cpp carries it out.
#include <algorithm>

#include "sim/faults.h"

namespace distkv::sim {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

// How often a kind is part of a run, and how far apart its faults then lie.
struct KindHabit {
  FaultKind kind;
  Chance is_used;
  Spread interval;
  bool ends_programs = false;
  bool wants_files = false;
};

constexpr KindHabit kHabits[] = {
    {FaultKind::kCrash, {700000}, {milliseconds(500), seconds(12)}, true},
    {FaultKind::kAmbush, {500000}, {milliseconds(300), seconds(6)}, true},
    {FaultKind::kRestart, {400000}, {milliseconds(500), seconds(12)}, true},
    {FaultKind::kBlackout, {150000}, {seconds(5), seconds(40)}, true},
    {FaultKind::kPause, {500000}, {milliseconds(300), seconds(10)}},
    {FaultKind::kCut, {500000}, {seconds(1), seconds(15)}},
    {FaultKind::kOneWayCut, {300000}, {seconds(1), seconds(15)}},
    {FaultKind::kBridge, {300000}, {seconds(1), seconds(20)}},
    {FaultKind::kDatagramCut, {200000}, {seconds(1), seconds(20)}},
    {FaultKind::kStreamCut, {200000}, {seconds(1), seconds(20)}},
    {FaultKind::kSlowMachine, {300000}, {milliseconds(500), seconds(10)}},
    {FaultKind::kBrokenStream, {600000}, {milliseconds(50), seconds(3)}},
    {FaultKind::kDrift, {500000}, {milliseconds(500), seconds(10)}},
    {FaultKind::kWallJump, {400000}, {milliseconds(500), seconds(10)}},
    {FaultKind::kSlowDisk, {400000}, {milliseconds(500), seconds(10)}},
    {FaultKind::kWipe, {125000}, {seconds(3), seconds(25)}, true},
    {FaultKind::kPowerCut, {500000}, {milliseconds(300), seconds(6)}, true, true},
    {FaultKind::kFailingSync, {200000}, {seconds(2), seconds(20)}, true, true},
    {FaultKind::kFullDisk, {200000}, {seconds(2), seconds(20)}, true, true},
    {FaultKind::kRot, {100000}, {seconds(3), seconds(25)}, true, true},
    {FaultKind::kOldCopy, {125000}, {seconds(1), seconds(12)}, true, true},
};
static_assert(std::size(kHabits) == kFaultKinds);

// Where no program ends, every write must reach all its replicas without being read.
constexpr Chance kSparesPrograms{200000};
constexpr Chance kHalf{500000};
constexpr Chance kIsThinnedOut{600000};
constexpr uint64_t kLossPerMillionMax = 300000;  // The most that membership is stated for.
constexpr uint64_t kOddityPerMillionMax = 50000;
constexpr uint64_t kSplitPerMillionMax = 300000;
constexpr size_t kSmallQueueBytes = 64 * 1024;
// Some clusters span a country: what lasts microseconds elsewhere lies open for long.
constexpr Chance kIsFar{200000};
constexpr uint64_t kFarTimes = 15;
constexpr Chance kHasSmallQueues{200000};

constexpr uint64_t kFewKindsMax = 2;

bool is_allowed(const KindHabit& habit, const FaultBounds& bounds) {
  const bool loses_disk = habit.kind == FaultKind::kWipe || habit.kind == FaultKind::kRot ||
                          habit.kind == FaultKind::kOldCopy;
  return (bounds.may_wipe || !loses_disk) && (bounds.has_files || !habit.wants_files);
}

Chance draw_chance(base::Rng& rng, uint64_t per_million_max) {
  if (!happens(rng, kHalf)) return kNever;
  return Chance{static_cast<uint32_t>(rng.below(per_million_max))};
}

NetworkRates draw_network(base::Rng& rng) {
  NetworkRates rates;
  const uint64_t scale = happens(rng, kIsFar) ? kFarTimes : 1;
  rates.latency.low = std::chrono::microseconds(rng.between(50, 1000) * scale);
  rates.latency.high = rates.latency.low + std::chrono::microseconds(rng.between(50, 3000) * scale);
  rates.datagram_loss = draw_chance(rng, kLossPerMillionMax);
  rates.datagram_repeat = draw_chance(rng, kOddityPerMillionMax);
  rates.datagram_reorder = draw_chance(rng, kOddityPerMillionMax);
  rates.datagram_damage = draw_chance(rng, kOddityPerMillionMax);
  rates.stream_split = draw_chance(rng, kSplitPerMillionMax);
  if (happens(rng, kHasSmallQueues)) rates.queue_bytes_max = kSmallQueueBytes;
  return rates;
}
}  // namespace

FaultPlan draw_faults(base::Rng& rng, const FaultBounds& bounds) {
  FaultPlan plan;
  const bool spares_programs = happens(rng, kSparesPrograms);
  for (const KindHabit& habit : kHabits) {
    if (!happens(rng, habit.is_used)) continue;
    if (!is_allowed(habit, bounds)) continue;
    if (habit.ends_programs && spares_programs) continue;
    plan.sources.push_back({habit.kind, habit.interval});
  }
  plan.network = draw_network(rng);
  return plan;
}

void thin_out(FaultPlan& plan, base::Rng rng) {
  std::erase_if(plan.sources, [&rng](const auto&) { return happens(rng, kIsThinnedOut); });
}

bool has_kind(const FaultPlan& plan, FaultKind kind) {
  return std::any_of(plan.sources.begin(), plan.sources.end(),
                     [kind](const FaultPlan::Source& source) { return source.kind == kind; });
}

void keep_clocks(FaultPlan& plan) {
  std::erase_if(plan.sources, [](const FaultPlan::Source& source) {
    return source.kind == FaultKind::kDrift || source.kind == FaultKind::kWallJump;
  });
}

FaultPlan draw_few_faults(base::Rng& rng, const FaultBounds& bounds) {
  FaultPlan plan;
  const uint64_t kinds = rng.between(1, kFewKindsMax);
  for (uint64_t i = 0; i < kinds; ++i) {
    const KindHabit& habit = kHabits[rng.below(std::size(kHabits))];
    if (is_allowed(habit, bounds)) plan.sources.push_back({habit.kind, habit.interval});
  }
  plan.network = draw_network(rng);
  return plan;
}

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
      return "crash";
    case FaultKind::kAmbush:
      return "crash_before_durable";
    case FaultKind::kRestart:
      return "restart";
    case FaultKind::kBlackout:
      return "blackout";
    case FaultKind::kPause:
      return "pause";
    case FaultKind::kCut:
      return "cut";
    case FaultKind::kOneWayCut:
      return "cut_one_way";
    case FaultKind::kBridge:
      return "cut_bridge";
    case FaultKind::kDatagramCut:
      return "cut_datagrams";
    case FaultKind::kStreamCut:
      return "cut_streams";
    case FaultKind::kSlowMachine:
      return "slow_machine";
    case FaultKind::kBrokenStream:
      return "stream_broken";
    case FaultKind::kDrift:
      return "clock_drift";
    case FaultKind::kWallJump:
      return "wall_jump";
    case FaultKind::kSlowDisk:
      return "slow_disk";
    case FaultKind::kWipe:
      return "disk_wiped";
    case FaultKind::kPowerCut:
      return "power_cut";
    case FaultKind::kFailingSync:
      return "sync_fails";
    case FaultKind::kFullDisk:
      return "disk_full";
    case FaultKind::kOldCopy:
      return "old_copy";
    case FaultKind::kRot:
      return "table_rots";
  }
  return "unrecognised";
}

}  // namespace distkv::sim
