// The texts of the client, word for word: scripts rely on them.
#include <doctest/doctest.h>

#include <sstream>

#include "bin/cli/commands.h"

namespace distkv::bin::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

const system_clock::time_point kSeen{seconds(1768473045)};

ClusterStatus three_nodes() {
  ClusterStatus status;
  status.node_id = "node2";
  status.cluster_name = "distkv";
  status.engine = "leveldb";
  status.nodes = {{"node3", "localhost:8082", "LEFT", {}},
                  {"node1", "localhost:8080", "ALIVE", kSeen},
                  {"node2", "localhost:8081", "SUSPECT", kSeen + milliseconds(999)}};
  status.requests = 1543;
  status.latency_mean = microseconds(2304);
  status.layout_version = 4;
  status.is_settled = false;
  status.partition_count = 1024;
  status.replica_count = 3;
  status.hints_pending = 7;
  status.hint_bytes = 4096;
  status.hint_age = seconds(3723);
  status.hints_dropped = 2;
  status.dirty_partitions = 1;
  return status;
}

TEST_SUITE_BEGIN("texts of the client");

TEST_CASE("status keeps its words and their order") {
  CHECK(status_text(three_nodes()) ==
        "=== Cluster Status ===\n"
        "Health: 3 total nodes, 1 alive, 1 dead (33.3% availability)\n"
        "\n"
        "=== Nodes ===\n"
        "  node1 (localhost:8080) - ALIVE - Last seen: 2026-01-15T10:30:45Z\n"
        "  node2 (localhost:8081) - SUSPECT - Last seen: 2026-01-15T10:30:45Z\n"
        "  node3 (localhost:8082) - LEFT - Last seen: never\n"
        "\n"
        "=== Metrics ===\n"
        "Total requests: 1543\n"
        "Average latency: 2.30 ms\n"
        "\n"
        "=== Storage ===\n"
        "Engine: leveldb\n"
        "Layout version: 4\n"
        "Partitions: 1024\n"
        "Replicas: 3\n"
        "State: moving\n"
        "\n"
        "=== Hints ===\n"
        "Pending: 7\n"
        "Bytes: 4096\n"
        "Oldest: 1h2m3s\n"
        "Dropped: 2\n"
        "Dirty partitions: 1\n");
}

TEST_CASE("status tells of the store, where the node says") {
  ClusterStatus status = three_nodes();
  status.storage_state = "full: 3 bytes are free";
  status.storage_pressure = 0.625;
  status.bytes_on_disk = 4096;

  CHECK(status_text(status).find("State: moving\nStore: full: 3 bytes are free\nPressure: 0.62\n"
                                 "Bytes on disk: 4096\n\n=== Hints ===") != std::string::npos);
  CHECK(status_json(status).find(R"("storage_state":"full: 3 bytes are free",)"
                                 R"("storage_pressure":0.625,"bytes_on_disk":4096})") !=
        std::string::npos);
}

TEST_CASE("status tells how equal the replicas are, where the node says") {
  ClusterStatus status = three_nodes();
  status.storage_state = "ok";
  status.anti_entropy =
      AntiEntropyStatus{{{0, seconds(3)}, {7, {}}, {9, seconds(12)}}, 1, 2, 40, 200, 91342, 0};

  CHECK(status_text(status).find("Dirty partitions: 1\n"
                                 "\n"
                                 "=== Anti-entropy ===\n"
                                 "Proven equal: 2 of 3 partitions held\n"
                                 "Oldest proof: 12 s ago, none yet for 1\n"
                                 "Dirty: 1\n"
                                 "Hash trees being built: 2\n"
                                 "Exchanged: 200 records, 91342 bytes in 40 rounds\n"
                                 "Tombstones collected: 0\n") != std::string::npos);
  CHECK(status_json(status).find(R"("bytes_on_disk":0,"anti_entropy":{"dirty":1,"building":2,)"
                                 R"("rounds":40,"records":200,"bytes":91342,"mismatches":0,)"
                                 R"("collected":0,"behind":0,)"
                                 R"("proven":2,"proofs":[[0,3],[7,null],[9,12]]}})") !=
        std::string::npos);

  status.anti_entropy->proofs = {{0, {}}};
  status.anti_entropy->mismatches = 5;
  CHECK(status_text(status).find("Oldest proof: none, none yet for 1\n") != std::string::npos);
  CHECK(status_text(status).find("collected: 0\nWrong hashes found and replaced: 5\n") !=
        std::string::npos);
}

TEST_CASE("status shows the keys read most, whatever their bytes") {
  ClusterStatus status = three_nodes();
  status.storage_state = "ok";
  status.recent_reads = 9000;
  status.hot_keys = {
      {"user:1", 6, 5000, 0}, {"a\nb\xff", 4, 1200, 17}, {std::string(150, 'k'), 70'000, 300, 1}};

  CHECK(status_text(status).find("Dirty partitions: 1\n"
                                 "\n"
                                 "=== Hot keys ===\n"
                                 "Of the last 9000 reads through this node (writes are not "
                                 "counted):\n"
                                 "  'user:1' - Reads: 5000\n"
                                 "  'a\\x0ab\\xff' - Reads: 1200, at most 17 too many\n"
                                 "  '" +
                                 std::string(100, 'k') +
                                 "...' - Reads: 300, at most 1 too many\n") != std::string::npos);
  status.hot_keys.resize(2);
  CHECK(status_json(status).find(
            R"("hot_keys":[{"key":"user:1","key_bytes":6,"reads":5000,"error":0},)"
            R"({"key_base64":"YQpi/w==","key_bytes":4,"reads":1200,"error":17}],)"
            R"("recent_reads":9000})") != std::string::npos);
}

TEST_CASE("a checkpoint that is complete says where it is") {
  const CheckpointOutcome outcome{{}, "node1", "/data/checkpoints/monday"};

  CHECK(checkpoint_text("monday", outcome) ==
        "Checkpoint 'monday' of node1 is complete: /data/checkpoints/monday\n");
  CHECK(checkpoint_json("monday", outcome) ==
        R"({"name":"monday","node_id":"node1","directory":"/data/checkpoints/monday"})");
}

HintsOutcome two_targets() {
  HintsOutcome outcome;
  outcome.node_id = "node1";
  outcome.targets = {{"node2", 0, 0, milliseconds(0), 12, 0},
                     {"node3", 5, 1000, milliseconds(61'500), 7, 2}};
  outcome.bytes_max = 5000;
  outcome.dropped = 3;
  outcome.dirty_partitions = 2;
  return outcome;
}

TEST_CASE("hints show for whom they are kept") {
  CHECK(hints_text(two_targets()) ==
        "=== Hints of node1 ===\n"
        "Pending: 5\n"
        "Bytes: 1000 of at most 5000\n"
        "Dropped: 3\n"
        "Dirty partitions: 2\n"
        "\n"
        "=== Targets ===\n"
        "  node2 - Pending: 0 - Bytes: 0 - Oldest: none - Delivered: 12 - Dropped: 0\n"
        "  node3 - Pending: 5 - Bytes: 1000 - Oldest: 1m1s - Delivered: 7 - Dropped: 2\n");
  HintsOutcome none;
  none.node_id = "node1";
  CHECK(hints_text(none) ==
        "=== Hints of node1 ===\nPending: 0\nBytes: 0 of at most 0\nDropped: 0\n"
        "Dirty partitions: 0\n");
  CHECK(hints_json(two_targets()) ==
        R"({"node_id":"node1","pending":5,"bytes":1000,"bytes_max":5000,"dropped":3,)"
        R"("dirty_partitions":2,"done":false,"targets":[{"id":"node2","pending":0,"bytes":0,)"
        R"("age_ms":0,"delivered":12,"dropped":0},{"id":"node3","pending":5,"bytes":1000,)"
        R"("age_ms":61500,"delivered":7,"dropped":2}]})");
  CHECK(hints_left_text(two_targets()) ==
        "not all hints were delivered in time; left are 5 for node3");
}

TEST_CASE("an age is told in hours, minutes and seconds, from the first that is not zero") {
  CHECK(age_text(milliseconds(999)) == "0s");
  CHECK(age_text(seconds(59)) == "59s");
  CHECK(age_text(seconds(60)) == "1m0s");
  CHECK(age_text(seconds(3600)) == "1h0m0s");
  CHECK(age_text(seconds(100 * 3600 + 62)) == "100h1m2s");
}

TEST_CASE("a healthy cluster is wholly available, an empty one not at all") {
  ClusterStatus status = three_nodes();
  for (NodeStatus& node : status.nodes) node.state = "ALIVE";
  CHECK(status_text(status).find("3 total nodes, 3 alive, 0 dead (100.0% availability)") !=
        std::string::npos);

  CHECK(status_text({}).find("0 total nodes, 0 alive, 0 dead (0.0% availability)") !=
        std::string::npos);
}

TEST_CASE("status as JSON") {
  ClusterStatus status = three_nodes();
  status.nodes.resize(2);
  CHECK(status_json(status) ==
        R"({"node_id":"node2","cluster_name":"distkv","total":2,"alive":1,"dead":1,)"
        R"("availability_percent":50.0,"nodes":[{"id":"node1","address":"localhost:8080",)"
        R"("state":"ALIVE","last_seen":"2026-01-15T10:30:45Z"},{"id":"node3",)"
        R"("address":"localhost:8082","state":"LEFT","last_seen":null}],"requests":1543,)"
        R"("latency_mean_ms":2.30,"engine":"leveldb","layout_version":4,"partitions":1024,)"
        R"("replicas":3,"settled":false,"hints_pending":7,"read_repairs":0,"hint_bytes":4096,)"
        R"("hint_age_ms":3723000,"hints_dropped":2,"dirty_partitions":1})");
}

TEST_CASE("a value, and how many siblings it has") {
  GetOutcome outcome;
  outcome.values = {"value"};
  outcome.sibling_count = 1;
  CHECK(get_text("key", outcome, false) == "Key: key\nValue: value\n");

  outcome.sibling_count = 3;
  CHECK(get_text("key", outcome, false) ==
        "Key: key\nValue: value\nSiblings: 3, the newest is shown; --siblings shows all, a put "
        "with --context settles them\n");

  outcome.values = {"new", "old"};
  outcome.sibling_count = 2;
  outcome.context = "token";
  CHECK(get_text("key", outcome, true) ==
        "Key: key\nValue: new\nValue: old\nSiblings: 2, newest first; a put with --context "
        "settles them\nContext: dG9rZW4=\n");
  CHECK(missing_text("key") == "Key 'key' not found");
}

TEST_CASE("a value as JSON, in base64 where it is no text") {
  GetOutcome outcome;
  outcome.values = {"new\n", "\xff"};
  outcome.sibling_count = 2;
  outcome.context = "token";
  CHECK(get_json("key", outcome, false) ==
        R"({"key":"key","found":true,"value":"new\n","siblings":2,"context":"dG9rZW4="})");
  CHECK(get_json("key", outcome, true) ==
        R"({"key":"key","found":true,"value":"new\n","siblings":2,"values":[{"value":"new\n"},)"
        R"({"value_base64":"/w=="}],"context":"dG9rZW4="})");
  outcome.session_forgot = true;
  CHECK(get_json("key", outcome, false).find(R"("session_forgot":true})") != std::string::npos);
  CHECK(get_json("key", {}, false) == R"({"key":"key","found":false,"siblings":0,"context":""})");
}

TEST_CASE("the receipt of a write as JSON") {
  const PutOutcome stored{{}, "token", {"node1", "node2"}, {"node3"}};
  CHECK(put_json("key", stored) == R"({"key":"key","outcome":"stored","context":"dG9rZW4=",)"
                                   R"("acknowledged":["node1","node2"],"hinted":["node3"],)"
                                   R"("durability":{"node1":"unsaid","node2":"unsaid"},)"
                                   R"("layouts":[],"may_repeat":false})");

  const PutOutcome unknown{{ErrorKind::kUnknown, "why"}, "", {"node1"}, {}};
  CHECK(put_json("key", unknown) ==
        R"({"key":"key","outcome":"unknown","error":"why","context":"",)"
        R"("acknowledged":["node1"],"hinted":[],"durability":{"node1":"unsaid"},"layouts":[],)"
        R"("may_repeat":false})");
}

TEST_CASE("a receipt says where each replica keeps the write, and under which layouts") {
  PutOutcome stored{{}, "token", {"n1", "n2", "n3", "n4"}, {}};
  stored.persistence = {Persistence::kDisk, Persistence::kPeriodic, Persistence::kMemory,
                        Persistence::kUnsaid};
  stored.layouts = {8, 7};
  stored.may_repeat = true;

  CHECK(put_json("key", stored) ==
        R"({"key":"key","outcome":"stored","context":"dG9rZW4=","acknowledged":["n1","n2","n3",)"
        R"("n4"],"hinted":[],"durability":{"n1":"disk","n2":"periodic","n3":"memory",)"
        R"("n4":"unsaid"},"layouts":[8,7],"may_repeat":true})");
  CHECK(acknowledged_text(stored) == "n1 (on disk), n2 (not on disk yet), n3 (in memory), n4");
  stored.error = {ErrorKind::kUnknown, "why"};
  CHECK(put_error_text("key", stored) ==
        "the outcome for key 'key' is unknown, it may take effect later; acknowledged by n1 (on "
        "disk), n2 (not on disk yet), n3 (in memory), n4; why");
}

TEST_CASE("a read without an answer is no absent key in JSON") {
  GetOutcome failed;
  failed.error = {ErrorKind::kUnavailable, "why"};
  CHECK(get_error_json("key", failed) == R"({"key":"key","outcome":"unavailable","error":"why"})");
  failed.error.kind = ErrorKind::kBehind;
  CHECK(get_error_json("key", failed) == R"({"key":"key","outcome":"behind","error":"why"})");
  failed.error.kind = ErrorKind::kUnreachable;
  CHECK(get_error_json("\xff", failed) ==
        R"({"key_base64":"/w==","outcome":"unreachable","error":"why"})");
}

TEST_CASE("a write that did not succeed is told by its kind, with its exit code") {
  const auto report = [](const PutOutcome& outcome) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    Invocation invocation;
    Client client({});
    Call call{invocation, client, console};
    const int exit_code = report_write(call, "key", outcome, "done");
    return std::to_string(exit_code) + "|" + out.str() + "|" + err.str();
  };

  CHECK(report({{}, "", {}, {}}) == "0|done\n|");
  CHECK(report({{ErrorKind::kRejected, "rejected: why"}, "", {}, {}}) ==
        "1||Error: key 'key' was not changed, rejected: why\n");
  CHECK(report({{ErrorKind::kUnknown, "timed out: why"}, "", {"node1", "node2"}, {}}) ==
        "3||Error: the outcome for key 'key' is unknown, it may take effect later; acknowledged "
        "by node1, node2; timed out: why\n");
  CHECK(report({{ErrorKind::kUnknown, "why"}, "", {}, {}}).find("acknowledged by no replica") !=
        std::string::npos);
  CHECK(report({{ErrorKind::kUnreachable, "two\nlines"}, "", {}, {}}) == "1||Error: two lines\n");
}

TEST_CASE("a key given twice to a batch is written once, with its last value") {
  const auto pairs = batch_pairs({"a", "1", "b", "2", "a", "3"});

  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].key == "a");
  CHECK(pairs[0].value == "3");
  CHECK(pairs[1].key == "b");
}

TEST_CASE("a batch that failed in part names its keys and the first reason") {
  const std::vector<Client::KeyValue> pairs = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  std::vector<PutOutcome> outcomes(3);
  outcomes[1].error = {ErrorKind::kUnknown, "first"};
  outcomes[2].error = {ErrorKind::kRejected, "second"};

  CHECK(batch_error_text(pairs, outcomes) == "1 of 3 stored, 1 of unknown outcome; first");
  CHECK(batch_failed_keys(pairs, outcomes) == "[b, c]");
}

TEST_CASE("explain shows each replica and what it holds") {
  Explanation explanation;
  explanation.token = 0xabc;
  explanation.slot = 12;
  explanation.partition = 3;
  explanation.layout_version = 4;
  explanation.verdict = "one value of 5 bytes: because";
  explanation.replicas.resize(2);
  explanation.replicas[0] = {
      "node1", "a:1", "ALIVE", {}, {{0x1f, 99, 5, false, kSeen}, {0x2f, 98, 0, true, std::nullopt}},
      false};
  explanation.replicas[1] = {"node2", "b:2", "DEAD", {ErrorKind::kUnavailable, "lost"}, {}, true};

  CHECK(explain_text("key", explanation) ==
        "Key: key\n"
        "Token: 0000000000000abc\n"
        "Slot: 12\n"
        "Partition: 3\n"
        "Layout version: 4\n"
        "Replicas:\n"
        "  node1 (a:1) - ALIVE\n"
        "    dot 000000000000001f:99 5 bytes, expires 2026-01-15T10:30:45Z\n"
        "    dot 000000000000002f:98 tombstone\n"
        "  node2 (b:2) - DEAD - hint pending\n"
        "    no answer: lost\n"
        "A quorum would answer: one value of 5 bytes: because\n");
  CHECK(explain_json("key", explanation) ==
        R"({"key":"key","token":"0000000000000abc","slot":12,"partition":3,"layout_version":4,)"
        R"("replicas":[{"id":"node1","address":"a:1","state":"ALIVE","versions":[{"actor":"31",)"
        R"("counter":"99","value_bytes":5,"tombstone":false,)"
        R"("expires_at":"2026-01-15T10:30:45Z"},{"actor":"47","counter":"98","value_bytes":0,)"
        R"("tombstone":true}],"hint_pending":false},{"id":"node2","address":"b:2",)"
        R"("state":"DEAD","error":"lost","versions":[],"hint_pending":true}],)"
        R"("verdict":"one value of 5 bytes: because"})");
}

TEST_CASE("explain shows who keeps a write for whom, and the layouts where partitions move") {
  Explanation explanation;
  explanation.layout_version = 4;
  explanation.previous_layout_version = 3;
  explanation.verdict = "not found (never written): because";
  explanation.replicas.resize(3);
  for (size_t i = 0; i < 3; ++i) {
    explanation.replicas[i].id = "node" + std::to_string(i + 1);
    explanation.replicas[i].address = "a:1";
    explanation.replicas[i].state = "ALIVE";
  }
  explanation.replicas[1].is_in_previous_layout = true;
  explanation.replicas[2].is_in_previous_layout = true;
  explanation.replicas[2].is_in_layout = false;
  explanation.hints = {{"node2", "node3", milliseconds(61'500)}};

  CHECK(explain_text("key", explanation) ==
        "Key: key\n"
        "Token: 0000000000000000\n"
        "Slot: 0\n"
        "Partition: 0\n"
        "Layout version: 4, moving from 3\n"
        "Replicas:\n"
        "  node1 (a:1) - ALIVE - layout 4\n"
        "    nothing\n"
        "  node2 (a:1) - ALIVE - layouts 4 and 3\n"
        "    nothing\n"
        "  node3 (a:1) - ALIVE - layout 3\n"
        "    nothing\n"
        "Hints:\n"
        "  node2 keeps a write for node3, 1m1s old\n"
        "A quorum would answer: not found (never written): because\n");
  explanation.replicas.erase(explanation.replicas.begin(), explanation.replicas.begin() + 2);
  CHECK(explain_json("key", explanation) ==
        R"({"key":"key","token":"0000000000000000","slot":0,"partition":0,"layout_version":4,)"
        R"("previous_layout_version":3,"replicas":[{"id":"node3","address":"a:1",)"
        R"("state":"ALIVE","versions":[],"hint_pending":false,"in_layout":false,)"
        R"("in_previous_layout":true}],"hints":[{"holder":"node2","target":"node3",)"
        R"("age_ms":61500}],"verdict":"not found (never written): because"})");
  explanation.hints->clear();
  CHECK(explain_text("key", explanation).find("Hints: none\n") != std::string::npos);
}

Trace sample_trace() {
  return {"node1",
          {{microseconds(0), "node1", TraceStep::kAskedToWrite, false, ""},
           {microseconds(15), "n2", TraceStep::kFailed, false, "timed out: no answer"},
           {microseconds(1'234'567), "n2", TraceStep::kAskedForDigest, true, ""},
           {microseconds(1'234'568), "", TraceStep::kRepliedToClient, false, ""}},
          7};
}

TEST_CASE("a timeline has a line for each event") {
  CHECK(trace_text(sample_trace()) ==
        "Trace by node1:\n"
        "        0 us  node1  asked to write\n"
        "       15 us  n2     failed: timed out: no answer\n"
        "  1234567 us  n2     asked for a digest as a spare\n"
        "  1234568 us         client answered\n"
        "  7 more events were left out\n");
  CHECK(trace_json(sample_trace()) ==
        R"({"node":"node1","events":[{"at_us":0,"node":"node1","step":"asked to write"},)"
        R"({"at_us":15,"node":"n2","step":"failed","text":"timed out: no answer"},)"
        R"({"at_us":1234567,"node":"n2","step":"asked for digest","spare":true},)"
        R"({"at_us":1234568,"step":"replied"}],"left_out":7})");
}

TEST_CASE("--trace adds the receipt and the timelines of a write, whatever became of it") {
  PutOutcome outcome{{}, "token", {"n1", "n2"}, {"n3"}};
  outcome.persistence = {Persistence::kDisk, Persistence::kMemory};
  outcome.layouts = {8, 7};
  CHECK(receipt_text(outcome) ==
        "Acknowledged by: n1 (on disk), n2 (in memory)\nHinted: n3\nLayout version: 8 and 7\n");
  CHECK(receipt_text({}) ==
        "Acknowledged by: no replica\nHinted: none\nLayout version: not said\n");

  outcome.trace = Trace{"n1", {}, 0};
  outcome.forwarding = Trace{"n9", {}, 0};
  const std::string json = put_json("key", outcome);
  CHECK(json.find(R"("forwarding":{"node":"n9","events":[],"left_out":0},)"
                  R"("trace":{"node":"n1","events":[],"left_out":0}})") != std::string::npos);
  for (const bool is_ok : {true, false}) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    Invocation invocation;
    invocation.wants_trace = true;
    Client client({});
    Call call{invocation, client, console};
    if (!is_ok) outcome.error = {ErrorKind::kRejected, "why"};
    CHECK(report_write(call, "key", outcome, "done") == (is_ok ? 0 : 1));
    CHECK(out.str() ==
          (is_ok ? "done\n" : "") + receipt_text(outcome) + "Trace by n9:\nTrace by n1:\n");
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::cli
