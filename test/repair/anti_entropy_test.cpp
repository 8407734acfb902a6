#include "repair/anti_entropy.h"

#include <doctest/doctest.h>

#include <string>

#include "repair/tree_rig.h"
#include "ring/token.h"

namespace distkv::repair::test {
namespace {

using std::chrono::seconds;
using wire::MessageType;

std::string key_of(size_t number) { return "user:" + std::to_string(1'000'000 + number); }

uint32_t partition_of(TreeRig& rig, const std::string& key) {
  return rig.layouts.current->partition_of(ring::token_of(key)).value();
}

// At both, equal.
void fill(TreeRig& rig, size_t keys, size_t value_bytes = 10) {
  for (size_t i = 0; i < keys; ++i) {
    rig[0].put(key_of(i), std::string(value_bytes, 'v'));
    rig[1].take(rig[0], key_of(i));
  }
}

uint64_t record_bytes(RigReplica& replica, const std::string& key) {
  return key.size() + replica.stored(key).size() - 1;
}

TEST_SUITE_BEGIN("anti-entropy");

TEST_CASE("replicas that differ in every way become equal, whichever compares") {
  TreeRig rig;
  fill(rig, 200);
  for (size_t i = 0; i < 6; ++i) {
    rig[0].put(key_of(i), "newer here");
    rig[1].put(key_of(10 + i), "newer there");
    rig[0].put(key_of(20 + i), "at once here");
    rig[1].put(key_of(20 + i), "at once there");
    rig[0].put(key_of(30 + i), "", true);
    rig[1].put(key_of(40 + i), "", true);
    rig[0].put("only here " + std::to_string(i), "x");
    rig[1].put("only there " + std::to_string(i), "");
  }

  rig.start();

  CHECK(rig.run_until([&] { return rig.are_equal(); }));
  CHECK(rig[0].stored("only there 3") == rig[1].stored("only there 3"));
  CHECK(!rig[0].stored("only there 3").empty());
  const auto record = replica::decode(replica::RecordView{});
  CHECK(record.is_ok());
}

TEST_CASE("a value travels only to the side that does not know it, whatever its size") {
  for (const size_t newer : {0, 1}) {
    TreeRig rig;
    fill(rig, 20, 50'000);
    rig[newer].put(key_of(7), std::string(60'000, 'w'));

    rig.start();
    CHECK(rig.run_until([&] { return rig.are_equal(); }));

    CHECK(rig.bytes_total() < 60'000 + 4096 * 8 + 2000);  // And the leaves of a partition.
    CHECK(rig.bytes_total() > 60'000);
  }
}

// A fiftieth of a million keys, in a fiftieth of the partitions: as many keys in a leaf, and as
// many differences in a partition, as a million have.
TEST_CASE("twenty thousand keys diverged by one per cent move at most three times their bytes") {
  constexpr size_t kKeys = 20'000;
  constexpr uint32_t kPartitions = 20;
  for (const size_t stale : {0, 1}) {
    TreeRig rig(2, 1024);
    std::vector<std::string> keys;
    for (size_t i = 0; keys.size() < kKeys; ++i) {
      if (partition_of(rig, key_of(i)) < kPartitions) keys.push_back(key_of(i));
    }
    for (const std::string& key : keys) {
      rig[0].put(key, std::string(100, 'v'));
      rig[1].take(rig[0], key);
    }
    uint64_t differing = 0;
    for (size_t i = 0; i < kKeys; i += 100) {
      rig[1 - stale].put(keys[i], std::string(100, 'w'));
      differing += record_bytes(rig[1 - stale], keys[i]);
    }

    rig.start();
    CHECK(rig.run_until([&] { return rig.are_equal(); }));

    // The roots are those of all 1024 partitions.
    const uint64_t moved = rig.bytes_total() - rig.bytes[MessageType::kRootsRequest];
    CHECK(moved < 3 * differing);
    MESSAGE("moved " << moved << " bytes for " << differing << " that differ");
  }
}

TEST_CASE("a round over equal replicas sends their roots and nothing else") {
  TreeRig rig(2, 1024);
  fill(rig, 2000);
  rig.start();

  CHECK(rig.run_until([&] { return rig[0].proof_age(1023) == 0; }));

  CHECK(rig.bytes_total() < 13'000);
  CHECK(rig.counts[MessageType::kLeavesRequest] == 0);
  for (size_t i = 0; i < 2; ++i) {
    const auto status = rig[i].anti_entropy->status();
    CHECK(status.proofs.size() == 1024);
    CHECK(status.dirty == 0);
    for (const auto& proof : status.proofs) CHECK(proof.age_s <= 1);
  }
  rig.run(seconds(60));
  CHECK(rig[0].proof_age(3) <= 10);
  CHECK(rig.counts[MessageType::kRootsRequest] <= 7);
}

TEST_CASE("a leaf with more keys than one message takes is compared page by page, in one go") {
  const auto tagged = [](size_t i) { return "{tag}" + std::to_string(100'000 + i); };
  // Long stretches on one side alone, so that either's pages end first.
  for (const size_t rich : {0, 1}) {
    TreeRig rig;
    for (size_t i = 0; i < 14'000; ++i) {
      const bool is_everywhere = i < 2000 || i % 50 == 0;
      if (is_everywhere || i % 3 != 0 || i > 9000) rig[rich].put(tagged(i), "v");
      if (is_everywhere) rig[1 - rich].take(rig[rich], tagged(i));
      if (!is_everywhere && i % 3 == 0 && i <= 9000) rig[1 - rich].put(tagged(i), "v");
    }

    rig.start();

    CHECK(rig.run_until([&] { return rig.are_equal(); }));
    CHECK(rig.counts[MessageType::kKeysRequest] > 3);
    CHECK(rig.counts[MessageType::kLeavesRequest] == 1);  // Equal before it looks again.
  }
}

TEST_CASE("every leaf of a partition counts, the first and the last too") {
  TreeRig rig;
  fill(rig, 100);
  constexpr uint32_t kLeavesEach = replica::kLeaves / 16;
  for (const uint32_t place : {0u, kLeavesEach - 1}) {
    for (size_t i = 0; i < 2; ++i) {
      size_t number = 0;
      const auto key = [&] { return "at an end " + std::to_string(number); };
      while (replica::leaf_of(ring::token_of(key())) % kLeavesEach != place ||
             !rig[i].stored(key()).empty()) {
        ++number;
      }
      rig[i].put(key(), "v");
    }
  }

  rig.start();

  CHECK(rig.run_until([&] { return rig.are_equal(); }));
}

TEST_CASE("only a partition whose roots are equal is proven") {
  TreeRig rig;
  fill(rig, 100);
  rig[0].put(key_of(1), "other");
  const uint32_t different = partition_of(rig, key_of(1));
  rig.lost = {MessageType::kLeavesRequest};
  rig.start();

  rig.run(seconds(30));

  for (uint32_t partition = 0; partition < 16; ++partition) {
    CAPTURE(partition);
    for (size_t i = 0; i < 2; ++i) {
      CHECK((rig[i].proof_age(partition) >= 0) == (partition != different));
    }
  }
  CHECK(rig[0].anti_entropy->status().dirty == 1);
  rig.lost.clear();
  CHECK(rig.run_until([&] { return rig[0].proof_age(different) >= 0; }));
  CHECK(rig.run_until([&] { return rig[1].proof_age(different) >= 0; }));
  CHECK(rig[0].anti_entropy->status().dirty == 0);
}

TEST_CASE("nothing is proven while the peer does not answer") {
  TreeRig rig;
  fill(rig, 100);
  rig.lost = {MessageType::kRootsReply};
  rig.start();

  rig.run(seconds(30));

  for (uint32_t partition = 0; partition < 16; ++partition) {
    CHECK(rig[0].proof_age(partition) == -1);
  }
}

TEST_CASE("nothing is said of a tree that is not built, by either side") {
  for (const size_t unbuilt : {0, 1}) {
    TreeRig rig;
    fill(rig, 100);
    rig.start();
    rig[unbuilt].tree.doubt(0);  // Partition 0 of 16.

    rig.run(seconds(30));

    for (size_t i = 0; i < 2; ++i) {
      CHECK(rig[i].proof_age(0) == -1);
      CHECK(rig[i].proof_age(1) >= 0);
    }
    CHECK(rig[unbuilt].anti_entropy->status().building == 1);
  }
}

TEST_CASE("a dirty partition is compared soon, by whoever was told") {
  TreeRig rig;
  fill(rig, 100);
  rig.start();
  REQUIRE(rig.run_until([&] { return rig[1].proof_age(15) >= 0; }));
  rig.run(seconds(3));
  const std::string key = key_of(5);
  rig[0].put(key, "what a dropped hint would have brought");

  rig[1].anti_entropy->mark_dirty(base::PartitionId{partition_of(rig, key)});
  CHECK(rig[1].anti_entropy->status().dirty == 1);

  CHECK(rig.run_until([&] { return rig.are_equal(); }, seconds(4)));
  CHECK(rig.run_until([&] { return rig[1].anti_entropy->status().dirty == 0; }));
}

TEST_CASE("of three replicas the stale one gets each record once") {
  TreeRig rig(3);
  fill(rig, 300);
  for (size_t i = 0; i < 300; ++i) rig[2].take(rig[0], key_of(i));
  uint64_t newer = 0;
  for (size_t i = 0; i < 300; i += 3) {
    rig[0].put(key_of(i), std::string(1000, 'w'));
    rig[1].take(rig[0], key_of(i));
    newer += record_bytes(rig[0], key_of(i));
  }

  rig.start();

  CHECK(rig.run_until([&] { return rig.are_equal(); }));
  CHECK(rig.bytes[MessageType::kMergeRequest] + rig.bytes[MessageType::kFetchReply] <
        newer + newer / 5);
}

TEST_CASE("while a store is busy nothing is asked of it, and it asks nothing") {
  TreeRig rig;
  fill(rig, 100);
  rig[1].put(key_of(1), "newer");
  rig.start();
  rig[1].engine.pressure_now = 0.6;

  rig.run(seconds(30));
  CHECK(!rig.are_equal());
  CHECK(rig.counts[MessageType::kKeysRequest] == 0);
  rig[1].engine.pressure_now = 0.4;
  rig[0].engine.pressure_now = 0.6;
  rig.run(seconds(3));
  rig.forget_traffic();
  rig.run(seconds(30));
  CHECK(rig.bytes_total() == 0);
  rig[0].engine.pressure_now = 0.4;

  CHECK(rig.run_until([&] { return rig.are_equal(); }));
}

TEST_CASE("nothing is compared while partitions move") {
  TreeRig rig;
  fill(rig, 100);
  rig[1].put(key_of(1), "newer");
  rig.layouts.previous = rig.layouts.current;
  rig.start();

  rig.run(seconds(30));
  CHECK(rig.bytes_total() == 0);
  rig.layouts.previous = nullptr;
  for (size_t i = 0; i < 2; ++i) rig[i].anti_entropy->on_layouts_changed();

  CHECK(rig.run_until([&] { return rig.are_equal(); }));
}

TEST_CASE("writes go on while replicas are compared, and they still become equal") {
  TreeRig rig;
  fill(rig, 1000);
  for (size_t i = 0; i < 1000; i += 5) rig[1].put(key_of(i), "newer");
  rig.start();
  size_t written = 0;
  rig[1].engine.before_page = [&] {
    if (written++ < 500) rig[written % 2].put(key_of(written * 7 % 1100), "while");
  };

  CHECK(rig.run_until([&] { return written >= 500 && rig.are_equal(); }));
}

TEST_CASE("whatever message is lost, a later round mends it") {
  for (const MessageType type :
       {MessageType::kRootsReply, MessageType::kLeavesReply, MessageType::kKeysReply,
        MessageType::kFetchReply, MessageType::kMergeRequest, MessageType::kApplyReply}) {
    TreeRig rig;
    fill(rig, 100);
    for (size_t i = 0; i < 50; ++i) rig[i % 2].put(key_of(i), "newer");
    rig.lost = {type};
    rig.start();

    rig.run(seconds(20));
    CHECK(!rig.run_until([&] { return rig.counts[type] == 0; }, seconds(1)));
    rig.lost.clear();

    CHECK(rig.run_until([&] { return rig.are_equal(); }));
  }
}

TEST_CASE("the direction is told by causal states alone") {
  TreeRig rig;
  rig[0].put("k", "one");
  const auto meta_at = [&](size_t i) {
    const std::string stored = rig[i].stored("k");
    return stored.substr(0, stored.rfind('|'));
  };
  const std::string first = meta_at(0);
  rig[1].take(rig[0], "k");
  rig[0].put("k", "two");
  const std::string second = meta_at(0);
  rig[1].put("k", "aside");
  const std::string aside = meta_at(1);

  const auto told = [](const std::string& own, const std::string& peer) {
    const auto direction = direction_of(own, peer);
    REQUIRE(direction.is_ok());
    return std::string(direction->is_fetched ? "fetch " : "") + (direction->is_sent ? "send" : "");
  };
  CHECK(told(first, first) == "");
  CHECK(told(first, second) == "fetch ");
  CHECK(told(second, first) == "send");
  CHECK(told(second, aside) == "fetch send");
  CHECK(told("", first) == "fetch ");
  CHECK(told(first, "") == "send");
  CHECK(direction_of(first, "noise").code() == base::Code::kCorrupt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair::test
