#include "wire/frame.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::wire {
namespace {

using base::Code;
using base::RequestId;

constexpr size_t kLimit = 4096;

struct Seen {
  MessageType type;
  uint64_t request_id;
  std::string body;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::string frame_of(MessageType type, uint64_t id, std::string_view body) {
  std::string frame;
  append_frame(type, RequestId(id), body, frame);
  return frame;
}

FrameHandler collect(std::vector<Seen>& seen) {
  return [&seen](const FrameView& frame) {
    seen.push_back({frame.type, frame.request_id.value(), std::string(frame.body)});
    return true;
  };
}

const std::vector<Seen> kThree = {{MessageType::kGetRequest, 1, "one"},
                                  {MessageType::kStatusRequest, 2, ""},
                                  {MessageType::kPutRequest, 3, std::string(100, 'x')}};

std::string three_frames() {
  std::string stream;
  for (const Seen& frame : kThree) stream += frame_of(frame.type, frame.request_id, frame.body);
  return stream;
}

TEST_SUITE_BEGIN("frame");

TEST_CASE("a frame is its header and its body, at the offsets PROTOCOL.md draws") {
  const std::string frame = frame_of(MessageType::kGossip, 0x0807060504030201, "body");

  CHECK(frame.size() == kFrameHeaderBytes + 4);
  CHECK(frame.substr(0, 16) ==
        std::string("\x18\0\0\0\x01\x3c\0\0\x01\x02\x03\x04\x05\x06\x07\x08", 16));
  CHECK(frame.substr(kFrameHeaderBytes) == "body");
}

TEST_CASE("several frames in one chunk come out in order, without a copy") {
  const std::string stream = three_frames();
  FrameReader reader(kLimit);
  std::vector<Seen> seen;

  const base::Status status = reader.feed(stream, [&](const FrameView& frame) {
    CHECK(frame.body.data() >= stream.data());
    CHECK(frame.body.data() <= stream.data() + stream.size());
    return collect(seen)(frame);
  });

  CHECK(status.is_ok());
  CHECK(seen == kThree);
  CHECK(reader.bytes_held() == 0);
}

TEST_CASE("a stream split in two at any byte gives the same frames") {
  const std::string stream = three_frames();
  for (size_t split = 0; split <= stream.size(); ++split) {
    FrameReader reader(kLimit);
    std::vector<Seen> seen;
    CHECK(reader.feed(std::string_view(stream).substr(0, split), collect(seen)).is_ok());
    CHECK(reader.feed(std::string_view(stream).substr(split), collect(seen)).is_ok());
    CHECK(seen == kThree);
    CHECK(reader.bytes_held() == 0);
  }
}

TEST_CASE("a stream fed byte by byte gives the same frames") {
  FrameReader reader(kLimit);
  std::vector<Seen> seen;
  for (const char byte : three_frames()) {
    CHECK(reader.feed(std::string_view(&byte, 1), collect(seen)).is_ok());
  }
  CHECK(seen == kThree);
}

TEST_CASE("a frame of exactly the limit passes, one byte more is refused at its header") {
  const size_t body_max = kLimit - kFrameHeaderBytes;
  const std::string fits = frame_of(MessageType::kPutRequest, 1, std::string(body_max, 'x'));
  const std::string over = frame_of(MessageType::kPutRequest, 1, std::string(body_max + 1, 'x'));
  std::vector<Seen> seen;

  FrameReader whole(kLimit);
  CHECK(whole.feed(fits, collect(seen)).is_ok());
  CHECK(seen.size() == 1);
  FrameReader at_once(kLimit);
  CHECK(at_once.feed(over.substr(0, kFrameHeaderBytes), collect(seen)).code() == Code::kTooLarge);
  CHECK(at_once.bytes_held() == 0);
  FrameReader in_parts(kLimit);
  CHECK(in_parts.feed(over.substr(0, kFrameHeaderBytes - 1), collect(seen)).is_ok());
  CHECK(in_parts.feed(over.substr(kFrameHeaderBytes - 1), collect(seen)).code() == Code::kTooLarge);
  CHECK(in_parts.bytes_held() == kFrameHeaderBytes);
  CHECK(seen.size() == 1);
}

// Takes all but frame 2, and notes whom it was asked about.
struct Judge {
  bool operator()(const FrameHeader& header) const {
    asked->push_back(header.request_id.value());
    return header.request_id != RequestId{2};
  }
  std::vector<uint64_t>* asked;
};

TEST_CASE("a frame that is not wanted is dropped wherever it is split, and none of it is kept") {
  const std::vector<Seen> wanted = {{MessageType::kGetRequest, 1, "one"},
                                    {MessageType::kPutRequest, 3, "three"}};
  const std::string stream = frame_of(MessageType::kGetRequest, 1, "one") +
                             frame_of(MessageType::kPutRequest, 2, std::string(100, 'x')) +
                             frame_of(MessageType::kPutRequest, 3, "three");
  for (size_t split = 0; split <= stream.size(); ++split) {
    FrameReader reader(kLimit);
    std::vector<uint64_t> asked;
    reader.set_judge(Judge{&asked});
    std::vector<Seen> seen;
    CHECK(reader.feed(std::string_view(stream).substr(0, split), collect(seen)).is_ok());
    CHECK(reader.bytes_held() < kFrameHeaderBytes + 10);
    CHECK(reader.feed(std::string_view(stream).substr(split), collect(seen)).is_ok());
    CHECK(seen == wanted);
    CHECK(asked == std::vector<uint64_t>{1, 2, 3});
    CHECK_FALSE(reader.is_within_frame());
  }
}

TEST_CASE("a frame is judged once, by its header, before its body is there") {
  const std::string frame = frame_of(MessageType::kPutRequest, 1, std::string(100, 'x'));
  FrameReader reader(kLimit);
  std::vector<uint64_t> asked;
  reader.set_judge(Judge{&asked});
  std::vector<Seen> seen;
  for (size_t i = 0; i < frame.size(); ++i) {
    CHECK(asked.size() == (i < kFrameHeaderBytes ? 0 : 1));
    CHECK(reader.feed(std::string_view(frame).substr(i, 1), collect(seen)).is_ok());
    CHECK(reader.is_within_frame() == (i + 1 < frame.size()));
  }
  CHECK(seen.size() == 1);
  CHECK(asked.size() == 1);
}

TEST_CASE("the limit may be raised while a frame is handled, and holds from the next one on") {
  const std::string greeting = frame_of(MessageType::kGreeting, 0, "hello");
  const std::string large = frame_of(MessageType::kApplyRequest, 1, std::string(kLimit, 'x'));
  FrameReader reader(kLimit);
  size_t count = 0;

  const base::Status status = reader.feed(greeting + large, [&](const FrameView&) {
    reader.set_frame_bytes_max(2 * kLimit);
    ++count;
    return true;
  });

  CHECK(status.is_ok());
  CHECK(count == 2);
}

TEST_CASE("a stream that failed once stays failed") {
  std::string damaged = frame_of(MessageType::kGetRequest, 1, "one");
  damaged.back() ^= 1;
  FrameReader reader(kLimit);
  std::vector<Seen> seen;

  CHECK(reader.feed(damaged, collect(seen)).code() == Code::kCorrupt);
  CHECK(reader.feed(three_frames(), collect(seen)).code() == Code::kCorrupt);
  CHECK(seen.empty());
}

TEST_CASE("a handler that says no gets no more frames, and may have destroyed the reader") {
  const std::string stream = three_frames();
  for (const size_t first_chunk : {stream.size(), size_t{5}}) {
    auto reader = std::make_unique<FrameReader>(kLimit);
    size_t count = 0;
    std::string body;
    const auto close = [&](const FrameView& frame) {
      ++count;
      reader.reset();
      body = frame.body;
      return false;
    };
    CHECK(reader->feed(stream.substr(0, first_chunk), close).is_ok());
    if (reader) CHECK(reader->feed(stream.substr(first_chunk), close).is_ok());
    CHECK(count == 1);
    CHECK(body == "one");
  }
}

TEST_CASE("a datagram with any one byte changed is refused") {
  const std::string packet = frame_of(MessageType::kGossip, 5, "the body of a message");
  REQUIRE(parse_datagram(packet).is_ok());
  for (size_t i = 0; i < packet.size(); ++i) {
    for (const int mask : {1, 0x80, 0xff}) {
      std::string damaged = packet;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      CHECK(parse_datagram(damaged).code() == Code::kCorrupt);
    }
  }
}

TEST_CASE("a stream with any one byte changed never hands out a frame") {
  const std::string frame = frame_of(MessageType::kGetRequest, 5, "the body of a message");
  for (size_t i = 0; i < frame.size(); ++i) {
    std::string damaged = frame;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    FrameReader reader(kLimit);
    std::vector<Seen> seen;
    const base::Status status = reader.feed(damaged, collect(seen));
    CHECK(seen.empty());
    // A longer length waits for the rest; anything else fails at once.
    CHECK((!status.is_ok() || reader.bytes_held() == frame.size()));
  }
}

TEST_CASE("a datagram is one whole frame and nothing else") {
  const std::string packet = frame_of(MessageType::kGossip, 5, "body");
  CHECK(parse_datagram(packet + "x").code() == Code::kCorrupt);
  for (size_t size = 0; size < packet.size(); ++size) {
    CHECK(parse_datagram(std::string_view(packet).substr(0, size)).code() == Code::kCorrupt);
  }
}

TEST_CASE("a header that makes no sense is refused even where its checksum is right") {
  const std::string sound = frame_of(MessageType::kGossip, 5, "");
  const auto refused_with = [&](size_t offset, char byte) {
    std::string frame = sound;
    frame[offset] = byte;
    const uint64_t checksum = base::hash64("", base::hash64(std::string_view(frame).substr(0, 16)));
    frame.resize(16);
    base::Writer(frame).u64(checksum);
    FrameReader reader(kLimit);
    std::vector<Seen> seen;
    return reader.feed(frame, collect(seen)).code() == Code::kCorrupt && seen.empty();
  };
  CHECK_FALSE(refused_with(8, 6));  // Another request id: the checksum is made as the frame's.
  CHECK(refused_with(0, 19));       // Shorter than the header.
  CHECK(refused_with(6, 1));        // Reserved.
  CHECK(refused_with(7, 1));
}

TEST_CASE("a frame of another protocol version is refused and says so") {
  std::string frame = frame_of(MessageType::kGossip, 5, "body");
  frame[4] = 2;
  CHECK(parse_datagram(frame).status().message().find("version 2") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::wire
