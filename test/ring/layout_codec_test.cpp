#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/rng.h"
#include "layout_samples.h"
#include "ring/layout.h"
#include "support/hex.h"

namespace distkv::ring {
namespace {

using test::to_hex;

TEST_SUITE_BEGIN("layout codec");

std::string read_golden(const std::string& name) {
  std::ifstream file(std::string(DISTKV_SOURCE_ROOT) + "/test/golden/" + name);
  std::string hex;
  for (std::string line; std::getline(file, line);) hex += line;
  return hex;
}

Layout largest_layout() {
  Layout layout;
  layout.version = base::LayoutVersion{~uint64_t{0}};
  layout.predecessor_hash = {1, 1};
  layout.cluster_id = base::ClusterId{{1, 1}};
  layout.partition_count = kPartitionsMax;
  layout.replica_count = kReplicasMax;
  for (uint32_t i = 0; i < kNodesMax; ++i) {
    const std::string number = std::to_string(10000 + i);
    const std::string id = number + std::string(base::kNodeIdBytesMax - number.size(), 'n');
    const std::string name(kRackBytesMax, 'r');
    layout.nodes.push_back({base::NodeId{id}, kWeightMax, name, name});
  }
  for (uint32_t i = 0; i < kVotersMax; ++i) layout.voters.push_back(layout.nodes[i].id);
  for (uint32_t i = 0; i < kPartitionsMax * kReplicasMax; ++i) {
    layout.replicas.push_back(static_cast<NodeIndex>(i % kNodesMax));
  }
  return layout;
}

TEST_CASE("format version 1 has these bytes and this hash") {
  const Layout layout = sample_layout();

  CHECK(to_hex(encode_layout(layout)) == read_golden("ring_layout_v1.hex"));
  CHECK(hash_of(layout).to_hex() == "7e447a4bea4251a417c02a1b0328a57d");
}

TEST_CASE("a layout comes back as it was, the largest one too") {
  for (const Layout& layout : {sample_layout(), largest_layout()}) {
    const std::string bytes = encode_layout(layout);
    CHECK(bytes.size() <= kLayoutBytesMax);

    const base::Result<Layout> decoded = decode_layout(bytes);

    REQUIRE(decoded.is_ok());
    CHECK(*decoded == layout);
  }
}

TEST_CASE("truncated or lengthened bytes are corrupt") {
  const std::string bytes = encode_layout(sample_layout());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(decode_layout(bytes.substr(0, size)).code() == base::Code::kCorrupt);
  }
  CHECK(decode_layout(bytes + '\0').code() == base::Code::kCorrupt);
}

TEST_CASE("a format of the future is refused by name") {
  std::string bytes = encode_layout(sample_layout());
  bytes[0] = 2;
  CHECK(decode_layout(bytes).status().message() == "layout: unknown format 2");
}

TEST_CASE("whatever decodes encodes to the very same bytes, and nothing crashes") {
  const uint64_t seed = 7;
  CAPTURE(seed);
  base::Rng rng(seed);
  const std::string original = encode_layout(sample_layout());
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = original;
    for (uint64_t flips = rng.between(1, 4); flips > 0; --flips) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
    }
    const base::Result<Layout> decoded = decode_layout(bytes);
    if (decoded.is_ok()) {
      REQUIRE(encode_layout(*decoded) == bytes);
    } else {
      REQUIRE(decoded.code() == base::Code::kCorrupt);
    }
  }
}

LiveLayouts moving_layouts() {
  const Layout before = sample_layout();
  Layout after = before;
  after.version = base::LayoutVersion{3};
  after.predecessor_hash = hash_of(before);
  return {std::make_shared<const Layout>(after), std::make_shared<const Layout>(before)};
}

bool are_equal(const LiveLayouts& left, const LiveLayouts& right) {
  const auto same = [](const auto& a, const auto& b) { return (!a && !b) || (a && b && *a == *b); };
  return same(left.current, right.current) && same(left.previous, right.previous);
}

TEST_CASE("live layouts come back: none, settled, moving") {
  LiveLayouts settled = moving_layouts();
  settled.previous = nullptr;
  for (const LiveLayouts& live : {LiveLayouts{}, settled, moving_layouts()}) {
    const base::Result<LiveLayouts> decoded = decode_live_layouts(encode_live_layouts(live));
    REQUIRE(decoded.is_ok());
    CHECK(are_equal(*decoded, live));
  }
}

TEST_CASE("live layouts that are cut short or do not follow one another are corrupt") {
  const std::string bytes = encode_live_layouts(moving_layouts());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(decode_live_layouts(bytes.substr(0, size)).code() == base::Code::kCorrupt);
  }
  CHECK(decode_live_layouts(bytes + 'x').code() == base::Code::kCorrupt);

  LiveLayouts swapped = moving_layouts();
  std::swap(swapped.current, swapped.previous);
  CHECK(decode_live_layouts(encode_live_layouts(swapped)).code() == base::Code::kCorrupt);

  std::string three = bytes;
  three[1] = 3;
  CHECK(decode_live_layouts(three).code() == base::Code::kCorrupt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::ring
