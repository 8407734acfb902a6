// The member table: every node ever heard of in this cluster, self included, and when each last
// gave a sign of life. It stores; who may overwrite what is judged by supersede.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "membership/member.h"
#include "wire/messages.h"

namespace distkv::membership {

// Bounds memory against a flood of invented ids; four times the largest cluster simulated.
inline constexpr size_t kMembersMax = wire::kMembersMax;

// The row as it travels; views into `member`.
wire::MemberUpdate update_of(const Member& member);

class Table {
 public:
  // `clock` must outlive this.
  Table(Member self, const base::Clock& clock);

  const std::map<base::NodeId, Member>& members() const { return members_; }
  // Null if never heard of.
  const Member* find(const base::NodeId& id) const;
  const Member& self() const { return members_.at(self_id_); }
  bool is_self(const base::NodeId& id) const { return id == self_id_; }
  bool is_full() const { return members_.size() >= kMembersMax; }

  // Writes a row, whatever stood there. True if it is new or its state or endpoint changed.
  bool put(const wire::MemberUpdate& update);
  // Notes that `id` was heard from just now; unknown ids are ignored.
  void note_life(const base::NodeId& id);
  // When it last gave a sign of life or else became known. `id` must be in the table.
  base::MonotonicTime last_life(const base::NodeId& id) const { return last_life_.at(id); }

  // Equal where two tables are. A suspicion is left out: it soon ends in a refutation or a death,
  // and both of these count.
  uint64_t digest() const;
  // All rows as they travel, ascending by id; views into the table.
  std::vector<wire::MemberUpdate> updates() const;
  // Members alive or suspect, self included.
  size_t reachable_count() const;
  // Ids of the others in a state between `best` and `worst`, ascending.
  std::vector<base::NodeId> others(MemberState best, MemberState worst) const;
  // Up to `count` of others(best, worst), drawn without repetition.
  std::vector<base::NodeId> draw(size_t count, MemberState best, MemberState worst,
                                 base::Rng& rng) const;

 private:
  const base::NodeId self_id_;
  const base::Clock& clock_;
  std::map<base::NodeId, Member> members_;
  std::map<base::NodeId, base::MonotonicTime> last_life_;
  mutable std::optional<uint64_t> digest_;  // None after a change, until somebody asks.
};

}  // namespace distkv::membership
