#include "bin/cli/flags.h"

#include <doctest/doctest.h>

namespace distkv::bin::cli {
namespace {

using Words = std::vector<std::string>;
using std::chrono::milliseconds;

Invocation parsed(const Words& arguments) {
  const auto result = parse_client(arguments);
  CAPTURE(result.status().message());
  REQUIRE(result.is_ok());
  return *result;
}

std::string refusal(const Words& arguments) {
  const auto result = parse_client(arguments);
  REQUIRE(!result.is_ok());
  CHECK(result.code() == base::Code::kInvalidArgument);
  return result.status().message();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_SUITE_BEGIN("flags of the client");

TEST_CASE("nothing given means the defaults") {
  const Invocation invocation = parsed({"get", "key"});

  CHECK(invocation.words == Words{"get", "key"});
  CHECK(invocation.client.servers == Words{"localhost:8080"});
  CHECK(invocation.client.timeout == milliseconds(5000));
  CHECK(invocation.consistency == Consistency::kQuorum);
  CHECK(invocation.output == Output::kText);
  CHECK(!invocation.context);
}

TEST_CASE("flags are read wherever they stand") {
  const Invocation invocation = parsed({"-server", "a:1,b:2", "put", "--timeout=1m30s", "k", "v",
                                        "-ttl", "2s", "--output", "JSON", "--context", "dG9rZW4="});

  CHECK(invocation.words == Words{"put", "k", "v"});
  CHECK(invocation.client.servers == Words{"a:1", "b:2"});
  CHECK(invocation.client.timeout == milliseconds(90000));
  CHECK(invocation.ttl == milliseconds(2000));
  CHECK(invocation.output == Output::kJson);
  CHECK(invocation.context == "token");
}

TEST_CASE("a timeline is asked for where there is one, and not beside a value's bare bytes") {
  CHECK(parsed({"put", "--trace", "k", "v"}).wants_trace);
  CHECK(parsed({"get", "k", "-trace"}).wants_trace);
  CHECK(has(refusal({"status", "--trace"}), "--trace: status does not take it"));
  CHECK(refusal({"get", "k", "--raw", "--trace"}) == "--raw and --trace exclude each other");
}

TEST_CASE("a session is a file, for commands that read or write keys one by one or in a batch") {
  CHECK(parsed({"get", "--session", "mine", "k"}).session == "mine");
  CHECK(parsed({"batch", "a", "1", "--session=mine"}).session == "mine");
  CHECK(has(refusal({"get", "--session=", "k"}), "--session: '' is not allowed"));
  CHECK(has(refusal({"explain", "--session=mine", "k"}), "--session: explain does not take it"));
}

TEST_CASE("a check has flags of its own") {
  const Invocation asked =
      parsed({"check", "--duration", "1m30s", "--clients=16", "--keys", "7",
              "--seed=18446744073709551615", "--settle", "0s", "--history", "h.jsonl"});

  CHECK(asked.check.duration == milliseconds(90000));
  CHECK(asked.check.clients == 16);
  CHECK(asked.check.keys == 7);
  CHECK(asked.check.seed == UINT64_MAX);
  CHECK(asked.check.settle == milliseconds(0));
  CHECK(asked.check.history == "h.jsonl");
  CHECK(!parsed({"check"}).check.seed);
  CHECK(has(refusal({"check", "--clients", "257"}), "1 to 256"));
  CHECK(has(refusal({"check", "--keys", "many"}), "1 to 10000"));
  CHECK(has(refusal({"check", "--duration", "0s"}), "1s to 24h"));
  CHECK(has(refusal({"put", "k", "v", "--seed", "1"}), "--seed"));
}

TEST_CASE("consistency is read whatever its case") {
  CHECK(parsed({"--consistency", "ONE", "get", "k"}).consistency == Consistency::kOne);
  CHECK(parsed({"--consistency=Quorum", "get", "k"}).consistency == Consistency::kQuorum);
  CHECK(parsed({"-consistency=all", "get", "k"}).consistency == Consistency::kAll);
}

TEST_CASE("of a flag given twice the last holds") {
  CHECK(parsed({"--output=json", "--output=text", "status"}).output == Output::kText);
}

TEST_CASE("booleans can be switched on and off") {
  CHECK(parsed({"get", "k", "--siblings"}).wants_siblings);
  CHECK(parsed({"get", "k", "--raw=true"}).wants_raw);
  CHECK(!parsed({"get", "k", "--fail-missing=false"}).fails_missing);
  CHECK(parsed({"hints", "--wait"}).waits);
  CHECK(has(refusal({"status", "--wait"}), "--wait"));
  CHECK(has(refusal({"get", "k", "--raw=maybe"}), "maybe"));
}

TEST_CASE("a value may look like a number, a flag behind two dashes, or a dash") {
  CHECK(parsed({"put", "k", "-5"}).words == Words{"put", "k", "-5"});
  CHECK(parsed({"put", "k", "-"}).words == Words{"put", "k", "-"});
  CHECK(parsed({"--output=json", "put", "--", "k", "--raw"}).words == Words{"put", "k", "--raw"});
  CHECK(parsed({"put", "", ""}).words == Words{"put", "", ""});
}

TEST_CASE("a wrong value is named with its flag and what is allowed") {
  for (const auto& [flag, value, allowed] :
       {std::tuple{"--consistency", "most", "one, quorum or all"},
        std::tuple{"--output", "xml", "text or json"}, std::tuple{"--timeout", "soon", "1m30s"},
        std::tuple{"--timeout", "2h", "1ms to 1h"}, std::tuple{"--timeout", "0s", "1ms to 1h"},
        std::tuple{"--server", ",", "host:port"}, std::tuple{"--context", "?", "get --siblings"},
        std::tuple{"--ttl", "0s", "1ms"}}) {
    const std::string message = refusal({flag, value, "put", "k", "v"});
    CAPTURE(message);
    CHECK(has(message, flag));
    CHECK(has(message, value));
    CHECK(has(message, allowed));
  }
}

TEST_CASE("an unknown flag is named, with the one that was likely meant") {
  const std::string message = refusal({"get", "k", "--consistancy", "all"});

  CHECK(has(message, "--consistancy"));
  CHECK(has(message, "--consistency?"));
}

TEST_CASE("flags of TLS are refused rather than ignored") {
  for (const char* flag : {"tls-enabled", "tls-cert-file", "tls-key-file", "tls-ca-file",
                           "tls-client-auth", "tls-server-name"}) {
    const std::string message = refusal({"--" + std::string(flag), "x", "status"});
    CHECK(has(message, flag));
    CHECK(has(message, "does not have TLS yet"));
  }
}

TEST_CASE("a flag the command does nothing with is refused") {
  CHECK(has(refusal({"get", "k", "--ttl", "5s"}), "--ttl"));
  CHECK(has(refusal({"status", "--raw"}), "--raw"));
  CHECK(has(refusal({"batch", "k", "v", "--context", "dG9rZW4="}), "--context"));
  CHECK(has(refusal({"get", "k", "--raw", "--output=json"}), "--raw"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::cli
