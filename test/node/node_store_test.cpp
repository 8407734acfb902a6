#include "node/node_store.h"

#include <doctest/doctest.h>

#include "ring/placement.h"
#include "storage/map/map_engine.h"

namespace distkv::node {
namespace {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;

Identity some_identity() {
  return {NodeId{"node1"},  base::ClusterId{{1, 2}}, "prod", 7, 6,
          base::ActorId{8}, base::Counter{9},        true};
}

TEST_SUITE_BEGIN("node store");

TEST_CASE("a new store remembers nothing") {
  storage::map::MapEngine engine;
  NodeStore store(engine);
  bool loaded = false;
  store.load([&](const Result<Remembered>& found) {
    loaded = true;
    REQUIRE(found.is_ok());
    CHECK_FALSE(found->identity.has_value());
    CHECK(found->layouts.current == nullptr);
  });
  CHECK(loaded);
}

TEST_CASE("identity, layouts and members are read back as they were saved") {
  storage::map::MapEngine engine;
  NodeStore store(engine);
  const auto layout = std::make_shared<const ring::Layout>(
      *ring::found_layout({base::ClusterId{{1, 2}}, 16, 3, {NodeId{"node1"}, 150, "", ""}}));
  const auto ok = [](const Status& status) { CHECK(status.is_ok()); };
  store.save_identity(some_identity(), ok);
  store.save_layouts({layout, nullptr}, ok);
  store.save_members({{NodeId{"node2"}, base::Endpoint{"localhost:2"}, {3, 4}}}, ok);

  bool loaded = false;
  store.load([&](const Result<Remembered>& found) {
    loaded = true;
    REQUIRE(found.is_ok());
    CHECK(encode_identity(*found->identity) == encode_identity(some_identity()));
    CHECK(*found->layouts.current == *layout);
    REQUIRE(found->members.size() == 1);
    CHECK(found->members[0].endpoint.value() == "localhost:2");
    CHECK(found->members[0].incarnation == membership::Incarnation{3, 4});
  });
  CHECK(loaded);
}

TEST_CASE("an identity of the first format has entered under the generation it tells") {
  std::string bytes = encode_identity(some_identity());
  bytes.resize(bytes.size() - sizeof(uint64_t));
  bytes[0] = 1;
  const auto decoded = decode_identity(bytes);
  REQUIRE(decoded.is_ok());
  CHECK(decoded->entered == some_identity().generation);
}

TEST_CASE("an identity cut or lengthened anywhere is corrupt, never half believed") {
  const std::string bytes = encode_identity(some_identity());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(decode_identity(bytes.substr(0, size)).code() == Code::kCorrupt);
  }
  CHECK(decode_identity(bytes + "x").code() == Code::kCorrupt);
  CHECK(decode_members(encode_members({}) + "x").code() == Code::kCorrupt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
