// Timelines as a client of a node gets them: reads, and puts through a node that is no replica.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/small_cluster.h"
#include "ring/token.h"

namespace distkv::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Consistency;
using wire::TraceStep;

// "recorder: node step; ..." with the numbers of steps, "s" behind spares.
std::string text_of(const std::optional<wire::Trace>& trace) {
  if (!trace) return "none";
  std::string text = std::string(trace->node) + ":";
  uint64_t last = 0;
  for (const wire::TraceEvent& event : trace->events) {
    CHECK(event.at_us >= last);
    last = event.at_us;
    text += " " + std::string(event.node) + "/" + std::to_string(static_cast<int>(event.step)) +
            (event.is_spare ? "s" : "");
  }
  return text;
}

std::string step(TraceStep step) { return "/" + std::to_string(static_cast<int>(step)); }

struct Put {
  std::string trace;
  std::string forwarding;
};

Put put(SmallCluster& cluster, size_t through, const std::string& key, bool wants_trace) {
  static uint64_t operations = 0;
  wire::PutRequest request;
  request.key = key;
  request.value = "value";
  request.op_id = base::OpId{{9, ++operations}};
  request.wants_trace = wants_trace;
  auto found = std::make_shared<std::optional<Put>>();
  cluster[through].node().put(request, [found](const wire::PutReply& reply) {
    *found = Put{text_of(reply.trace), text_of(reply.forwarding)};
  });
  REQUIRE(cluster.run_until([&] { return found->has_value(); }, seconds(10)));
  return **found;
}

std::string get(SmallCluster& cluster, size_t through, const std::string& key,
                Consistency consistency) {
  wire::GetRequest request;
  request.key = key;
  request.consistency = consistency;
  request.wants_trace = true;
  auto found = std::make_shared<std::optional<std::string>>();
  cluster[through].node().get(
      request, [found](const wire::GetReply& reply) { *found = text_of(reply.trace); });
  REQUIRE(cluster.run_until([&] { return found->has_value(); }, seconds(10)));
  return **found;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE_BEGIN("timelines");

TEST_CASE("a read tells which replica it asked for the record and which for a digest") {
  SmallCluster cluster{3};
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  cluster.run(seconds(1));

  CHECK(get(cluster, 0, "key", Consistency::kOne) == "node0: node0/1 node0/5 /12");
  const std::string told = get(cluster, 0, "key", Consistency::kQuorum);
  CAPTURE(told);
  CHECK(told.rfind("node0: node0/1 ", 0) == 0);
  CHECK(has(told, step(TraceStep::kAskedForDigest) + " "));
}

TEST_CASE("a read that finds a stale replica tells that it writes back before it answers") {
  SmallCluster cluster{3};
  cluster[2].crash();
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  // Back before anybody missed it, or gave it what it lacks.
  cluster[2].start();
  REQUIRE(cluster.run_until([&] { return cluster[2].node().is_serving(); }, seconds(30)));

  const std::string told = get(cluster, 2, "key", Consistency::kAll);

  CAPTURE(told);
  CHECK(has(told, "node2" + step(TraceStep::kStale)));
  CHECK(has(told, "node2" + step(TraceStep::kAskedToTakeMerged) + " node2" +
                      step(TraceStep::kAnswered) + " /12"));
}

TEST_CASE("a slow replica is told apart from the spare asked in its place") {
  SmallCluster cluster{3};
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  cluster.run(seconds(1));
  const std::string quick = get(cluster, 0, "key", Consistency::kQuorum);
  const size_t asked = has(quick, "node1/") ? 1 : 2;
  cluster[asked].pause();

  const std::string told = get(cluster, 0, "key", Consistency::kQuorum);

  CAPTURE(told);
  const std::string late = "node" + std::to_string(asked);
  CHECK(has(told, "/2s "));
  CHECK(has(told, late + step(TraceStep::kSilent)));
}

TEST_CASE("a put through a node that is no replica tells the hop and what the replica did") {
  SmallCluster cluster{4};
  const ring::Layout& layout = *cluster[0].node().layouts().current;
  std::string foreign;
  for (size_t i = 0; foreign.empty(); ++i) {
    const std::string key = "key-" + std::to_string(i);
    const base::PartitionId partition = layout.partition_of(ring::token_of(key));
    if (!layout.is_replica(partition, base::NodeId{"node0"})) foreign = key;
  }

  const Put told = put(cluster, 0, foreign, true);
  CAPTURE(told.trace);
  CAPTURE(told.forwarding);
  CHECK(told.forwarding.rfind("node0: node", 0) == 0);
  CHECK(has(told.forwarding, step(TraceStep::kForwarded) + " "));
  CHECK(has(told.forwarding, step(TraceStep::kAnswered) + " /12"));
  CHECK_FALSE(has(told.trace, "node0"));
  CHECK(has(told.trace, step(TraceStep::kMinted)));

  const Put silent = put(cluster, 0, foreign, false);
  CHECK(silent.trace == "none");
  CHECK(silent.forwarding == "none");
}

}  // namespace distkv::node::test
