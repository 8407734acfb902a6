// Reads that say what they must have seen, through nodes that are behind.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "node/small_cluster.h"

namespace distkv::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Consistency;

struct Answer {
  std::string value;  // Or the code's name; "(absent)".
  std::string message;
};

std::string put_at_one(SmallCluster& cluster, size_t through, const std::string& key) {
  static uint64_t operations = 0;
  wire::PutRequest request;
  request.key = key;
  request.value = "value";
  request.consistency = Consistency::kOne;
  request.op_id = base::OpId{{11, ++operations}};
  auto receipt = std::make_shared<std::optional<std::string>>();
  cluster[through].node().put(request, [receipt](const wire::PutReply& reply) {
    REQUIRE(reply.code == base::Code::kOk);
    *receipt = std::string(reply.context);
  });
  REQUIRE(cluster.run_until([&] { return receipt->has_value(); }, seconds(10)));
  return **receipt;
}

Answer get(SmallCluster& cluster, size_t through, const std::string& key,
           const std::optional<std::string>& at_least,
           Consistency consistency = Consistency::kOne) {
  wire::GetRequest request;
  request.key = key;
  request.consistency = consistency;
  request.timeout = milliseconds(500);
  if (at_least) request.at_least = *at_least;
  auto answer = std::make_shared<std::optional<Answer>>();
  cluster[through].node().get(request, [answer](const wire::GetReply& reply) {
    Answer& got = answer->emplace();
    got.message = std::string(reply.message);
    got.value = reply.code != base::Code::kOk ? std::string(name_of(reply.code))
                : reply.values.empty()        ? "(absent)"
                                              : std::string(reply.values.front());
  });
  REQUIRE(cluster.run_until([&] { return answer->has_value(); }, seconds(10)));
  return **answer;
}

// Node 0 alone has taken the write; the other two are back before they were missed.
struct Fixture {
  Fixture() {
    cluster.run(seconds(2));  // Until the layout is on every disk.
    cluster[1].crash();
    cluster[2].crash();
    receipt = put_at_one(cluster, 0, "key");
    cluster[1].start();
    cluster[2].start();
    REQUIRE(cluster.run_until(
        [&] { return cluster[1].node().is_serving() && cluster[2].node().is_serving(); },
        seconds(30)));
  }
  SmallCluster cluster{3};
  std::string receipt;
};

}  // namespace

TEST_SUITE_BEGIN("sessions");

TEST_CASE_FIXTURE(Fixture, "a session reads its own write at one through a node that lacks it") {
  CHECK(get(cluster, 1, "key", std::nullopt).value == "(absent)");
  CHECK(get(cluster, 1, "key", receipt).value == "value");
}

TEST_CASE_FIXTURE(Fixture, "a quorum that is behind is asked beyond") {
  CHECK(get(cluster, 1, "key", receipt, Consistency::kQuorum).value == "value");
  CHECK(get(cluster, 2, "key", receipt, Consistency::kAll).value == "value");
}

TEST_CASE_FIXTURE(Fixture, "a read that could show all it must asks nobody else") {
  const uint64_t before = cluster[2].engine().sample().reads;
  CHECK(get(cluster, 0, "key", receipt).value == "value");
  CHECK(cluster[2].engine().sample().reads == before);
}

TEST_CASE("a session that saw a key which was deleted and forgotten goes on reading it") {
  SmallCluster cluster(3, 3, {}, seconds(2));
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  REQUIRE(cluster.put(0, "key", "", true) == "ok");
  const std::string seen = cluster.context_of(1, "key");
  const auto collected = [&](size_t node) {
    uint64_t count = 0;
    cluster[node].node().status(
        [&count](const wire::StatusReply& reply) { count = reply.anti_entropy->collected; });
    return count;
  };
  REQUIRE(cluster.run_until([&] { return collected(0) + collected(1) + collected(2) == 3; },
                            seconds(60)));

  for (size_t through = 0; through < 3; ++through) {
    CHECK(get(cluster, through, "key", seen).value == "(absent)");
    CHECK(get(cluster, through, "key", seen, Consistency::kQuorum).value == "(absent)");
  }
  const std::string receipt = put_at_one(cluster, 0, "key");
  CHECK(get(cluster, 1, "key", receipt).value == "value");
  CHECK(get(cluster, 0, "key", seen).value == "value");
}

TEST_CASE_FIXTURE(Fixture, "where nobody who answers has it, the answer says so and what to do") {
  cluster[0].pause();
  const Answer late = get(cluster, 1, "key", receipt);
  CHECK(late.value == "behind");
  CHECK(late.message ==
        "the session has seen more of this key than the 2 of 3 replicas that answered hold, and "
        "the deadline passed; try again, or read without the session");
  CHECK(get(cluster, 1, "key", std::nullopt).value == "(absent)");

  cluster[0].crash();
  cluster.run(seconds(15));
  const Answer gone = get(cluster, 1, "key", receipt);
  CHECK(gone.value == "behind");
  CHECK(gone.message.find("and no replica is left to ask;") != std::string::npos);
}

TEST_CASE("what is asked of a read must be a token") {
  SmallCluster cluster{3};
  CHECK(get(cluster, 0, "key", "damaged").value == "invalid argument");
  CHECK(get(cluster, 0, "key", "").value == "(absent)");
}

}  // namespace distkv::node::test
