// Bytes nobody's encoder made. Whatever decode believes must at least be a message: it is encoded
// again, which touches every byte it points to, and must then read back as itself.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "samples.h"

namespace distkv::wire {
namespace {

constexpr uint64_t kSeed = 20240229;
constexpr int kRounds = 3000;

template <typename T>
void check_survives(const std::string& body, MessageType type) {
  // A block of its own, so that a sanitizer sees a read past the end.
  const std::vector<char> block(body.begin(), body.end());
  const base::Result<T> decoded =
      decode<T>({type, base::RequestId(1), {block.data(), block.size()}});
  if (!decoded.is_ok()) {
    CHECK(!decoded.status().message().empty());
    return;
  }
  Encoder encoder;
  const std::string frame(encoder.encode(*decoded, base::RequestId(1)));
  const base::Result<FrameView> parsed = parse_datagram(frame);
  REQUIRE(parsed.is_ok());
  const base::Result<T> again = decode<T>(*parsed);
  REQUIRE_MESSAGE(again.is_ok(), again.status().to_string());
  CHECK((*again == *decoded));
}

std::string mutated(std::string body, base::Rng& rng) {
  const uint64_t edits = rng.between(1, 4);
  for (uint64_t i = 0; i < edits && !body.empty(); ++i) {
    char& byte = body[rng.below(body.size())];
    // Small numbers move offsets and lengths to plausible places; random ones do the rest.
    byte = static_cast<char>(rng.chance(0.5) ? byte + static_cast<int>(rng.below(17)) - 8
                                             : static_cast<int>(rng.next() & 0xff));
  }
  if (rng.chance(0.1)) body.resize(rng.below(body.size() + 1));
  return body;
}

TEST_SUITE_BEGIN("hostile bytes");

TEST_CASE("random bytes never crash a decoder") {
  base::Rng rng(kSeed);
  for_each_sample([&]<typename T>(const char* name, const T&) {
    CAPTURE(name);
    for (int round = 0; round < kRounds; ++round) {
      std::string body(rng.below(128), '\0');
      for (char& byte : body) byte = static_cast<char>(rng.next() & (rng.chance(0.5) ? 0xff : 7));
      check_survives<T>(body, T::kType);
    }
  });
}

TEST_CASE("mutated messages never crash a decoder, and what passes reads back as itself") {
  base::Rng rng(kSeed);
  for_each_sample([&]<typename T>(const char* name, const T& message) {
    CAPTURE(name);
    Encoder encoder;
    const std::string body(encoder.encode(message, base::RequestId(1)).substr(kFrameHeaderBytes));
    for (int round = 0; round < kRounds; ++round) {
      check_survives<T>(mutated(body, rng), T::kType);
    }
  });
}

TEST_CASE("every prefix of a message is refused or survives") {
  for_each_sample([&]<typename T>(const char* name, const T& message) {
    CAPTURE(name);
    Encoder encoder;
    const std::string body(encoder.encode(message, base::RequestId(1)).substr(kFrameHeaderBytes));
    for (size_t size = 0; size < body.size(); ++size) {
      check_survives<T>(body.substr(0, size), T::kType);
    }
  });
}

TEST_CASE("a message of one type is never taken for another") {
  for_each_sample([&]<typename T>(const char* name, const T& message) {
    CAPTURE(name);
    Encoder encoder;
    const std::string frame(encoder.encode(message, base::RequestId(1)));
    FrameView view = *parse_datagram(frame);
    view.type = static_cast<MessageType>(200);
    CHECK(decode<T>(view).code() == base::Code::kInvalidArgument);
  });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::wire
