// The conformance suite over every engine there is, with the disk and the threads as each allows.
#include "storage/conformance.h"

#include <doctest/doctest.h>

#include <utility>

namespace distkv::storage::test {
namespace {

void check_engine(Rig& rig) {
  SUBCASE("reads") { check_reads(rig); }
  SUBCASE("lookups") { check_lookups(rig); }
  SUBCASE("updates") { check_updates(rig); }
  SUBCASE("order") { check_order(rig); }
  SUBCASE("durability") { check_durability(rig); }
  SUBCASE("syncs") { check_syncs(rig); }
  SUBCASE("batches") { check_batches(rig); }
  SUBCASE("scans") { check_scans(rig); }
  SUBCASE("snapshots") { check_snapshots(rig); }
  SUBCASE("drops") { check_drops(rig); }
}

TEST_SUITE_BEGIN("storage");

TEST_CASE("the memory engine keeps the contract") { check_engine(*make_memory_rig()); }

TEST_CASE("the memory engine with a journal keeps the contract") {
  check_engine(*make_journal_rig());
}

TEST_CASE("the LevelDB engine keeps the contract when everything happens within the call") {
  check_engine(*make_leveldb_inline_rig());
}

TEST_CASE("the LevelDB engine keeps the contract when writer and readers take turns at random") {
  uint64_t seed = 0;
  SUBCASE("seed 1") { seed = 1; }
  SUBCASE("seed 2") { seed = 2; }
  SUBCASE("seed 3") { seed = 3; }
  check_engine(*make_leveldb_stepped_rig(seed));
}

TEST_CASE("the LSM engine keeps the contract when everything happens within the call") {
  uint64_t seed = 0;
  SUBCASE("seed 1") { seed = 1; }
  SUBCASE("seed 2") { seed = 2; }
  check_engine(*make_lsm_inline_rig(seed));
}

TEST_CASE("the LSM engine keeps the contract when its threads take turns at random") {
  uint64_t seed = 0;
  SUBCASE("seed 1") { seed = 1; }
  SUBCASE("seed 2") { seed = 2; }
  SUBCASE("seed 3") { seed = 3; }
  check_engine(*make_lsm_stepped_rig(seed));
}

TEST_CASE("an engine says where a write lies once it is answered") {
  const auto group_and_memory = [](Rig& rig) {
    return std::pair(rig.engine().persistence(Durability::kGroup),
                     rig.engine().persistence(Durability::kMemory));
  };
  const std::pair on_disk{base::Persistence::kDisk, base::Persistence::kMemory};

  CHECK(group_and_memory(*make_lsm_inline_rig(1)) == on_disk);
  CHECK(group_and_memory(*make_leveldb_inline_rig()) == on_disk);
  CHECK(group_and_memory(*make_journal_rig()) == on_disk);
  CHECK(group_and_memory(*make_memory_rig()) ==
        std::pair{base::Persistence::kMemory, base::Persistence::kMemory});
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::test
