// More than the nodes can do: what is asked has a bound, and past it an answer of its own.
#include <doctest/doctest.h>

#include <string>

#include "node/small_cluster.h"

namespace distkv::node::test {
namespace {

using std::chrono::milliseconds;
using wire::Consistency;

struct Fixture {
  void restart(size_t number) {
    cluster[number].stop();
    cluster[number].start();
    REQUIRE(cluster.run_until([&] { return cluster[number].node().is_serving(); },
                              std::chrono::seconds(30)));
    cluster.run(std::chrono::seconds(3));
  }
  // Through node 0.
  wire::PutReply put(const std::string& key) {
    wire::PutRequest request;
    request.key = key;
    request.value = "value";
    request.op_id = base::OpId{{7, ++last_op}};
    std::optional<wire::PutReply> told;
    cluster[0].node().put(request, [&](const wire::PutReply& reply) {
      told.emplace();
      told->code = reply.code;
      told->retry_after = reply.retry_after;
    });
    REQUIRE(cluster.run_until([&] { return told.has_value(); }, std::chrono::seconds(10)));
    return *told;
  }
  uint64_t hints_at_0() {
    uint64_t pending = 0;
    cluster[0].node().status(
        [&](const wire::StatusReply& reply) { pending = reply.hints_pending; });
    return pending;
  }

  uint64_t last_op = 0;
  SmallCluster cluster{3};
};

}  // namespace

TEST_SUITE_BEGIN("overload");

TEST_CASE_FIXTURE(Fixture, "writes do not pile up for a replica that stands still") {
  cluster[0].config().calls.peer_calls_max = 4;
  restart(0);
  cluster[2].pause();
  const base::Duration took = cluster.time_of([&] {
    for (int i = 0; i < 20; ++i) CHECK(put(std::to_string(i)).code == base::Code::kOk);
  });

  // Before its time to answer is up, and before anybody suspects it, they are hints.
  CHECK(took < milliseconds(500));
  CHECK(hints_at_0() >= 15);
  cluster[2].go_on();
  CHECK(cluster.run_until([&] { return hints_at_0() == 0; }, std::chrono::seconds(60)));
  for (int i = 0; i < 20; ++i) {
    CHECK(cluster.get(2, std::to_string(i), Consistency::kOne) == "value");
  }
}

TEST_CASE_FIXTURE(Fixture, "a write that too few replicas keep up with is refused, and nowhere") {
  cluster[0].config().calls.peer_calls_max = 1;
  restart(0);
  cluster[1].pause();
  cluster[2].pause();
  // Takes what room there is; nobody answers it in time.
  wire::PutRequest first;
  first.key = "first";
  first.op_id = base::OpId{{8, 1}};
  cluster[0].node().put(first, [](const wire::PutReply&) {});

  const wire::PutReply refused = put("second");
  CHECK(refused.code == base::Code::kOverloaded);
  CHECK(refused.retry_after >= milliseconds(50));
  cluster[1].go_on();
  cluster[2].go_on();
  cluster.run(std::chrono::seconds(5));
  CHECK(cluster.get(0, "second", Consistency::kAll) == "(absent)");
  CHECK(put("third").code == base::Code::kOk);
}

TEST_CASE_FIXTURE(Fixture, "a read that has no room for what the replicas hold is refused") {
  REQUIRE(cluster.put(0, "large", std::string(5000, 'x')) == "ok");
  REQUIRE(cluster.put(0, "small", "x") == "ok");
  cluster[0].config().admission.bytes_max = 2000;
  restart(0);
  CHECK(cluster.get(0, "large", Consistency::kQuorum) == "overloaded");
  CHECK(cluster.get(0, "small", Consistency::kQuorum) == "x");
  CHECK(cluster.get(1, "large", Consistency::kQuorum) == std::string(5000, 'x'));
}

TEST_CASE_FIXTURE(Fixture, "nothing is held once all is answered") {
  for (int i = 0; i < 20; ++i) CHECK(put(std::to_string(i)).code == base::Code::kOk);
  for (int i = 0; i < 20; ++i) {
    CHECK(cluster.get(1, std::to_string(i), Consistency::kQuorum) == "value");
  }
  const auto is_idle = [&] {
    for (size_t i = 0; i < cluster.size(); ++i) {
      if (cluster[i].node().admission().budget()->held() > 0) return false;
    }
    return true;
  };
  CHECK(cluster.run_until(is_idle, std::chrono::seconds(10)));
}

}  // namespace distkv::node::test
