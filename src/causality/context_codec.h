// The bytes of a context, shared by tokens and records so that both read alike (FORMAT.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/codec.h"
#include "causality/context.h"

namespace distkv::causality {

void write_context(const Context& context, base::Writer& writer);

// Reads what write_context wrote, at most `entries_max` vector entries and as many spans. Returns
// what is wrong with it, a static text; empty if nothing is.
std::string_view read_context(base::Reader& reader, uint64_t entries_max, Context& context);

}  // namespace distkv::causality
