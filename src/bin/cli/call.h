// One run of distkv-client as its commands see it: what was asked for, the cluster, and the three
// streams. Commands read and write nothing else, so that tests bring their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bin/check/options.h"
#include "bin/cli/json.h"
#include "distkv/client.h"
#include "distkv/session_token.h"

namespace distkv::bin::cli {

// What scripts rely on.
inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;    // Refused, wrong usage, or no server.
inline constexpr int kExitUnknown = 3;  // A write that may take effect; time up; an empty check.
inline constexpr int kExitMissing = 4;  // `get --fail-missing` of an absent key.

enum class Output { kText, kJson };

// A command line, judged.
struct Invocation {
  std::vector<std::string> words;  // The command and its arguments.
  ClientOptions client;
  Consistency consistency = Consistency::kQuorum;
  Output output = Output::kText;
  std::optional<std::string> context;  // The token itself, no longer base64.
  std::chrono::milliseconds ttl{0};
  bool wants_siblings = false;
  bool wants_raw = false;
  bool fails_missing = false;
  bool wants_trace = false;
  std::string session;  // A file; empty: none.
  bool waits = false;
  check::Options check;  // But for what it shares with all commands.
  bool wants_help = false;
  bool wants_version = false;
};

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

struct Call {
  const Invocation& invocation;
  Client& client;
  Console& console;
  SessionToken* session = nullptr;  // Null unless --session names one.

  const std::string& argument(size_t index) const { return invocation.words[index + 1]; }
  size_t argument_count() const { return invocation.words.size() - 1; }
  bool is_json() const { return invocation.output == Output::kJson; }
};

// Writes "Error: ..." as one line to standard error; kExitError.
int complain(Console& console, std::string_view message);
// A key as a message shows it: quoted, bytes that are no plain text as \xNN, and cut where it is
// long.
std::string shown(std::string_view key);
// The same of the first bytes of a key of `size` bytes.
std::string shown(std::string_view prefix, uint64_t size);
// "stored", "rejected", "unknown" ... as JSON has it.
std::string_view outcome_name(ErrorKind kind);
// When to try again, if the error says so.
void add_retry(JsonObject& object, const Error& error);
// What the flags say of a write.
PutOptions put_options(const Call& call);
GetOptions get_options(const Call& call);

}  // namespace distkv::bin::cli
