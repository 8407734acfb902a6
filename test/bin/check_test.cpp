// The parts of `distkv-client check` that need no cluster: keys, one history out of many, reports.
#include <doctest/doctest.h>

#include <sstream>

#include "bin/check/keys.h"
#include "bin/check/report.h"
#include "bin/cli/run.h"

namespace distkv::bin::check {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;

base::MonotonicTime at(int milliseconds) {
  return base::MonotonicTime(std::chrono::milliseconds(milliseconds));
}

Operation operation(Kind kind, uint32_t client, int begin, int end) {
  Operation operation;
  operation.kind = kind;
  operation.client = client;
  operation.key = "k";
  operation.node = "n" + std::to_string(client);
  operation.invoked_at = at(begin);
  operation.returned_at = at(end);
  operation.outcome = Outcome::kOk;
  if (kind == Kind::kPut) operation.value = "v" + std::to_string(begin);
  return operation;
}

// Two clients: a put, and a read that misses it.
Report small_report() {
  Operation put = operation(Kind::kPut, 1, 10, 12);
  put.seen.add({base::ActorId{1}, base::Counter{1}, base::Counter{1}});
  Report report;
  report.run = "cafe";
  report.seed = 7;
  report.history = merged({{put}, {operation(Kind::kGet, 2, 20, 21)}});
  for (const Operation& each : report.history) {
    (each.is_read() ? report.reads : report.writes).add(each);
  }
  report.keys = 1;
  report.verdict = history::check(report.history);
  return report;
}

TEST_SUITE_BEGIN("check");

TEST_CASE("the histories of several clients become one, in order of invocation") {
  std::vector<history::History> histories(2);
  histories[0] = {operation(Kind::kGet, 0, 5, 6), operation(Kind::kPut, 0, 9, 10)};
  histories[0][1].context_of = 0;
  histories[1] = {operation(Kind::kGet, 1, 1, 2), operation(Kind::kPut, 1, 7, 8)};
  histories[1][1].context_of = 0;

  const history::History one = merged(std::move(histories));

  REQUIRE(one.size() == 4);
  for (size_t i = 1; i < one.size(); ++i) CHECK(one[i - 1].invoked_at < one[i].invoked_at);
  CHECK(one[2].client == 1);
  CHECK(one[2].context_of == 0);
  CHECK(one[3].client == 0);
  CHECK(one[3].context_of == 1);
}

TEST_CASE("a key that was used enough is replaced by a fresh one, and all are remembered") {
  Keys keys("p.", 1);
  base::Rng rng(1);
  std::string first = keys.draw(rng);
  std::string later = first;
  for (int i = 0; i < 1000 && later == first; ++i) later = keys.draw(rng);

  CHECK(first == "p.0.0");
  CHECK(later == "p.0.1");
  CHECK(keys.used() == std::vector<std::string>{"p.0.0", "p.0.1"});
}

TEST_CASE("a doubtful key is drawn for a while, and of many the newest") {
  Keys keys("p.", 1);
  base::Rng rng(1);
  CHECK_FALSE(keys.draw_doubtful(rng));
  keys.doubt("old");
  CHECK(keys.draw_doubtful(rng) == "old");
  for (int i = 0; i < 32; ++i) keys.doubt("new");

  int draws = 0;
  while (const auto key = keys.draw_doubtful(rng)) {
    CHECK(*key == "new");
    ++draws;
  }
  CHECK(draws == 32 * 1000);
}

TEST_CASE("each client begins with another server, and has them all") {
  const ClientOptions options{{"a", "b", "c"}, std::chrono::milliseconds(1)};

  CHECK(turned(options, 0).servers == std::vector<std::string>{"a", "b", "c"});
  CHECK(turned(options, 4).servers == std::vector<std::string>{"b", "c", "a"});
}

TEST_CASE("replicas are equal in every byte, different, or one of them did not answer") {
  const auto replica = [](const std::string& id, uint64_t digest, uint64_t counter) {
    ReplicaView view;
    view.id = id;
    view.digest = digest;
    view.versions = {{1, counter, 5, false, std::nullopt}};
    return view;
  };
  Explanation explanation;
  explanation.replicas = {replica("n1", 7, 1), replica("n2", 7, 1)};
  std::string why;
  CHECK(compare(explanation, why) == Equality::kEqual);
  SUBCASE("the same version is alive, after another past") {
    explanation.replicas.push_back(replica("n3", 8, 1));
    CHECK(compare(explanation, why) == Equality::kDifferent);
  }
  SUBCASE("another version is alive, on nodes too old to send digests") {
    explanation.replicas = {replica("n1", 0, 1), replica("n2", 0, 2)};
    CHECK(compare(explanation, why) == Equality::kDifferent);
  }
  SUBCASE("one holds nothing") {
    explanation.replicas.emplace_back();
    CHECK(compare(explanation, why) == Equality::kDifferent);
  }
  SUBCASE("one does not answer") {
    explanation.replicas[1].error = {ErrorKind::kUnavailable, "down"};
    CHECK(compare(explanation, why) == Equality::kUnanswered);
    CHECK(why == "n2: down");
  }
  SUBCASE("nobody answers") {
    explanation.error = {ErrorKind::kUnreachable, "no server"};
    CHECK(compare(explanation, why) == Equality::kUnanswered);
    CHECK(why == "no server");
  }
}

TEST_CASE("a report tells counts, replicas and each violation with its operations") {
  CHECK(as_text({}, small_report()) ==
        "check cafe: 8 clients, 64 keys at once, 30.0 s at quorum, seed 7\n"
        "              ok   refused   unknown    p50 ms    p99 ms  p99.9 ms    max ms\n"
        "reads          1         0         0      1.00      1.00      1.00      1.00\n"
        "writes         1         0         0      2.00      2.00      2.00      2.00\n"
        "keys: 1 used, all read at quorum at the end\n"
        "replicas: equal after 0.0 s\n"
        "violations: 1, 1 stale\n"
        "\n"
        "stale, key k: the first of these has not seen a write that was acknowledged before it "
        "began\n"
        "  get k by client 2 through n2 at quorum, 0.010000 s to 0.011000 s, ok, found nothing\n"
        "  put of 'v10' to k by client 1 through n1 at quorum without a context, 0.000000 s to "
        "0.002000 s, ok\n");
}

TEST_CASE("a report says what it could not do") {
  Report report = small_report();
  report.verdict = {};
  report.was_full = true;
  report.keys_left = 2;
  report.convergence = {.keys_different = 3, .keys_unanswered = 4, .why = "n3: down"};
  const std::string text = as_text({}, report);

  CHECK(text.find("at the end, 2 could not be removed\n") != std::string::npos);
  CHECK(text.find("the most operations, 500000, were recorded") != std::string::npos);
  CHECK(text.find("replicas: 3 keys differ, 4 cannot be compared (n3: down) after 0.0 s\n") !=
        std::string::npos);
  report.keys_unread = 5;
  CHECK(as_text({}, report).find("5 could not be read at the end") != std::string::npos);
}

TEST_CASE("a run in which nothing was answered, or a key was not read at the end, says nothing") {
  Report report = small_report();
  CHECK(report.says_anything());
  CHECK_FALSE(report.is_well());
  report.keys_unread = 1;
  CHECK_FALSE(report.says_anything());
  CHECK_FALSE(Report{}.says_anything());
  CHECK(Report{}.is_well());
}

TEST_CASE("JSON has the same, for scripts") {
  const std::string json = as_json({}, small_report());

  CHECK(json.find("\"violations\":1,\"by_fault\":{\"lost\":0,\"stale\":1,") != std::string::npos);
  CHECK(json.find("\"replicas_equal\":true") != std::string::npos);
  CHECK(json.find("\"fault\":\"stale\",\"key\":\"k\"") != std::string::npos);
}

TEST_CASE("a history is a line of JSON for each operation") {
  Report report = small_report();
  report.history[1].values = {"v1"};
  report.history[1].sibling_count = 1;
  std::ostringstream lines;
  write_history(lines, report.history);

  CHECK(lines.str() ==
        R"({"client":1,"op":"put","key":"k","consistency":"quorum","began":0.010000,)"
        R"("ended":0.012000,"outcome":"ok","node":"n1","value":"v10"})"
        "\n"
        R"({"client":2,"op":"get","key":"k","consistency":"quorum","began":0.020000,)"
        R"("ended":0.021000,"outcome":"ok","node":"n2","values":["v1"],"siblings":1})"
        "\n");
}

TEST_CASE("a check that finds no server says so, and exits 3") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  cli::Console console{in, out, err};

  const int exit_code = cli::run({"--server=127.0.0.1:1", "check", "--duration=1s"}, "1", console);

  CHECK(exit_code == 3);
  CHECK(out.str().empty());
  CHECK(err.str().find("127.0.0.1:1 ") != std::string::npos);
  CHECK(err.str().find("nothing can be said of the cluster\n") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::check
