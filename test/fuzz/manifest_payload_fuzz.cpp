// States and edits from any bytes: what decodes encodes to the same bytes, and an edit either fits
// a state and leaves it sound, or leaves it alone. First byte: what the rest is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/lsm/manifest/codec.h"

namespace {

using namespace distkv::storage::lsm;  // NOLINT: one file, one purpose.

StoreState any_state() {
  StoreState state;
  state.next_file = FileId(10);
  state.next_run = RunId(10);
  const auto table = [](uint64_t file, uint64_t first, uint64_t last) {
    return TableSummary{.file = FileId(file),
                        .bytes = 10,
                        .rows = 10,
                        .first = distkv::base::Token(first),
                        .last = distkv::base::Token(last)};
  };
  state.spaces[0] = {{.id = RunId(3), .tables = {table(1, 0, 90)}},
                     {.id = RunId(2), .level = 1, .tables = {table(2, 0, 40), table(3, 50, 99)}},
                     {.id = RunId(1), .is_base = true, .tables = {table(4, 0, 48)}}};
  return state;
}

void try_edit(const Edit& edit, StoreState state) {
  const StoreState before = state;
  if (!apply(edit, state).is_ok()) {
    DISTKV_CHECK(state == before);
    return;
  }
  DISTKV_CHECK(check(state).is_ok());
  const auto again = decode_state(encode(state));
  DISTKV_CHECK(again.is_ok() && *again == state);
  static_cast<void>(dropped_files(before, state));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(input) + 1, size - 1);
  if (input[0] % 2 == 0) {
    const auto state = decode_state(bytes);
    DISTKV_CHECK(!state.is_ok() || encode(*state) == bytes);
    return 0;
  }
  const auto edit = decode_edit(bytes);
  if (!edit.is_ok()) return 0;
  DISTKV_CHECK(encode(*edit) == bytes);
  try_edit(*edit, any_state());
  try_edit(*edit, StoreState());
  return 0;
}
