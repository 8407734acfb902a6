// Bytes of a state and of an edit, as the manifest holds them. Every value has exactly one form:
// what decodes encodes to the same bytes again. Format: FORMAT.md, "Payloads".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

// The tables' spaces are not written: they are those of their runs (check() and apply() see to it).
std::string encode(const StoreState& state);
std::string encode(const Edit& edit);

// kCorrupt if the bytes are not what encode() writes, or the state is not sound (see check()). An
// edit is judged by apply() only, which knows what it is applied to.
base::Result<StoreState> decode_state(std::string_view bytes);
base::Result<Edit> decode_edit(std::string_view bytes);

}  // namespace distkv::storage::lsm
