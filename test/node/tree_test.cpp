// Nodes whose replicas have come apart in ways that hints do not mend.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "node/small_cluster.h"
#include "ring/token.h"

namespace distkv::node::test {
namespace {

using base::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::Space;

constexpr size_t kKeys = 60;
constexpr base::Duration kPatience = seconds(90);

std::string key_of(size_t number) { return "key-" + std::to_string(number); }

bool is_built(const Node& node) { return node.hash_tree().is_ready(0, replica::kLeaves - 1); }

// Makes the files of `disk` those of `copy`.
void restore(const storage::io::test::SimFileSystem& copy, storage::io::test::SimFileSystem& disk) {
  const auto kept = copy.paths();
  for (const std::string& path : disk.paths()) {
    if (std::find(kept.begin(), kept.end(), path) == kept.end()) (void)disk.remove(path);
  }
  for (const std::string& path : kept) disk.replace(path, copy.contents(path));
}

struct Apart {
  Apart() { write("old"); }
  // Through the nodes that are up, in turn.
  void write(const std::string& value, size_t every = 1) {
    for (size_t i = 0; i < kKeys; i += every) {
      size_t through = i % 3;
      while (!cluster[through].is_up()) through = (through + 1) % 3;
      REQUIRE(cluster.put(through, key_of(i), value + std::to_string(i)) == "ok");
    }
    cluster.run(milliseconds(200));
  }
  void lose_hints() {
    for (size_t i = 0; i < 3; ++i) {
      if (!cluster[i].is_up()) continue;
      cluster[i].engine().drop_range({Space::kHints, {}}, [](const base::Status&) {});
    }
    cluster.run(milliseconds(200));
  }
  // No reads through nodes, which would repair.
  bool are_equal() {
    for (size_t i = 0; i < kKeys; ++i) {
      const std::string first = cluster[0].stored(key_of(i));
      if (first.find('|') == std::string::npos) return false;
      if (cluster[1].stored(key_of(i)) != first || cluster[2].stored(key_of(i)) != first) {
        return false;
      }
    }
    return true;
  }
  bool become_equal() {
    return cluster.run_until([&] { return are_equal(); }, kPatience);
  }
  // Whether each leaf is what the store holds.
  bool is_true_to_store(size_t machine) {
    std::vector<uint64_t> leaves(replica::kLeaves);
    bool is_read = false;
    storage::Scan scan;
    scan.items_max = 100'000;
    scan.bytes_max = SIZE_MAX;
    cluster[machine].engine().scan(scan, [&](const Result<storage::Page>& page) {
      REQUIRE(page.is_ok());
      REQUIRE(page->is_last);
      for (const storage::Item& item : page->items) {
        leaves[replica::leaf_of(item.token)] ^= replica::record_hash(item.key, item.entry.meta);
      }
      is_read = true;
    });
    REQUIRE(cluster.run_until([&] { return is_read; }, kPatience));
    const replica::HashTree& tree = cluster[machine].node().hash_tree();
    for (uint32_t i = 0; i < replica::kLeaves; ++i) {
      if (tree.leaf(static_cast<replica::Leaf>(i)) != leaves[i]) return false;
    }
    return true;
  }
  wire::AntiEntropyStatus status(size_t machine) {
    wire::AntiEntropyStatus found;
    cluster[machine].node().status(
        [&](const wire::StatusReply& reply) { found = *reply.anti_entropy; });
    return found;
  }

  SmallCluster cluster{3};
};

TEST_SUITE_BEGIN("hash trees of nodes");

TEST_CASE("what hints did not bring, anti-entropy does, though nobody reads") {
  for (const size_t stale : {0, 2}) {
    Apart here;
    here.cluster[stale].crash();
    here.cluster.run(seconds(10));
    here.write("newer", 3);
    here.lose_hints();
    here.cluster[stale].start();

    CHECK(here.become_equal());

    CHECK(here.cluster[stale].stored(key_of(3)).find("newer3") != std::string::npos);
    for (size_t i = 0; i < 3; ++i) CHECK(here.is_true_to_store(i));
  }
}

TEST_CASE("a store restored from an old copy gets back what it lost") {
  Apart here;
  here.cluster[1].stop();
  const auto copy = here.cluster[1].disk.copy();
  here.cluster[1].start();
  here.cluster.run(seconds(10));
  here.write("newer", 2);
  here.cluster[1].crash();
  restore(*copy, here.cluster[1].disk);

  here.cluster[1].start();

  CHECK(here.become_equal());
  CHECK(here.cluster.run_until([&] { return is_built(here.cluster[1].node()); }, kPatience));
  CHECK(here.is_true_to_store(1));
}

TEST_CASE("a tree outlives an orderly end, and is built anew after any other") {
  Apart here;
  REQUIRE(here.cluster.run_until([&] { return is_built(here.cluster[1].node()); }, kPatience));
  const auto serves = [&] { return here.cluster[1].node().is_serving(); };

  here.cluster[1].stop();
  here.cluster[1].start();
  REQUIRE(here.cluster.run_until(serves, kPatience));
  CHECK(is_built(here.cluster[1].node()));
  CHECK(here.is_true_to_store(1));

  here.write("after", 4);
  here.cluster[1].crash();
  here.cluster[1].start();
  REQUIRE(here.cluster.run_until(serves, kPatience));
  CHECK(!is_built(here.cluster[1].node()));
  CHECK(here.cluster.run_until([&] { return is_built(here.cluster[1].node()); }, kPatience));
  CHECK(here.is_true_to_store(1));
}

TEST_CASE("status says of each partition when it was last proven equal, and what is amiss") {
  Apart here;
  const auto all_proven = [&](size_t machine) {
    const auto status = here.status(machine);
    return std::all_of(status.proofs.begin(), status.proofs.end(),
                       [](const auto& proof) { return proof.age_s < 30; });
  };
  CHECK(here.cluster.run_until([&] { return all_proven(0) && all_proven(1) && all_proven(2); },
                               kPatience));
  CHECK(here.status(1).proofs.size() == 16);
  CHECK(here.status(1).building == 0);
  CHECK(here.status(1).dirty == 0);

  here.cluster[2].crash();
  here.cluster.run(seconds(70));

  CHECK(!all_proven(0));
  here.cluster[0].node().mark_dirty(base::PartitionId{7});
  CHECK(here.status(0).dirty == 1);
}

TEST_CASE("a healed store has a true tree again") {
  for (const size_t age : {0, 1}) {
    Apart here;
    for (size_t i = 0; i < 3; ++i) here.cluster[i].flush();
    here.write("newer", 2);
    for (size_t i = 0; i < 3; ++i) here.cluster[i].flush();
    REQUIRE(here.cluster.run_until([&] { return is_built(here.cluster[1].node()); }, kPatience));
    here.cluster[1].damage(Space::kData, age, 1);
    for (size_t i = 0; i < kKeys; ++i) (void)here.cluster[1].stored(key_of(i));
    REQUIRE(here.cluster[1].engine().sample().tables_damaged > 0);

    const auto is_healed = [&] { return here.cluster[1].engine().sample().tables_damaged == 0; };
    CHECK(here.cluster.run_until(is_healed, kPatience));

    CHECK(here.cluster.run_until([&] { return is_built(here.cluster[1].node()); }, kPatience));
    CHECK(here.become_equal());
    CHECK(here.is_true_to_store(1));
    CHECK(here.status(1).mismatches == 0);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node::test
