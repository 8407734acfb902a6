// Bytes of the log: what goes in comes out, and nothing validates where it was not written.
#include "storage/lsm/wal/format.h"

#include <doctest/doctest.h>

#include "base/hash.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

const StoreId kStore{base::Id128{1, 2}};
constexpr uint64_t kOffset = 2 * kLogPageBytes;

std::string sealed_frame(FrameHeader& header) {
  std::string bytes(kFrameHeaderBytes, '\0');
  const Commit commit(3);
  encode_commit(commit.writes(), bytes);
  header = {.payload_bytes = static_cast<uint32_t>(bytes.size() - kFrameHeaderBytes),
            .commits = 1,
            .segment = SegmentNumber{7},
            .first = Sequence{3},
            .synced_to = Sequence{2}};
  seal_frame(header, kStore, kOffset, bytes);
  return bytes;
}

std::string payload_of(const std::vector<LogWrite>& writes) {
  std::string payload;
  encode_commit(writes, payload);
  return payload;
}

base::Status ignore_write(const LoggedWrite&) { return {}; }

}  // namespace

TEST_SUITE_BEGIN("log format");

TEST_CASE("a segment header comes back as it was") {
  const SegmentHeader header = {kStore, SegmentNumber{9}, 1 << 20, Sequence{77}};
  const std::string page = encode_segment_header(header);
  CHECK(page.size() == kLogPageBytes);

  const auto decoded = decode_segment_header(page);
  REQUIRE(decoded);
  CHECK(decoded->store == kStore);
  CHECK(decoded->number == SegmentNumber{9});
  CHECK(decoded->bytes == 1 << 20);
  CHECK(decoded->first == Sequence{77});
}

TEST_CASE("a frame that packs comes back, and one that does not is left as it is") {
  std::string bytes(kFrameHeaderBytes, '\0');
  bytes += std::string(5000, 'v') + "end";
  FrameHeader header = {.payload_bytes = 5003, .commits = 1};
  std::string packed;
  REQUIRE(pack_frame(header, bytes, packed));
  CHECK(header.is_packed);
  CHECK(packed.size() == kFrameHeaderBytes + header.payload_bytes);
  CHECK(header.payload_bytes < 100);
  std::string buffer;
  const auto raw = unpack_payload(header, packed.substr(kFrameHeaderBytes), buffer);
  CHECK(raw == bytes.substr(kFrameHeaderBytes));

  std::string noise(kFrameHeaderBytes, '\0');
  for (uint64_t i = 0; i < 1000; ++i) noise.push_back(static_cast<char>(base::hash64("", i)));
  FrameHeader plain = {.payload_bytes = 1000, .commits = 1};
  CHECK_FALSE(pack_frame(plain, noise, packed));
  CHECK_FALSE(plain.is_packed);
}

TEST_CASE("packed bytes that state a wrong size, or are cut, are no payload") {
  std::string bytes(kFrameHeaderBytes, '\0');
  bytes += std::string(5000, 'v');
  FrameHeader header = {.payload_bytes = 5000, .commits = 1};
  std::string packed;
  REQUIRE(pack_frame(header, bytes, packed));
  const std::string payload = packed.substr(kFrameHeaderBytes);
  std::string buffer;
  for (size_t size = 0; size < payload.size(); ++size) {
    CHECK_FALSE(unpack_payload(header, payload.substr(0, size), buffer));
  }
  for (size_t byte = 0; byte < 4; ++byte) {
    std::string lying = payload;
    lying[byte] = static_cast<char>(lying[byte] + 1);
    CHECK_FALSE(unpack_payload(header, lying, buffer));
  }
}

TEST_CASE("a segment header with any byte changed, or cut short, is none") {
  const std::string page = encode_segment_header({kStore, SegmentNumber{9}, 8192, Sequence{77}});
  for (size_t at = 0; at < kSegmentHeaderBytes; ++at) {
    std::string damaged = page;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK_FALSE(decode_segment_header(damaged));
    CHECK_FALSE(decode_segment_header(page.substr(0, at)));
  }
}

TEST_CASE("a frame fills whole pages and is intact where it was written") {
  FrameHeader header;
  const std::string bytes = sealed_frame(header);
  CHECK(bytes.size() == kLogPageBytes);

  const auto peeked = peek_frame(bytes);
  REQUIRE(peeked);
  CHECK(peeked->payload_bytes == header.payload_bytes);
  CHECK(peeked->commits == 1);
  CHECK(peeked->first == Sequence{3});
  CHECK(peeked->synced_to == Sequence{2});
  CHECK_FALSE(peeked->is_closing);
  CHECK(is_frame_intact(*peeked, kStore, kOffset, bytes));
}

TEST_CASE("a frame is not intact at another offset, in another segment or another store") {
  FrameHeader header;
  const std::string bytes = sealed_frame(header);
  CHECK_FALSE(is_frame_intact(header, kStore, kOffset + kLogPageBytes, bytes));
  CHECK_FALSE(is_frame_intact(header, StoreId{base::Id128{1, 3}}, kOffset, bytes));
  FrameHeader elsewhere = header;
  elsewhere.segment = SegmentNumber{8};
  CHECK_FALSE(is_frame_intact(elsewhere, kStore, kOffset, bytes));
}

TEST_CASE("a frame with any byte of header or payload changed is not intact") {
  FrameHeader header;
  const std::string bytes = sealed_frame(header);
  for (size_t at = 0; at < kFrameHeaderBytes + header.payload_bytes; ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x01);
    const auto peeked = peek_frame(damaged);
    CHECK_FALSE((peeked && is_frame_intact(*peeked, kStore, kOffset, damaged)));
  }
}

TEST_CASE("bytes_of is never less than what a write takes") {
  for (const size_t bytes : {0, 1, 127, 128, 16384, 3'000'000}) {
    const Commit commit(3, bytes);
    uint64_t bound = 0;
    for (const LogWrite& write : commit.writes()) bound += Log::bytes_of(write);
    const uint64_t taken = payload_of(commit.writes()).size();
    CHECK(taken <= bound);
    CHECK(bound <= taken + 100);
  }
}

TEST_CASE("a payload that is not exactly its commits is corrupt") {
  const std::string payload = payload_of(Commit(3).writes());
  const auto decode = [](std::string_view bytes, uint32_t commits) {
    return decode_commits(bytes, Sequence{1}, commits, Sequence{}, ignore_write).code();
  };
  CHECK(decode(payload, 1) == base::Code::kOk);
  CHECK(decode(payload, 0) == base::Code::kCorrupt);
  CHECK(decode(payload, 2) == base::Code::kCorrupt);
  CHECK(decode(payload + "x", 1) == base::Code::kCorrupt);
  for (size_t size = 0; size < payload.size(); ++size) {
    CHECK(decode(payload.substr(0, size), 1) == base::Code::kCorrupt);
  }
  std::string unknown_space = payload;
  unknown_space[1] = 4;
  CHECK(decode(unknown_space, 1) == base::Code::kCorrupt);
}

TEST_CASE("commits up to the one to skip are passed over, and a refusal ends the walk") {
  std::string payload;
  for (uint64_t number = 1; number <= 5; ++number) payload += payload_of(Commit(number).writes());
  std::vector<Sequence> seen;
  const auto status = decode_commits(payload, Sequence{11}, 5, Sequence{12},
                                     [&](const LoggedWrite& write) -> base::Status {
                                       seen.push_back(write.sequence);
                                       if (seen.size() < 3) return {};
                                       return {base::Code::kOverloaded, "enough"};
                                     });
  CHECK(status.code() == base::Code::kOverloaded);
  // The third commit erases as well.
  CHECK(seen == std::vector{Sequence{13}, Sequence{13}, Sequence{14}});
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
