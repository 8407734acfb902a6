// A row of the member table, which streams and gossip both carry. Private to this folder.
#pragma once

#include <vector>

#include "wire/codec.h"

namespace distkv::wire {

namespace fb {
struct MemberUpdate;
}

using MemberOffset = flatbuffers::Offset<fb::MemberUpdate>;
using MemberVector = flatbuffers::Vector<MemberOffset>;

MemberOffset encode_member(FrameBuilder& builder, const MemberUpdate& member);
// Null, an absent row, breaks the rule that `field` is there.
MemberUpdate read_member(const fb::MemberUpdate* table, const char* field, Checks& checks);
void read_members(const MemberVector* vector, size_t count_max, const char* field,
                  std::vector<MemberUpdate>& out, Checks& checks);

}  // namespace distkv::wire
