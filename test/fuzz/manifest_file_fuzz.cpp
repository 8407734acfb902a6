// A manifest file of any bytes: each frame found is the one that would be written there.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/lsm/manifest/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace distkv::storage::lsm;  // NOLINT: one function.
  const std::string_view bytes(reinterpret_cast<const char*>(input), size);
  const auto parsed = parse_manifest(bytes, 1);
  if (!parsed.is_ok()) return 0;
  const ManifestIdentity identity{parsed->store, 1};
  DISTKV_CHECK(bytes.starts_with(encode_header(identity)));
  DISTKV_CHECK(!parsed->frames.empty() && parsed->frames[0].kind == FrameKind::kState);
  for (const auto& frame : parsed->frames) {
    const auto written = encode_frame(identity, frame.offset, frame.kind, frame.body);
    DISTKV_CHECK(bytes.substr(frame.offset).starts_with(written));
  }
  return 0;
}
