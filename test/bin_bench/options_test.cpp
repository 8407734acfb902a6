#include "bin/bench/options.h"

#include <doctest/doctest.h>

namespace distkv::bin::bench {
namespace {

Options parsed(const std::vector<std::string>& arguments) {
  const auto line = parse(arguments);
  REQUIRE_MESSAGE(line.is_ok(), line.status().message());
  return line->options;
}

std::string complaint(const std::vector<std::string>& arguments) {
  const auto line = parse(arguments);
  REQUIRE(!line.is_ok());
  CHECK(line.code() == base::Code::kInvalidArgument);
  return line.status().message();
}

TEST_SUITE_BEGIN("bench options");

TEST_CASE("without flags the defaults of the help hold") {
  const Options options = parsed({});
  CHECK(options.servers == std::vector<std::string>{"localhost:8080"});
  CHECK(options.clients == 50);
  CHECK(options.depth == 1);
  CHECK(options.length == std::chrono::seconds(10));
  CHECK(!options.is_json);
}

TEST_CASE("flags come with one dash or two, and with a blank or an equals sign") {
  const Options options = parsed({"-server", "a:1,b:2", "--depth=16", "-read-share=0.25", "--load",
                                  "--json", "--consistency", "all"});
  CHECK(options.servers == std::vector<std::string>{"a:1", "b:2"});
  CHECK(options.depth == 16);
  CHECK(options.read_share == 0.25);
  CHECK(options.consistency == wire::Consistency::kAll);
  CHECK(options.loads_first);
  CHECK(options.is_json);
}

TEST_CASE("a time is a number of seconds or a duration") {
  CHECK(parsed({"--seconds", "2"}).length == std::chrono::seconds(2));
  CHECK(parsed({"--seconds", "0.5"}).length == std::chrono::milliseconds(500));
  CHECK(parsed({"--seconds", "1m30s"}).length == std::chrono::seconds(90));
  CHECK(parsed({"--warmup", "0"}).warm_up == std::chrono::seconds(0));
  CHECK(parsed({"--timeout", "250ms"}).timeout == std::chrono::milliseconds(250));
}

TEST_CASE("help and version are seen before anything else") {
  CHECK(parse({"--help"})->wants_help);
  CHECK(parse({"-version"})->wants_version);
}

TEST_CASE("a wrong value is refused by the name of its flag") {
  const std::vector<std::vector<std::string>> wrong = {
      {"--clients", "0"},      {"--clients", "9001"},   {"--depth", "-1"},
      {"--depth", "1x"},       {"--keys", "0"},         {"--value-size", "8388609"},
      {"--read-share", "1.1"}, {"--read-share", "nan"}, {"--consistency", "two"},
      {"--seconds", "0"},      {"--seconds", "soon"},   {"--timeout", "2h"},
      {"--server", ""},        {"--server", "host"},    {"--server", "host:0"},
      {"--server", ":80"},     {"--seed", "-1"},        {"--warmup", "8760h"}};
  for (const auto& arguments : wrong) {
    CAPTURE(arguments[0] + " " + arguments[1]);
    CHECK(complaint(arguments).rfind(arguments[0] + ": ", 0) == 0);
  }
}

TEST_CASE("an unknown flag brings the likeliest one, and a stray word is refused") {
  CHECK(complaint({"--depht", "3"}).find("--depth") != std::string::npos);
  CHECK(complaint({"run"}).find("'run'") != std::string::npos);
  CHECK(complaint({"--depth"}).find("--depth") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::bench
