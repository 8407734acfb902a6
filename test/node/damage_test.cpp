// A node whose tables decay: it never lies, and it heals from the other replicas.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "node/small_cluster.h"
#include "ring/token.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::node::test {
namespace {

using storage::Space;
using wire::Consistency;

constexpr size_t kKeys = 60;
constexpr base::Duration kHealingMax = std::chrono::seconds(60);

std::string tables_of(Machine& machine) { return std::to_string(machine.engine().sample().tables); }

std::string key_of(size_t number) { return "key-" + std::to_string(number); }

// Three replicas, three layers of tables at each: everything, every second key again, every fifth
// deleted.
struct Stored {
  explicit Stored(size_t machines = 3, uint32_t replicas = 3) : cluster(machines, replicas) {
    write("old", 1);
    write("new", 2);
    for (size_t i = 0; i < kKeys; i += 5) {
      REQUIRE(cluster.put(i % cluster.size(), key_of(i), "", true) == "ok");
      wanted[key_of(i)] = "(absent)";
    }
    flush();
  }
  void write(const std::string& value, size_t every) {
    for (size_t i = 0; i < kKeys; i += every) {
      wanted[key_of(i)] = value + std::to_string(i);
      REQUIRE(cluster.put(i % cluster.size(), key_of(i), wanted[key_of(i)]) == "ok");
    }
    flush();
  }
  void flush() {
    cluster.run(std::chrono::milliseconds(200));
    for (size_t i = 0; i < cluster.size(); ++i) cluster[i].flush();
  }
  // Reads every key through every node; all answers must be right. With kAll a node may also say
  // that it cannot answer now: how many did.
  size_t check_reads(Consistency consistency) {
    size_t unavailable = 0;
    for (size_t through = 0; through < cluster.size(); ++through) {
      for (const auto& [key, value] : wanted) {
        CAPTURE(through);
        const std::string found = cluster.get(through, key, consistency);
        if (consistency == Consistency::kAll && found == "unavailable") {
          ++unavailable;
        } else {
          CHECK(found == value);
        }
      }
    }
    return unavailable;
  }
  // The machine dies and comes back with a table of which it can open nothing.
  void lose_table(size_t machine, size_t age) {
    const auto& run = cluster[machine].engine().maintenance().state().spaces[0][age];
    const std::string path = "/store/" + storage::lsm::table_name(run.tables.front().file);
    cluster[machine].crash();
    cluster[machine].disk.truncate(path, 100);
    cluster[machine].start();
    REQUIRE(cluster.run_until([&] { return cluster[machine].node().is_serving(); }, kHealingMax));
    REQUIRE(count_corrupt(machine) > 0);
  }
  bool heals(size_t machine) {
    return cluster.run_until([&] { return cluster[machine].engine().sample().tables_damaged == 0; },
                             kHealingMax);
  }
  void check_equal() {
    for (const auto& [key, value] : wanted) {
      const std::string first = cluster[0].stored(key);
      CHECK(first != "corrupt");
      for (size_t i = 1; i < cluster.size(); ++i) CHECK(cluster[i].stored(key) == first);
    }
  }
  size_t count_corrupt(size_t machine) {
    size_t corrupt = 0;
    for (const auto& [key, value] : wanted) corrupt += cluster[machine].stored(key) == "corrupt";
    return corrupt;
  }

  SmallCluster cluster;
  std::map<std::string, std::string> wanted;
};

TEST_SUITE_BEGIN("damage");

TEST_CASE("a damaged replica answers rightly through others, and heals") {
  for (const size_t age : {0, 1, 2}) {
    CAPTURE(age);
    Stored here;
    here.cluster[1].damage(Space::kData, age, 1);
    REQUIRE(here.count_corrupt(1) > 0);

    here.check_reads(Consistency::kOne);
    here.check_reads(Consistency::kQuorum);
    here.check_reads(Consistency::kAll);
    CHECK(here.heals(1));

    CHECK(here.cluster.storage_state(1) == "ok");
    CHECK(here.cluster[1].has_logged("damage_repair_finished"));
    here.check_equal();
    CHECK(here.check_reads(Consistency::kAll) == 0);
  }
}

TEST_CASE("a store minted under one actor before the damage and under another after") {
  Stored here;
  here.cluster[1].damage(Space::kData, 2, 1);
  REQUIRE(here.count_corrupt(1) > 0);

  CHECK(here.heals(1));

  CHECK(here.cluster[1].has_logged("actor_renewed"));
  CHECK_FALSE(here.cluster[0].has_logged("actor_renewed"));
}

TEST_CASE("a put through a node that cannot read the key is minted by another") {
  Stored here;
  here.cluster[1].damage(Space::kData, 2, 1);
  REQUIRE(here.count_corrupt(1) > 0);
  std::string key;
  for (const auto& [name, value] : here.wanted) {
    if (here.cluster[1].stored(name) == "corrupt") key = name;
  }

  CHECK(here.cluster.put(1, key, "after") == "ok");

  here.wanted[key] = "after";
  here.check_reads(Consistency::kQuorum);
  CHECK(here.heals(1));
  here.cluster.run(std::chrono::seconds(5));  // Hints.
  here.check_equal();
}

TEST_CASE("puts and deletes go on through every node while one cannot read its records") {
  Stored here(4, 3);
  here.lose_table(1, 2);

  for (const size_t through : {3, 2, 0, 1}) {
    for (auto& [key, value] : here.wanted) {
      value = "by " + std::to_string(through);
      CHECK(here.cluster.put(through, key, value) == "ok");
    }
    here.check_reads(Consistency::kQuorum);
  }
  CHECK(here.heals(1));
  here.check_reads(Consistency::kQuorum);
}

TEST_CASE("with a replica down the damage waits, says for whom, and heals when it is back") {
  Stored here;
  here.cluster[2].crash();
  here.cluster.run(std::chrono::seconds(10));
  here.cluster[1].damage(Space::kData, 2, 1);
  REQUIRE(here.count_corrupt(1) > 0);

  here.cluster.run(std::chrono::seconds(5));
  CHECK(here.cluster.storage_state(1) == "damaged: 1 of " + tables_of(here.cluster[1]) +
                                             " tables, waiting for node2 to repair them from");
  CHECK(here.count_corrupt(1) > 0);
  here.cluster[2].start();

  CHECK(here.heals(1));
  here.check_equal();
}

// Two hold the write, one of them loses it: the third, which never had it, must not be believed.
TEST_CASE("what cannot be read is not replaced by one who missed the write") {
  Stored here;
  here.cluster[2].crash();
  here.cluster.run(std::chrono::seconds(10));
  for (const auto& [key, value] : here.wanted) {
    if (value == "(absent)") continue;
    REQUIRE(here.cluster.put(0, key, "latest") == "ok");
  }
  for (auto& [key, value] : here.wanted) value = value == "(absent)" ? value : "latest";
  for (size_t i = 0; i < 2; ++i) here.cluster[i].flush();
  here.cluster[0].crash();
  here.cluster[2].start();
  here.cluster.run(std::chrono::seconds(10));
  here.cluster[1].damage(Space::kData, 0, 1);
  const size_t corrupt = here.count_corrupt(1);
  REQUIRE(corrupt > 0);

  here.cluster.run(std::chrono::seconds(10));
  CHECK(here.count_corrupt(1) == corrupt);
  here.cluster[0].start();

  CHECK(here.heals(1));
  here.cluster.run(std::chrono::seconds(10));
  here.check_reads(Consistency::kQuorum);
}

TEST_CASE("the only replica says so once and goes on refusing what it cannot read") {
  Stored here(1, 1);
  here.cluster[0].damage(Space::kData, 2, 1);
  const size_t corrupt = here.count_corrupt(0);
  REQUIRE(corrupt > 0);

  here.cluster.run(std::chrono::seconds(10));

  CHECK(here.count_corrupt(0) == corrupt);
  CHECK(here.cluster.storage_state(0) == "damaged: 1 of " + tables_of(here.cluster[0]) +
                                             " tables, no other replica holds what they lost");
  size_t lines = 0;
  for (const std::string& line : here.cluster[0].log()) {
    lines += line.find("event=damage_not_repairable") != std::string::npos;
  }
  CHECK(lines == 1);
}

TEST_CASE("a table that cannot be opened at a start is healed") {
  Stored here;
  here.lose_table(1, 2);

  here.check_reads(Consistency::kQuorum);
  CHECK(here.heals(1));

  here.check_equal();
}

// One table lost as a whole, more keys in each partition than a page holds, and a replica that
// lacks a part of them: the pages of the others end in different places.
TEST_CASE("a repair of many pages brings every key, whoever holds it") {
  Stored here;
  for (size_t i = 0; i < 6000; ++i) {
    const std::string key = "many-" + std::to_string(i);
    here.wanted[key] = "v";
    REQUIRE(here.cluster.put(0, key, "v") == "ok");
    if (i % 3 != 0) continue;
    here.cluster[2].engine().write({{Space::kData, ring::token_of(key), key, std::nullopt}},
                                   storage::Durability::kGroup, [](const base::Status&) {});
  }
  here.flush();
  const auto& runs = here.cluster[1].engine().maintenance().state().spaces[0];
  const auto largest = std::max_element(
      runs.begin(), runs.end(), [](auto& one, auto& other) { return one.rows() < other.rows(); });
  REQUIRE(largest->tables.front().rows > 1000);
  here.lose_table(1, static_cast<size_t>(largest - runs.begin()));

  CHECK(here.heals(1));

  for (const auto& [key, value] : here.wanted) {
    CHECK(here.cluster[1].stored(key) == here.cluster[0].stored(key));
  }
}

TEST_CASE("hints in a damaged table are given up, the others arrive, and none is left pending") {
  Stored here;
  here.cluster[2].crash();
  here.cluster.run(std::chrono::seconds(10));
  for (auto& [key, value] : here.wanted) {
    value = "hinted";
    REQUIRE(here.cluster.put(1, key, value) == "ok");
  }
  here.cluster[1].flush();
  here.cluster[1].damage(Space::kHints, 0, 1);
  here.cluster[2].start();

  CHECK(here.cluster.run_until([&] { return here.cluster[1].has_logged("hints_lost"); },
                               kHealingMax));
  CHECK(here.heals(1));
  const auto hints_pending = [&] {
    uint64_t pending = 0;
    here.cluster[1].node().status(
        [&pending](const wire::StatusReply& reply) { pending = reply.hints_pending; });
    return pending;
  };
  CHECK(here.cluster.run_until([&] { return hints_pending() == 0; }, kHealingMax));
  // Nobody knows whose they were.
  CHECK(here.cluster[1].node().dirty_partitions().size() == 16);
  here.check_reads(Consistency::kQuorum);
}

TEST_CASE("a node with damaged hints starts, and gives them up") {
  Stored here;
  here.cluster[2].crash();
  here.cluster.run(std::chrono::seconds(10));
  for (size_t i = 0; i < kKeys; ++i) REQUIRE(here.cluster.put(1, key_of(i), "hinted") == "ok");
  here.cluster[1].flush();
  here.cluster[1].damage(Space::kHints, 0, 1);
  here.cluster[1].crash();
  here.cluster[1].start();

  CHECK(here.cluster.run_until([&] { return here.cluster[1].node().is_serving(); }, kHealingMax));
  CHECK(here.heals(1));
  CHECK(here.cluster[1].has_logged("hints_lost"));
  CHECK(here.cluster[1].node().dirty_partitions().size() == 16);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node::test
