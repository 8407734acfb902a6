// Any bytes as CURRENT and as the manifest it names. The first byte says which of them has its
// checksums made right, the second how much is CURRENT's. A state that is believed must survive
// being written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/manifest/frames.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint8_t kRepairCurrentFlag = 1;
constexpr uint8_t kRepairFramesFlag = 2;
constexpr size_t kHeadBytes = 1 + 2;  // A frame's kind and length, in the input.
constexpr uint64_t kFramesMax = 16;

std::string current_of(std::string_view bytes, bool is_repaired) {
  if (!is_repaired) return std::string(bytes);
  std::string name(bytes.substr(0, bytes.find(' ')));
  if (name.empty()) name = manifest_name(1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line = name + " ";
  for (int shift = 60; shift >= 0; shift -= 4) line += kDigits[base::hash64(name) >> shift & 15];
  return line + "\n";
}

// Frames of the kinds, lengths and bodies that the bytes say, without the rest of a manifest.
std::string manifest_of(std::string_view bytes, bool is_repaired) {
  if (!is_repaired) return std::string(bytes);
  const ManifestIdentity identity{StoreId{base::Id128{1, 2}}, 1};
  std::string manifest = encode_header(identity);
  for (uint64_t frame = 0; frame < kFramesMax && bytes.size() >= kHeadBytes; ++frame) {
    base::Reader head(bytes.substr(0, kHeadBytes));
    const auto kind = static_cast<FrameKind>(1 + head.u8() % 3);
    const std::string_view body = bytes.substr(kHeadBytes, head.u16());
    if (frame > 0) pad_to_block(manifest);
    manifest += encode_frame(identity, manifest.size(), kind, body);
    bytes.remove_prefix(kHeadBytes + body.size());
  }
  return manifest;
}

}  // namespace

void fuzz_manifest_store(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto flags = static_cast<uint8_t>(bytes[0]);
  const size_t current_bytes = static_cast<uint8_t>(bytes[1]);
  bytes.remove_prefix(2);
  const std::string_view current = bytes.substr(0, current_bytes);
  bytes.remove_prefix(current.size());
  io::test::SimFileSystem disk(1);
  DISTKV_CHECK(disk.make_directory("/store").is_ok() && disk.make_directory("/again").is_ok());
  disk.replace("/store/CURRENT", current_of(current, (flags & kRepairCurrentFlag) != 0));
  disk.replace("/store/" + manifest_name(1), manifest_of(bytes, (flags & kRepairFramesFlag) != 0));

  const auto found = Manifest::read(disk, "/store");
  if (!found.is_ok()) {
    DISTKV_CHECK(found.code() == base::Code::kCorrupt);
    return;
  }
  DISTKV_CHECK(found->has_value());
  auto written = Manifest::start(disk, "/again", (*found)->store, (*found)->state);
  DISTKV_CHECK(written.is_ok() && (*written)->close().is_ok());
  const auto again = Manifest::read(disk, "/again");
  DISTKV_CHECK(again.is_ok() && again->has_value() && (*again)->state == (*found)->state);
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::storage::lsm::fuzz_manifest_store({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
