// Any bytes as a frame's payload of as many commits as the first byte says. What decodes must
// encode to the same bytes; and any bytes as a frame, which if it can be peeked at must be intact
// once it is sealed, and nowhere else.
#include <string>
#include <vector>

#include "base/check.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {
namespace {

const StoreId kStore{base::Id128{1, 2}};

// The payload's commits one by one, so that commits without writes are kept apart.
std::string encoded_again(const std::vector<std::vector<LoggedWrite>>& commits) {
  std::string payload;
  for (const auto& commit : commits) {
    std::vector<LogWrite> writes;
    for (const LoggedWrite& write : commit) {
      writes.push_back({write.key, write.is_erased ? nullptr : &write.entry});
    }
    encode_commit(writes, payload);
  }
  return payload;
}

void fuzz_payload(std::string_view bytes) {
  const uint32_t count = static_cast<uint8_t>(bytes[0]);
  const std::string_view payload = bytes.substr(1);
  std::vector<std::vector<LoggedWrite>> commits(count);
  const auto status = decode_commits(payload, Sequence{1}, count, Sequence{},
                                     [&](const LoggedWrite& write) -> base::Status {
                                       DISTKV_CHECK(write.sequence.value() <= count);
                                       commits[write.sequence.value() - 1].push_back(write);
                                       return {};
                                     });
  if (status.is_ok()) DISTKV_CHECK(encoded_again(commits) == payload);
}

void fuzz_frame(std::string_view bytes) {
  static_cast<void>(decode_segment_header(bytes));
  auto header = peek_frame(bytes);
  if (!header || bytes.size() < kFrameHeaderBytes + header->payload_bytes) return;
  static_cast<void>(is_frame_intact(*header, kStore, kLogPageBytes, bytes));
  std::string sealed(bytes.substr(0, kFrameHeaderBytes + header->payload_bytes));
  seal_frame(*header, kStore, kLogPageBytes, sealed);
  DISTKV_CHECK(is_frame_intact(*header, kStore, kLogPageBytes, sealed));
  DISTKV_CHECK(!is_frame_intact(*header, kStore, 2 * kLogPageBytes, sealed));
}

}  // namespace

void fuzz_wal_frame(std::string_view bytes) {
  if (bytes.empty()) return;
  fuzz_payload(bytes);
  fuzz_frame(bytes.substr(1));
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::storage::lsm::fuzz_wal_frame({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
