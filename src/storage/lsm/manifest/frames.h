// The bytes of a manifest file, apart from any file: a header, then frames.
//
// Each frame's checksum is seeded with the store, the file's number and the frame's offset, so that
// only a frame written here, for here, validates. Edits are synced one by one; therefore a whole
// frame proves that all before it was on disk, and a damaged frame with a whole one after it is
// damage, while one with nothing after it is a torn write. Edits start on block boundaries, so that
// writing one never touches a block that holds another. Format: FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/lsm/ids.h"

namespace distkv::storage::lsm {

// What a disk may lose as a whole while it writes into it; also what Linux writes at least.
inline constexpr uint64_t kBlockBytes = 4096;

struct ManifestIdentity {
  StoreId store;
  uint64_t number = 0;  // In the file's name.
};

enum class FrameKind : uint8_t {
  kState = 1,  // The first, and no other.
  kEdit = 2,
  kEnd = 3,  // Says only that all before it is on disk. The next edit is written over it.
};

struct Frame {
  FrameKind kind = FrameKind::kState;
  uint64_t offset = 0;
  std::string_view body;  // Into the bytes parsed.
};

struct ManifestBytes {
  StoreId store;
  std::vector<Frame> frames;  // A state, then edits.
  bool has_end = false;       // The last edit is followed by an end frame.
};

std::string encode_header(const ManifestIdentity& identity);
// Zeros up to the next block.
void pad_to_block(std::string& bytes);
// The frame as it stands at `offset` of its file and nowhere else, not padded.
std::string encode_frame(const ManifestIdentity& identity, uint64_t offset, FrameKind kind,
                         std::string_view body);

// All frames of the file with this number. A torn tail is left out; kCorrupt, with the offset, for
// anything else. Views into `bytes`.
base::Result<ManifestBytes> parse_manifest(std::string_view bytes, uint64_t number);

}  // namespace distkv::storage::lsm
