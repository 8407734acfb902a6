#include "wire/member_codec.h"

#include "wire/common_generated.h"

namespace distkv::wire {

MemberOffset encode_member(FrameBuilder& builder, const MemberUpdate& member) {
  const TextOffset id = builder.text(member.id);
  const TextOffset endpoint = builder.text(member.endpoint);
  return fb::CreateMemberUpdate(builder.flat, id, endpoint, static_cast<uint8_t>(member.state),
                                member.incarnation.generation, member.incarnation.refutations);
}

MemberUpdate read_member(const fb::MemberUpdate* table, const char* field, Checks& checks) {
  checks.require(table != nullptr, field, "is missing");
  if (table == nullptr) return {};
  MemberUpdate member;
  member.id = checks.node_id(view(table->id()), "member id");
  member.endpoint = checks.endpoint(view(table->endpoint()), "member endpoint");
  member.state =
      checks.enumeration(table->state(), MemberState::kAlive, MemberState::kLeft, "member state");
  member.incarnation = {table->generation(), table->refutations()};
  return member;
}

void read_members(const MemberVector* vector, size_t count_max, const char* field,
                  std::vector<MemberUpdate>& out, Checks& checks) {
  read_each(vector, out, count_max, field, checks,
            [&](const fb::MemberUpdate* table) { return read_member(table, field, checks); });
}

}  // namespace distkv::wire
