// The commands of distkv-client: a table for the help texts and the dispatcher, and for each what
// it does and the texts it prints. Each command has a file of its own; texts are pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bin/cli/call.h"

namespace distkv::bin::cli {

struct Command {
  std::string_view name;
  std::string_view arguments;           // As the usage shows them.
  std::string_view meaning;             // A sentence or more.
  std::vector<std::string_view> flags;  // Those that only some commands take.
  size_t arguments_min = 0;
  size_t arguments_max = 0;
  bool wants_pairs = false;          // An even number of arguments.
  int (*run)(Call& call) = nullptr;  // Returns the exit code; null: it needs no cluster (help).
};

// More arguments than a command line of the operating system holds.
inline constexpr size_t kArgumentsMax = 1 << 22;

const std::vector<Command>& commands();
// Null if there is no such command.
const Command* find_command(std::string_view name);

// All commands and flags.
std::string help_text();
// One command: its usage line, what it does, its flags.
std::string help_text(const Command& command);
// "Usage: distkv-client put KEY VALUE ..." and a newline.
std::string usage_line(const Command& command);

int put(Call& call);
int remove(Call& call);
int get(Call& call);
int batch(Call& call);
int load(Call& call);
int verify(Call& call);
int status(Call& call);
int explain(Call& call);
int checkpoint(Call& call);
int hints(Call& call);
int check(Call& call);

// Tells of a write that is over: `done` to standard output, or why not to standard error; in JSON
// its receipt. Returns the exit code.
int report_write(Call& call, std::string_view key, const PutOutcome& outcome,
                 std::string_view done);
std::string put_json(std::string_view key, const PutOutcome& outcome);
// "node1 (on disk), node2 (in memory)"; "no replica".
std::string acknowledged_text(const PutOutcome& outcome);
// Why a write of `key` did not succeed, in one sentence.
std::string put_error_text(std::string_view key, const PutOutcome& outcome);

// KEY VALUE KEY VALUE ... as pairs, each key once with the last value given: writes on the way
// together have no order.
std::vector<Client::KeyValue> batch_pairs(const std::vector<std::string>& arguments);
// What became of a batch in which some failed: how many, and the first reason.
std::string batch_error_text(const std::vector<Client::KeyValue>& pairs,
                             const std::vector<PutOutcome>& outcomes);
// "[KEY, ...]" of those not stored.
std::string batch_failed_keys(const std::vector<Client::KeyValue>& pairs,
                              const std::vector<PutOutcome>& outcomes);

// Of a key that was found.
std::string get_text(std::string_view key, const GetOutcome& outcome, bool wants_siblings);
std::string get_json(std::string_view key, const GetOutcome& outcome, bool wants_siblings);
// Of a read that failed: never to be taken for one that found nothing.
std::string get_error_json(std::string_view key, const GetOutcome& outcome);
std::string missing_text(std::string_view key);

// One line an event; and the same as JSON.
std::string trace_text(const Trace& trace);
std::string trace_json(const Trace& trace);
// Who keeps the write and how, for whom a hint is kept, and under which layouts, a line each.
std::string receipt_text(const PutOutcome& outcome);

std::string status_text(const ClusterStatus& status);
std::string status_json(const ClusterStatus& status);
// "2026-01-15T10:30:45Z"; "never" for the zero time.
std::string time_text(std::chrono::system_clock::time_point time);
// `number` with so many digits behind the point.
std::string fixed(double number, int digits);

std::string checkpoint_text(std::string_view name, const CheckpointOutcome& outcome);
std::string checkpoint_json(std::string_view name, const CheckpointOutcome& outcome);

std::string hints_text(const HintsOutcome& outcome);
std::string hints_json(const HintsOutcome& outcome);
// What a wait for them left behind, in one sentence.
std::string hints_left_text(const HintsOutcome& outcome);
// "1h2m3s"
std::string age_text(std::chrono::milliseconds age);

std::string explain_text(std::string_view key, const Explanation& explanation);
std::string explain_json(std::string_view key, const Explanation& explanation);

}  // namespace distkv::bin::cli
