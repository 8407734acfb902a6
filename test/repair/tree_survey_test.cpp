#include "repair/tree_survey.h"

#include <doctest/doctest.h>

#include <string>

#include "repair/tree_rig.h"
#include "ring/token.h"

namespace distkv::repair::test {
namespace {

using std::chrono::seconds;

std::string key_of(size_t number) { return "key-" + std::to_string(number); }

bool is_built(const RigReplica& replica) { return replica.tree.is_ready(0, replica::kLeaves - 1); }

TEST_SUITE_BEGIN("tree survey");

TEST_CASE("a tree is built from the store, section by section") {
  TreeRig rig;
  rig[0].engine.write({{storage::Space::kData, ring::token_of("aside"), "aside",
                        storage::Entry{"past the replica", ""}}},
                      storage::Durability::kGroup, [](const base::Status&) {});
  for (size_t i = 0; i < 2000; ++i) rig[0].put(key_of(i), "v");
  REQUIRE(rig[0].leaves() != rig[0].leaves_of_store());

  rig[0].survey->start();

  CHECK(rig.run_until([&] { return is_built(rig[0]); }));
  CHECK(rig[0].leaves() == rig[0].leaves_of_store());
  CHECK(rig[0].survey->mismatches() == 0);
}

TEST_CASE("writes go on while a tree is built, in every place of the section under way") {
  for (size_t seed = 0; seed < 5; ++seed) {
    TreeRig rig;
    for (size_t i = 0; i < 3000; ++i) rig[0].put("{tag}" + key_of(i), "v");
    rig[0].tree = replica::HashTree();
    size_t written = seed;
    rig[0].engine.before_page = [&] {
      for (size_t i = 0; i < 20; ++i) {
        rig[0].put("{tag}" + key_of(++written * 37 % 4000), "w", i % 5 == 0);
      }
    };

    rig[0].survey->start();

    CHECK(rig.run_until([&] { return is_built(rig[0]); }));
    CHECK(rig[0].leaves() == rig[0].leaves_of_store());
  }
}

TEST_CASE("a leaf found wrong is counted, told of and mended, with writes going on") {
  TreeRig rig;
  for (size_t i = 0; i < 1000; ++i) rig[0].put(key_of(i), "v");
  rig[0].build();
  rig[0].survey->start();
  rig[0].tree.toggle(ring::token_of(key_of(7)), 0x1234);
  size_t written = 0;
  rig[0].engine.before_page = [&] { rig[0].put(key_of(++written), "w"); };

  CHECK(rig.run_until([&] { return rig[0].survey->mismatches() > 0; },
                      (replica::kSections + 1) * kVerifyInterval));

  CHECK(rig[0].survey->mismatches() == 1);
  CHECK(rig[0].leaves() == rig[0].leaves_of_store());
  REQUIRE(!rig[0].log.lines.empty());
  CHECK(rig[0].log.lines.back().find("level=warn event=hash_tree_wrong") != std::string::npos);
  CHECK(is_built(rig[0]));
}

TEST_CASE("a right tree passes every verification") {
  TreeRig rig;
  for (size_t i = 0; i < 1000; ++i) rig[0].put(key_of(i), "v");
  rig[0].build();
  rig[0].survey->start();

  size_t pages = 0;
  rig[0].engine.before_page = [&] { ++pages; };
  rig.run((replica::kSections + 1) * kVerifyInterval);

  CHECK(pages >= replica::kSections);
  CHECK(rig[0].survey->mismatches() == 0);
}

TEST_CASE("what is doubted is built anew at once, also when it was just being read") {
  for (const bool is_under_way : {false, true}) {
    TreeRig rig;
    for (size_t i = 0; i < 3000; ++i) rig[0].put("{tag}" + key_of(i), "v");
    rig[0].build();
    const base::Token token = ring::token_of("{tag}");
    rig[0].survey->start();
    rig.run(seconds(1));
    if (is_under_way) {
      rig[0].survey->doubt({storage::Space::kData, token, token});
      rig.run(2 * kSurveyPause);
    }
    REQUIRE(is_built(rig[0]) != is_under_way);
    rig[0].engine.write({{storage::Space::kData, token, "{tag}" + key_of(2999), std::nullopt}},
                        storage::Durability::kGroup, [](const base::Status&) {});

    rig[0].survey->doubt({storage::Space::kData, token, token});

    CHECK(!is_built(rig[0]));
    CHECK(rig.run_until([&] { return is_built(rig[0]); }));
    CHECK(rig[0].leaves() == rig[0].leaves_of_store());
    CHECK(rig[0].survey->mismatches() == 0);
  }
}

TEST_CASE("a busy store is left alone, and no snapshot is held for it for ever") {
  TreeRig rig;
  for (size_t i = 0; i < 1000; ++i) rig[0].put(key_of(i), "v");
  rig[0].engine.pressure_now = 0.7;
  size_t pages = 0;
  rig[0].engine.before_page = [&] { ++pages; };
  rig[0].survey->start();

  rig.run(seconds(90));
  CHECK(pages == 0);
  CHECK(rig[0].log.lines.back().find("hash_tree_unfinished") != std::string::npos);
  rig[0].engine.pressure_now = 0.1;

  CHECK(rig.run_until([&] { return is_built(rig[0]); }));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair::test
