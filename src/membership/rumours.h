// What is still to be told, and how often it was: SWIM's infection-style dissemination (SWIM §4.1).
// One rumour per member, so the queue is as bounded as the table; its words are read from the table
// when it is told, so a rumour is never older than what this node believes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/types.h"

namespace distkv::membership {

// Among rumours told equally often the lower goes first: good news stops harm, so it leads.
enum class RumourRank : uint8_t { kOwn = 0, kAlive = 1, kDead = 2, kSuspect = 3 };

class Rumours {
 public:
  // Queues news of `about`, never told before. Replaces what was queued of it.
  void add(const base::NodeId& about, RumourRank rank);
  // Counts one telling; at `tellings_max` the rumour is old and dropped.
  void note_told(const base::NodeId& about, uint32_t tellings_max);
  // What to tell next: own news always first, then fewest tellings, then rank.
  std::vector<base::NodeId> in_order() const;
  bool empty() const { return queued_.empty(); }
  void clear() { queued_.clear(); }

 private:
  struct Rumour {
    RumourRank rank = RumourRank::kAlive;
    uint32_t tellings = 0;
  };
  std::map<base::NodeId, Rumour> queued_;
};

// How often each node tells a rumour so that it reaches all of `members` even over a network that
// loses a third of its packets: about 3·log2(members + 1).
uint32_t tellings_max(size_t members);

}  // namespace distkv::membership
