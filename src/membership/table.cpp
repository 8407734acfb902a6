#include "membership/table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"

namespace distkv::membership {

wire::MemberUpdate update_of(const Member& member) {
  return {.id = member.id.value(),
          .endpoint = member.endpoint.value(),
          .state = member.state,
          .incarnation = member.incarnation};
}

Table::Table(Member self, const base::Clock& clock) : self_id_(self.id), clock_(clock) {
  last_life_[self_id_] = clock_.now();
  members_[self_id_] = std::move(self);
}

const Member* Table::find(const base::NodeId& id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

bool Table::put(const wire::MemberUpdate& update) {
  base::NodeId id{std::string(update.id)};
  base::Endpoint endpoint{std::string(update.endpoint)};
  const bool is_new = !members_.contains(id);
  DISTKV_CHECK(!is_new || !is_full());
  Member& member = members_[id];
  const bool is_change = is_new || member.state != update.state || member.endpoint != endpoint;
  member.endpoint = std::move(endpoint);
  member.state = update.state;
  member.incarnation = update.incarnation;
  if (is_new) {
    member.id = id;
    last_life_[std::move(id)] = clock_.now();
  }
  digest_.reset();
  return is_change;
}

void Table::note_life(const base::NodeId& id) {
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  found->second.last_seen = clock_.wall_now();
  last_life_[id] = clock_.now();
}

uint64_t Table::digest() const {
  if (digest_) return *digest_;
  std::string canonical;
  base::Writer writer(canonical);
  for (const auto& [id, member] : members_) {
    const bool is_suspect = member.state == MemberState::kSuspect;
    writer.bytes(id.value());
    writer.bytes(member.endpoint.value());
    writer.u8(static_cast<uint8_t>(is_suspect ? MemberState::kAlive : member.state));
    writer.u64(member.incarnation.generation);
    writer.u32(member.incarnation.refutations);
  }
  digest_ = base::hash64(canonical);
  return *digest_;
}

std::vector<wire::MemberUpdate> Table::updates() const {
  std::vector<wire::MemberUpdate> all;
  all.reserve(members_.size());
  for (const auto& [id, member] : members_) all.push_back(update_of(member));
  return all;
}

size_t Table::reachable_count() const {
  return static_cast<size_t>(std::count_if(
      members_.begin(), members_.end(), [](const auto& row) { return row.second.is_reachable(); }));
}

std::vector<base::NodeId> Table::others(MemberState best, MemberState worst) const {
  std::vector<base::NodeId> ids;
  for (const auto& [id, member] : members_) {
    if (id != self_id_ && member.state >= best && member.state <= worst) ids.push_back(id);
  }
  return ids;
}

std::vector<base::NodeId> Table::draw(size_t count, MemberState best, MemberState worst,
                                      base::Rng& rng) const {
  std::vector<base::NodeId> ids = others(best, worst);
  const size_t drawn = std::min(count, ids.size());
  for (size_t i = 0; i < drawn; ++i) std::swap(ids[i], ids[i + rng.below(ids.size() - i)]);
  ids.resize(drawn);
  return ids;
}

}  // namespace distkv::membership
