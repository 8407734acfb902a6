// The timeline that replies of puts and of gets may carry. Private to this folder.
#pragma once

#include <optional>

#include "wire/codec.h"

namespace distkv::wire {

namespace fb {
struct Trace;
}

// Zero where there is none.
flatbuffers::Offset<fb::Trace> encode_trace(FrameBuilder& builder,
                                            const std::optional<Trace>& trace);
std::optional<Trace> read_trace(const fb::Trace* table, Checks& checks);

}  // namespace distkv::wire
