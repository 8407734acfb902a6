// Pins the bytes of protocol version 1. A line of the golden file is never edited: if this fails,
// nodes of two releases no longer understand each other. New fields get new lines.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "samples.h"
#include "support/hex.h"

namespace distkv::wire {
namespace {

using test::to_hex;

constexpr uint64_t kGoldenId = 0x0123456789abcdef;

// "name hex" on each line.
std::map<std::string, std::string> golden_lines() {
  std::ifstream file(DISTKV_SOURCE_ROOT "/test/golden/wire_v1.txt");
  std::map<std::string, std::string> lines;
  std::string name, hex;
  while (file >> name >> hex) lines[name] = hex;
  return lines;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TEST_SUITE_BEGIN("golden");

TEST_CASE("the encoder makes exactly the bytes of version 1") {
  const auto lines = golden_lines();
  Encoder encoder;
  for_each_sample([&](const char* name, const auto& message) {
    CAPTURE(name);
    REQUIRE(lines.count(name) == 1);
    CHECK(to_hex(encoder.encode(message, base::RequestId(kGoldenId))) == lines.at(name));
  });
}

TEST_CASE("the bytes of version 1 decode to the messages they were made of") {
  const auto lines = golden_lines();
  for_each_sample([&]<typename T>(const char* name, const T& message) {
    CAPTURE(name);
    REQUIRE(lines.count(name) == 1);
    const std::string bytes = from_hex(lines.at(name));
    const base::Result<FrameView> frame = parse_datagram(bytes);
    REQUIRE(frame.is_ok());
    CHECK(frame->request_id == base::RequestId(kGoldenId));
    const base::Result<T> decoded = decode<T>(*frame);
    REQUIRE_MESSAGE(decoded.is_ok(), decoded.status().to_string());
    CHECK((*decoded == message));
  });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::wire
