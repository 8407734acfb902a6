// Rare situations that seeds must meet now and then, or what is written for them is not tested.
// FoundationDB calls such a point a sometimes-assertion.
//
// A point is seen from outside, in what a run counts anyway: a log line of a node (a rare branch
// logs its event at debug), how an operation ended, a fault, or a sight of the simulator's own. The
// product has no switch and no counter for it. One that no seed of a campaign reaches calls for a
// stranger option in run_plan.cpp or another fault; scripts/test sim requires all of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/tally.h"

namespace distkv::sim {

struct Point {
  enum class Source : uint8_t { kEvent, kOperation, kFault, kSight };

  std::string_view name;
  Source source = Source::kEvent;
  std::string_view key;  // Of Tally's map for that source.
};

inline constexpr auto kPoints = std::to_array<Point>({
    // Reads.
    {"hedge sent", Point::Source::kEvent, "read_hedged"},
    {"late replica replaced", Point::Source::kEvent, "late_replica_replaced"},
    {"late write-back replaced", Point::Source::kEvent, "late_write_back_replaced"},
    {"read repaired", Point::Source::kEvent, "read_repaired"},
    {"read without a quorum", Point::Source::kOperation, "get unavailable"},
    {"siblings read", Point::Source::kSight, "siblings read"},
    {"tombstone read", Point::Source::kSight, "tombstone read"},
    {"session refused as behind", Point::Source::kOperation, "get behind"},
    {"expired here, alive there", Point::Source::kSight, "expired for one node, alive for another"},
    {"answer after the deadline", Point::Source::kSight, "answer after the deadline"},
    // Writes.
    {"write unknown", Point::Source::kOperation, "put outcome unknown"},
    {"write rejected", Point::Source::kOperation, "put rejected"},
    {"write refused by a node that stops", Point::Source::kSight, "refused: shutting down"},
    {"sibling limit refused", Point::Source::kOperation, "put too many siblings"},
    {"disk full refused", Point::Source::kSight, "refused: no space"},
    {"overload refused", Point::Source::kSight, "refused: overloaded"},
    {"request refused at its header", Point::Source::kEvent, "request_refused_at_header"},
    {"write refused as replicas lag", Point::Source::kEvent, "write_refused_as_replicas_lag"},
    {"hint for an overloaded replica", Point::Source::kEvent, "replica_overloaded"},
    {"read refused for memory", Point::Source::kEvent, "read_refused_for_memory"},
    {"put forwarded again", Point::Source::kEvent, "put_forwarded_again"},
    {"forwarded put perhaps stored twice", Point::Source::kSight,
     "forwarded put perhaps stored twice"},
    {"put handed over by a sick store", Point::Source::kEvent, "put_handed_over"},
    {"write minted twice", Point::Source::kSight, "write minted twice"},
    // Hints.
    {"receipt names a hint", Point::Source::kSight, "receipt names a hint"},
    {"hint coalesced", Point::Source::kEvent, "hint_coalesced"},
    {"hint dropped", Point::Source::kEvent, "hint_dropped"},
    {"hint orphaned", Point::Source::kEvent, "hint_orphaned"},
    {"hint grew while delivered", Point::Source::kEvent, "hint_grew"},
    {"hint delivery delayed", Point::Source::kEvent, "hint_delivery_delayed"},
    {"hints lost to damage", Point::Source::kEvent, "hints_lost"},
    // Members and layouts.
    {"accusation refuted", Point::Source::kEvent, "accusation_refuted"},
    {"peer dead", Point::Source::kEvent, "peer_dead"},
    {"waiting for seeds", Point::Source::kEvent, "waiting_for_seeds"},
    {"layout refused as old", Point::Source::kEvent, "layout_refused_as_old"},
    {"transfer retried", Point::Source::kEvent, "transfer_retried"},
    {"transfer restarted", Point::Source::kEvent, "transfer_restarted"},
    // Stores.
    {"actor renewed", Point::Source::kEvent, "actor_renewed"},
    {"tombstones collected", Point::Source::kEvent, "tombstones_collected"},
    {"store caught up after a loss", Point::Source::kEvent, "store_caught_up"},
    {"store older than the cluster knows", Point::Source::kEvent, "store_is_older"},
    {"damage repair waiting", Point::Source::kEvent, "damage_repair_waiting"},
    {"damage repaired", Point::Source::kEvent, "damage_repair_finished"},
    {"disk full", Point::Source::kEvent, "disk_full"},
    {"store failed", Point::Source::kEvent, "store_failed"},
    {"damage healed without repair", Point::Source::kEvent, "damage_purged"},
    {"hash tree rebuilt", Point::Source::kSight, "hash tree rebuilt"},
    {"hash tree unfinished", Point::Source::kEvent, "hash_tree_unfinished"},
    {"partition exchanged", Point::Source::kEvent, "partition_exchanged"},
    // The network.
    {"stream broken within a frame", Point::Source::kSight, "stream broken within a frame"},
    {"send queue full", Point::Source::kFault, "queue_full"},
});

// True if the run that counted `tally` was there.
bool is_reached(const Point& point, const Tally& tally);

}  // namespace distkv::sim
