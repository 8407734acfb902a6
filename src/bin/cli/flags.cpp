#include "bin/cli/flags.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cxxopts.hpp>

#include "bin/arguments.h"
#include "bin/cli/base64.h"
#include "bin/cli/commands.h"

namespace distkv::bin::cli {

using base::Code;
using base::Result;
using base::Status;

namespace {

struct Flag {
  std::string_view name;
  std::string_view value;  // As the help shows it; empty: a boolean.
  std::string_view meaning;
  // Checks and stores a value; the status says what is wrong with it.
  Status (*set)(Invocation& invocation, const std::string& value);
};

// Taking one of these and talking in clear text all the same would be a lie.
constexpr std::string_view kNotYet[] = {"tls-enabled", "tls-cert-file",   "tls-key-file",
                                        "tls-ca-file", "tls-client-auth", "tls-server-name"};
constexpr std::string_view kNotYetBooleans[] = {"tls-enabled", "tls-client-auth"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Status wrong(std::string_view value, std::string_view allowed) {
  return {Code::kInvalidArgument,
          "'" + std::string(value) + "' is not allowed; allowed is " + std::string(allowed)};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Status set_boolean(bool& place, const std::string& value) {
  if (value != "true" && value != "false") return wrong(value, "true or false");
  place = value == "true";
  return Status::ok();
}

Status set_milliseconds(std::chrono::milliseconds& place, const std::string& value,
                        std::chrono::milliseconds low, std::chrono::milliseconds high,
                        std::string_view allowed) {
  const auto duration = parse_duration(value);
  if (!duration.is_ok()) return duration.status();
  if (*duration < low || *duration > high) return wrong(value, allowed);
  place = std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
  return Status::ok();
}

Status set_servers(Invocation& invocation, const std::string& value) {
  invocation.client.servers = split_list(value);
  return invocation.client.servers.empty() ? wrong(value, "host:port,...") : Status::ok();
}

Status set_timeout(Invocation& invocation, const std::string& value) {
  return set_milliseconds(invocation.client.timeout, value, std::chrono::milliseconds(1),
                          std::chrono::hours(1), "1ms to 1h");
}

Status set_ttl(Invocation& invocation, const std::string& value) {
  return set_milliseconds(invocation.ttl, value, std::chrono::milliseconds(1),
                          std::chrono::hours(24 * 366), "1ms to 8784h");
}

Status set_consistency(Invocation& invocation, const std::string& value) {
  const std::string name = lower(value);
  if (name == "one") return invocation.consistency = Consistency::kOne, Status::ok();
  if (name == "quorum") return invocation.consistency = Consistency::kQuorum, Status::ok();
  if (name == "all") return invocation.consistency = Consistency::kAll, Status::ok();
  return wrong(value, "one, quorum or all");
}

Status set_output(Invocation& invocation, const std::string& value) {
  const std::string name = lower(value);
  if (name == "text") return invocation.output = Output::kText, Status::ok();
  if (name == "json") return invocation.output = Output::kJson, Status::ok();
  return wrong(value, "text or json");
}

Status set_context(Invocation& invocation, const std::string& value) {
  invocation.context = from_base64(value);
  if (invocation.context) return Status::ok();
  return wrong(value.substr(0, 32), "a context as `get --siblings` or --output json prints it");
}

Status set_number(uint64_t& place, const std::string& value, uint64_t low, uint64_t high,
                  const std::string& allowed) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_number = error == std::errc() && end == value.data() + value.size();
  if (!is_number || number < low || number > high) return wrong(value, allowed);
  place = number;
  return Status::ok();
}

Status set_count(uint64_t& place, const std::string& value, uint64_t most) {
  return set_number(place, value, 1, most, "1 to " + std::to_string(most));
}

Status set_seed(Invocation& invocation, const std::string& value) {
  invocation.check.seed = 0;
  return set_number(*invocation.check.seed, value, 0, UINT64_MAX, "a number from 0 to 2^64 - 1");
}

constexpr Flag kFlags[] = {
    {"server", "LIST", "host:port,... tried in turn (default localhost:8080)", set_servers},
    {"timeout", "DURATION", "for one operation, retries included (1ms to 1h; default 5s)",
     set_timeout},
    {"consistency", "LEVEL", "one, quorum or all (default quorum)", set_consistency},
    {"output", "FORM", "text or json (default text)", set_output},
    {"context", "CONTEXT", "put, delete: supersede exactly what this context has seen",
     set_context},
    {"ttl", "DURATION", "put, batch, load: expire after this long", set_ttl},
    {"siblings", "", "get: all concurrent values, and the context that settles them",
     [](Invocation& to, const std::string& value) {
       return set_boolean(to.wants_siblings, value);
     }},
    {"raw", "", "get: the value's bytes and nothing else",
     [](Invocation& to, const std::string& value) { return set_boolean(to.wants_raw, value); }},
    {"fail-missing", "", "get: exit 4 where the key is absent",
     [](Invocation& to, const std::string& value) { return set_boolean(to.fails_missing, value); }},
    {"trace", "", "put, get, delete: who was asked for what, when, and what came of it",
     [](Invocation& to, const std::string& value) { return set_boolean(to.wants_trace, value); }},
    {"session", "FILE",
     "put, get, delete, batch: reads show what FILE's session wrote and read before, at any "
     "consistency",
     [](Invocation& to, const std::string& value) {
       return value.empty() ? wrong(value, "the name of a file")
                            : (to.session = value, Status::ok());
     }},
    {"wait", "", "hints: until all that are kept now are gone; exit 3 when --timeout is up",
     [](Invocation& to, const std::string& value) { return set_boolean(to.waits, value); }},
    {"duration", "DURATION", "check: how long to work (1s to 24h; default 30s)",
     [](Invocation& to, const std::string& value) {
       return set_milliseconds(to.check.duration, value, std::chrono::seconds(1),
                               std::chrono::hours(24), "1s to 24h");
     }},
    {"clients", "COUNT", "check: concurrent clients (1 to 256; default 8)",
     [](Invocation& to, const std::string& value) {
       return set_count(to.check.clients, value, check::kClientsMax);
     }},
    {"keys", "COUNT", "check: keys in use at once (1 to 10000; default 64)",
     [](Invocation& to, const std::string& value) {
       return set_count(to.check.keys, value, check::kKeysMax);
     }},
    {"seed", "NUMBER", "check: of what clients do; their timing is real (default random)",
     set_seed},
    {"settle", "DURATION", "check: for replicas to become equal (0s to 1h; default 60s)",
     [](Invocation& to, const std::string& value) {
       return set_milliseconds(to.check.settle, value, std::chrono::milliseconds(0),
                               std::chrono::hours(1), "0s to 1h");
     }},
    {"history", "FILE", "check: every operation as a line of JSON",
     [](Invocation& to, const std::string& value) {
       return to.check.history = value, Status::ok();
     }},
    {"version", "", "print the version",
     [](Invocation& to, const std::string& value) { return set_boolean(to.wants_version, value); }},
    {"help", "", "print this; behind a command, what it does",
     [](Invocation& to, const std::string& value) { return set_boolean(to.wants_help, value); }},
};

// The place of the flag in kFlags where only some commands take it.
constexpr std::string_view kOfSomeCommands[] = {
    "context", "ttl",  "siblings", "raw",    "fail-missing", "wait",  "duration",
    "clients", "keys", "seed",     "settle", "history",      "trace", "session"};

std::vector<FlagName> flag_names() {
  std::vector<FlagName> names;
  for (const Flag& flag : kFlags) names.push_back({flag.name, flag.value.empty()});
  for (const std::string_view name : kNotYet)
    names.push_back({name, contains(kNotYetBooleans, name)});
  return names;
}

Status judge_name(const std::string& name) {
  if (contains(kNotYet, name)) {
    return {Code::kInvalidArgument, "--" + name + ": this version does not have TLS yet"};
  }
  const bool is_known = std::any_of(std::begin(kFlags), std::end(kFlags),
                                    [&](const Flag& flag) { return flag.name == name; });
  if (is_known) return Status::ok();
  const std::string_view near = nearest(name, flag_names());
  return {Code::kInvalidArgument,
          "--" + name + ": no such flag" +
              (near.empty() ? "; see --help" : "; did you mean --" + std::string(near) + "?")};
}

// Flags in `flags`, all else in `words`; "--" ends the flags.
Status sort_out(const std::vector<std::string>& normal, std::vector<std::string>& flags,
                std::vector<std::string>& words) {
  bool takes_flags = true;
  for (const std::string& argument : normal) {
    if (takes_flags && argument == "--") {
      takes_flags = false;
    } else if (takes_flags && argument.rfind("--", 0) == 0) {
      const Status known = judge_name(argument.substr(2, argument.find('=') - 2));
      if (!known.is_ok()) return known;
      flags.push_back(argument);
    } else {
      words.push_back(argument);
    }
  }
  return Status::ok();
}

// The one place where cxxopts may throw.
Result<cxxopts::ParseResult> parse(const std::vector<std::string>& flags) {
  cxxopts::Options parser("distkv-client");
  for (const Flag& flag : kFlags) {
    parser.add_options()(std::string(flag.name), "", cxxopts::value<std::string>());
  }
  std::vector<const char*> argv = {"distkv-client"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  try {
    return parser.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const cxxopts::exceptions::exception& error) {
    return Status(Code::kInvalidArgument, error.what());
  }
}

// A flag the command does nothing with was meant for another command.
Status judge_fit(const cxxopts::ParseResult& parsed, const Invocation& invocation) {
  if (invocation.wants_raw && invocation.output == Output::kJson) {
    return {Code::kInvalidArgument, "--raw and --output json exclude each other"};
  }
  if (invocation.wants_raw && invocation.wants_trace) {
    return {Code::kInvalidArgument, "--raw and --trace exclude each other"};
  }
  const Command* command =
      invocation.words.empty() ? nullptr : find_command(invocation.words.front());
  if (command == nullptr) return Status::ok();
  for (const std::string_view name : kOfSomeCommands) {
    if (parsed.count(std::string(name)) == 0 || contains(command->flags, name)) continue;
    return {Code::kInvalidArgument, "--" + std::string(name) + ": " + std::string(command->name) +
                                        " does not take it; see 'distkv-client help " +
                                        std::string(command->name) + "'"};
  }
  return Status::ok();
}

}  // namespace

Result<Invocation> parse_client(const std::vector<std::string>& arguments) {
  const auto normal = normalise(arguments, flag_names());
  if (!normal.is_ok()) return normal.status();
  Invocation invocation;
  std::vector<std::string> flags;
  if (const Status sorted = sort_out(*normal, flags, invocation.words); !sorted.is_ok()) {
    return sorted;
  }
  const auto parsed = parse(flags);
  if (!parsed.is_ok()) return parsed.status();
  for (const Flag& flag : kFlags) {
    const std::string name(flag.name);
    if (parsed->count(name) == 0) continue;
    const Status set = flag.set(invocation, (*parsed)[name].as<std::string>());
    if (!set.is_ok()) return Status(set.code(), "--" + name + ": " + set.message());
  }
  if (const Status fit = judge_fit(*parsed, invocation); !fit.is_ok()) return fit;
  return invocation;
}

std::string flag_lines() {
  constexpr size_t kMeaningColumn = 26;
  std::string text;
  for (const Flag& flag : kFlags) {
    std::string line = "  --" + std::string(flag.name) + " " + std::string(flag.value);
    line.resize(std::max(line.size() + 1, kMeaningColumn), ' ');
    text.append(line).append(flag.meaning).append("\n");
  }
  return text;
}

}  // namespace distkv::bin::cli
