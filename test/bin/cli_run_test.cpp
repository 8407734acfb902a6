// What needs no server: usage, help, and a cluster that is not there.
#include "bin/cli/run.h"

#include <doctest/doctest.h>

#include <sstream>

namespace distkv::bin::cli {
namespace {

struct Ran {
  int exit_code;
  std::string out;
  std::string err;
};

// Port 1 of the loopback interface: nothing ever listens there.
Ran ran(std::vector<std::string> words) {
  words.insert(words.begin(), "--server=127.0.0.1:1");
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  const int exit_code = run(words, "1.2.3", console);
  return {exit_code, out.str(), err.str()};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_SUITE_BEGIN("runs of the client");

TEST_CASE("no command prints the usage and is an error") {
  const Ran run = ran({});

  CHECK(run.exit_code == 1);
  CHECK(run.out.empty());
  CHECK(has(run.err, "Usage: distkv-client"));
}

TEST_CASE("an unknown command prints the usage, with the one that was likely meant") {
  const Ran run = ran({"statsu"});

  CHECK(run.exit_code == 1);
  CHECK(run.err.rfind("Error: unknown command 'statsu'; did you mean status?\n", 0) == 0);
  CHECK(has(run.err, "Usage: distkv-client"));
}

TEST_CASE("a command that is to come is no unknown command") {
  CHECK(has(ran({"ring"}).err, "Error: this version does not have the command 'ring' yet\n"));
}

TEST_CASE("a missing argument and one too many print the usage of their command") {
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{"put"}, Words{"put", "k"}, Words{"get"}, Words{"delete"}, Words{"batch"},
        Words{"batch", "k"}, Words{"batch", "a", "1", "b"}, Words{"load"}, Words{"explain"},
        Words{"put", "k", "v", "w"}, Words{"status", "now"}, Words{"hints", "a", "b"}}) {
    const Ran run = ran(words);
    CAPTURE(run.err);
    CHECK(run.exit_code == 1);
    CHECK(run.out.empty());
    CHECK(has(run.err, "Usage: distkv-client " + words[0]));
  }
}

TEST_CASE("a session file that is none is refused before anything is asked") {
  const Ran run = ran({"get", "k", "--session", "/dev/null"});

  CHECK(run.exit_code == 1);
  CHECK(run.err.rfind("Error: session /dev/null: no session of this version: ", 0) == 0);
}

TEST_CASE("help and version go to standard output and are no errors") {
  CHECK(ran({"--version"}).out == "distkv-client 1.2.3\n");
  for (const auto& words : {std::vector<std::string>{"--help"}, {"help"}}) {
    CHECK(ran(words).exit_code == 0);
    CHECK(has(ran(words).out, "batch KEY VALUE [KEY VALUE ...]"));
  }
  for (const auto& words : {std::vector<std::string>{"help", "get"}, {"get", "--help"}}) {
    CHECK(ran(words).exit_code == 0);
    CHECK(has(ran(words).out, "Usage: distkv-client get KEY"));
  }
  CHECK(ran({"help", "frobnicate"}).exit_code == 1);
}

TEST_CASE("a server that is not there is one line with its address") {
  using Words = std::vector<std::string>;
  for (const Words& words : {Words{"put", "k", "v"}, Words{"get", "k"}, Words{"delete", "k"},
                             Words{"batch", "k", "v"}, Words{"status"}, Words{"explain", "k"}}) {
    const Ran run = ran(words);
    CHECK(run.exit_code == 1);
    CHECK(run.out.empty());
    CHECK(run.err.rfind("Error: ", 0) == 0);
    CHECK(has(run.err, "127.0.0.1:1 "));
    CHECK(run.err.find('\n') == run.err.size() - 1);
  }
}

TEST_CASE("a file that is not there is named") {
  const Ran run = ran({"load", "no/such/file"});

  CHECK(run.exit_code == 1);
  CHECK(run.err == "Error: cannot read no/such/file\n");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::cli
