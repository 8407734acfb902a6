// What a node tells of one key.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "node/small_cluster.h"

namespace distkv::node::test {
namespace {

using std::chrono::seconds;

struct Explained {
  std::string verdict;
  std::string hints;     // "holder>target " of each.
  std::string versions;  // How many each replica holds; "-" for one that did not answer.
  std::chrono::milliseconds age_max{0};
  bool tells_hints = false;
};

Explained explain(SmallCluster& cluster, size_t through, const std::string& key) {
  auto found = std::make_shared<std::optional<Explained>>();
  wire::ExplainRequest request;
  request.key = key;
  request.timeout = seconds(1);
  cluster[through].node().explain(request, [found](const wire::ExplainReply& reply) {
    REQUIRE(reply.code == base::Code::kOk);
    Explained& explained = found->emplace();
    explained.verdict = std::string(reply.verdict);
    explained.tells_hints = reply.tells_hints;
    for (const wire::ExplainHint& hint : reply.hints) {
      explained.hints.append(hint.holder).append(">").append(hint.target).append(" ");
      explained.age_max = std::max(explained.age_max, hint.age);
    }
    for (const wire::ExplainReplica& replica : reply.replicas) {
      CHECK(replica.layouts == 1);
      explained.versions += replica.code == base::Code::kOk
                                ? std::to_string(replica.versions.size())
                                : std::string("-");
    }
  });
  REQUIRE(cluster.run_until([&] { return found->has_value(); }, seconds(10)));
  return **found;
}

}  // namespace

TEST_SUITE_BEGIN("explain");

TEST_CASE("a hint is told wherever a replica keeps it, with its age, whoever is asked") {
  SmallCluster cluster{3};
  cluster[2].crash();
  cluster.run(seconds(10));
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  REQUIRE(cluster.put(0, "other", "value") == "ok");
  cluster.run(seconds(3));

  for (const size_t through : {size_t{0}, size_t{1}}) {
    const Explained told = explain(cluster, through, "key");
    CHECK(told.tells_hints);
    CHECK(told.hints == "node0>node2 ");
    CHECK(told.age_max >= seconds(3));
    CHECK(told.age_max < seconds(5));
  }
  CHECK(explain(cluster, 1, "nobody wrote it").hints.empty());
}

TEST_CASE("the verdict says what a quorum would answer, and why") {
  SmallCluster cluster{3};
  CHECK(explain(cluster, 0, "key").verdict ==
        "not found (never written): 3 of 3 replicas answered and agree");

  REQUIRE(cluster.put(0, "key", "value") == "ok");
  cluster.run(seconds(1));
  CHECK(explain(cluster, 0, "key").verdict ==
        "one value of 5 bytes: 3 of 3 replicas answered and agree");

  const std::string nothing = cluster.context_of(0, "another key");
  REQUIRE(cluster.put(0, "key", "sibling", nothing) == "ok");
  cluster.run(seconds(1));
  CHECK(explain(cluster, 0, "key").verdict.rfind("2 siblings, the newest is dot ", 0) == 0);

  REQUIRE(cluster.put(0, "key", "", true) == "ok");
  cluster.run(seconds(1));
  CHECK(explain(cluster, 0, "key").verdict ==
        "not found (deleted): 3 of 3 replicas answered and agree");

  cluster[1].crash();
  CHECK(explain(cluster, 0, "key").versions.find('-') != std::string::npos);
  cluster[2].crash();
  CHECK(explain(cluster, 0, "key").verdict == "refused: 2 of 3 replicas needed, 1 answered");
}

}  // namespace distkv::node::test
