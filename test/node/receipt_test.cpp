// What a writer is told, and what a retry may rely on when the node it asked first is gone.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/small_cluster.h"

namespace distkv::node::test {
namespace {

using base::Persistence;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Consistency;

// Views `key`.
wire::PutRequest request_of(std::string_view key, uint64_t operation) {
  wire::PutRequest request;
  request.key = key;
  request.value = "value";
  request.op_id = base::OpId{{7, operation}};
  request.timeout = seconds(5);
  return request;
}

// "ok node0:1 node1:3 under a layout", with the number of the persistence behind each node.
std::string text_of(const wire::PutReply& reply) {
  std::string text(name_of(reply.code));
  for (size_t i = 0; i < reply.acknowledged.size(); ++i) {
    text.append(" ").append(reply.acknowledged[i]).append(":");
    text += std::to_string(static_cast<int>(reply.persistence[i]));
  }
  return text + (reply.layout_version == base::LayoutVersion{} ? "" : " under a layout");
}

std::string put(SmallCluster& cluster, size_t through, const wire::PutRequest& request) {
  auto text = std::make_shared<std::optional<std::string>>();
  cluster[through].node().put(request,
                              [text](const wire::PutReply& reply) { *text = text_of(reply); });
  REQUIRE(cluster.run_until([&] { return text->has_value(); }, seconds(10)));
  return **text;
}

}  // namespace

TEST_SUITE_BEGIN("receipts");

TEST_CASE("each replica says for itself where it keeps a write") {
  SmallCluster cluster{3};
  cluster[1].config().durability = storage::Durability::kMemory;
  cluster[1].stop();
  cluster[1].start();
  REQUIRE(cluster.run_until([&] { return cluster[1].node().is_serving(); }, seconds(30)));
  cluster.run(seconds(5));

  wire::PutRequest request = request_of("key", 1);
  request.consistency = Consistency::kAll;
  const std::string answer = put(cluster, 0, request);

  CAPTURE(answer);
  CHECK(answer.rfind("ok ", 0) == 0);
  CHECK(answer.find("node0:1") != std::string::npos);
  CHECK(answer.find("node1:3") != std::string::npos);
  CHECK(answer.find("node2:1") != std::string::npos);
  CHECK(answer.find(" under a layout") != std::string::npos);
}

TEST_CASE("a receipt comes whole through a node that only forwards the put") {
  SmallCluster cluster{4};
  size_t seen_without_first = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    const std::string key = "key-" + std::to_string(i);
    wire::PutRequest request = request_of(key, i + 1);
    request.consistency = Consistency::kAll;

    const std::string answer = put(cluster, 0, request);

    CAPTURE(answer);
    seen_without_first += answer.find("node0") == std::string::npos ? 1 : 0;
    CHECK(answer.find(":0") == std::string::npos);
    CHECK(answer.find(" under a layout") != std::string::npos);
  }
  CHECK(seen_without_first > 0);
}

TEST_CASE("a retry after the coordinator stored the write and died is the same write") {
  SmallCluster cluster{3};
  cluster[1].pause();
  cluster[2].pause();
  const wire::PutRequest request = request_of("key", 1);
  bool is_answered = false;
  cluster[0].node().put(request, [&](const wire::PutReply&) { is_answered = true; });
  cluster.run(milliseconds(50));
  REQUIRE_FALSE(is_answered);
  REQUIRE(cluster[0].stored("key") != "(absent)");

  cluster[0].crash();
  cluster[1].go_on();
  cluster[2].go_on();
  CHECK(put(cluster, 1, request).rfind("ok ", 0) == 0);

  cluster[0].start();
  REQUIRE(cluster.run_until([&] { return cluster[0].node().is_serving(); }, seconds(30)));
  cluster.run(seconds(5));
  for (size_t through = 0; through < 3; ++through) {
    CHECK(cluster.get(through, "key", Consistency::kAll) == "value");
    CHECK(cluster.sibling_count(through, "key") == 1);
  }
}

}  // namespace distkv::node::test
