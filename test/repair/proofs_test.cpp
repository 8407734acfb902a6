#include "repair/proofs.h"

#include <doctest/doctest.h>

namespace distkv::repair {
namespace {

using base::MonotonicTime;
using base::NodeId;
using base::PartitionId;

MonotonicTime at(int64_t seconds) { return MonotonicTime(std::chrono::seconds(seconds)); }

// Four partitions of four nodes, N = 3; partition i is kept by all but node i.
std::shared_ptr<const ring::Layout> layout() {
  ring::Layout layout;
  layout.version = base::LayoutVersion{1};
  layout.partition_count = 4;
  layout.replica_count = 3;
  for (const char* id : {"a", "b", "c", "d"}) layout.nodes.push_back({NodeId{id}, 150, "", ""});
  layout.replicas = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2};
  return std::make_shared<const ring::Layout>(std::move(layout));
}

struct Known {
  Known() { proofs.adopt(layout(), NodeId{"b"}); }
  Proofs proofs;
};

TEST_SUITE_BEGIN("proofs");

TEST_CASE("a node keeps account of the partitions it is a replica of") {
  Known here;
  CHECK(here.proofs.partitions() == std::vector{PartitionId{0}, PartitionId{2}, PartitionId{3}});
  CHECK(here.proofs.peers_of(PartitionId{2}) == std::vector{NodeId{"a"}, NodeId{"d"}});
  CHECK(here.proofs.peers_of(PartitionId{1}).empty());
}

TEST_CASE("a partition is proven as long ago as at the replica of the oldest proof") {
  Known here;
  here.proofs.prove(PartitionId{2}, NodeId{"a"}, at(5));
  CHECK(!here.proofs.proven(PartitionId{2}, at(20)));
  here.proofs.prove(PartitionId{2}, NodeId{"d"}, at(9));
  CHECK(here.proofs.proven(PartitionId{2}, at(20)) == at(5));
  here.proofs.prove(PartitionId{2}, NodeId{"a"}, at(3));
  CHECK(here.proofs.proven(PartitionId{2}, at(20)) == at(5));
}

TEST_CASE("proofs of strangers and of others' partitions count for nothing") {
  Known here;
  here.proofs.prove(PartitionId{2}, NodeId{"c"}, at(5));
  here.proofs.prove(PartitionId{1}, NodeId{"a"}, at(5));
  here.proofs.mark_dirty(PartitionId{1}, at(5));
  here.proofs.mark_dirty(PartitionId{77}, at(5));
  CHECK(!here.proofs.proven(PartitionId{2}, at(20)));
  CHECK(here.proofs.dirty_count() == 0);
}

TEST_CASE("a dirty partition is clean once it is proven later with every replica") {
  Known here;
  here.proofs.prove(PartitionId{2}, NodeId{"a"}, at(5));
  here.proofs.prove(PartitionId{2}, NodeId{"d"}, at(5));
  here.proofs.mark_dirty(PartitionId{2}, at(6));

  here.proofs.prove(PartitionId{2}, NodeId{"a"}, at(7));
  CHECK(here.proofs.is_dirty(PartitionId{2}));
  CHECK(here.proofs.proven(PartitionId{2}, at(20)) == at(5));
  here.proofs.prove(PartitionId{2}, NodeId{"d"}, at(7));
  CHECK(!here.proofs.is_dirty(PartitionId{2}));
}

TEST_CASE("another layout keeps what is proven with the replicas that stay") {
  Known here;
  here.proofs.prove(PartitionId{2}, NodeId{"a"}, at(5));
  here.proofs.prove(PartitionId{2}, NodeId{"d"}, at(5));
  ring::Layout next = *layout();
  next.replicas = {1, 2, 3, 0, 2, 3, 0, 1, 2, 0, 2, 3};  // Here c for d; partition 3 without b.

  here.proofs.mark_dirty(PartitionId{3}, at(6));
  here.proofs.adopt(std::make_shared<const ring::Layout>(next), NodeId{"b"});

  CHECK(here.proofs.partitions() == std::vector{PartitionId{0}, PartitionId{2}});
  CHECK(!here.proofs.proven(PartitionId{2}, at(20)));
  here.proofs.prove(PartitionId{2}, NodeId{"c"}, at(8));
  CHECK(here.proofs.proven(PartitionId{2}, at(20)) == at(5));
  CHECK(here.proofs.dirty_count() == 0);
}

TEST_CASE("what no other node holds is equal now") {
  ring::Layout alone = *layout();
  alone.replica_count = 1;
  alone.replicas = {1, 1, 0, 0};
  Proofs proofs;
  proofs.adopt(std::make_shared<const ring::Layout>(alone), NodeId{"b"});
  CHECK(proofs.proven(PartitionId{0}, at(20)) == at(20));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
