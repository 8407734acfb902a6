#include "bin/bench/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cxxopts.hpp>
#include <string_view>

#include "base/types.h"
#include "bin/arguments.h"

namespace distkv::bin::bench {

using base::Code;
using base::Result;
using base::Status;

namespace {

using Set = Status (*)(Options&, std::string_view);

struct Flag {
  std::string_view name;
  std::string_view standard;  // As --help prints it; empty for a boolean.
  std::string_view meaning;
  Set set;
};

Status wrong(std::string_view value, const std::string& allowed) {
  return {Code::kInvalidArgument, "'" + std::string(value) + "' is not allowed; give " + allowed};
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename Number>
Status set_number(Number& place, std::string_view value, Number low, Number high) {
  Number number{};
  if (!read_number(value, number) || number < low || number > high) {
    return wrong(value, "a number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  place = number;
  return Status::ok();
}

// "10" is seconds, as everywhere in load generators; "10s" and "1m30s" say it themselves.
template <typename Length>
Status set_time(Length& place, std::string_view value, std::chrono::nanoseconds low) {
  double seconds = 0;
  const bool is_plain = read_number(value, seconds);
  const auto parsed = parse_duration(is_plain ? std::string(value) + "s" : std::string(value));
  if (!parsed.is_ok()) return parsed.status();
  constexpr auto kHigh = std::chrono::hours(24 * 7);  // A soak test; longer is a unit mistaken.
  if (*parsed < low || *parsed > kHigh)
    return wrong(value, "a time up to a week, such as 10s or 1m30s");
  place = std::chrono::duration_cast<Length>(*parsed);
  return Status::ok();
}

Status set_servers(Options& options, std::string_view value) {
  options.servers = split_list(value);
  if (options.servers.empty()) return wrong(value, "host:port,...");
  for (const std::string& server : options.servers) {
    const size_t colon = server.rfind(':');
    uint16_t port = 0;
    const bool has_port = colon != std::string::npos && colon > 0 &&
                          read_number(std::string_view(server).substr(colon + 1), port);
    if (!has_port || port == 0) return wrong(server, "host:port");
  }
  return Status::ok();
}

Status set_consistency(Options& options, std::string_view value) {
  using wire::Consistency;
  if (value == "one") return options.consistency = Consistency::kOne, Status();
  if (value == "quorum") return options.consistency = Consistency::kQuorum, Status();
  if (value == "all") return options.consistency = Consistency::kAll, Status();
  return wrong(value, "one, quorum or all");
}

Status set_truth(bool& place, std::string_view value) {
  if (value != "true" && value != "false") return wrong(value, "true or false");
  return place = value == "true", Status();
}

Status set_timeout(Options& options, std::string_view value) {
  const Status set = set_time(options.timeout, value, std::chrono::milliseconds(1));
  if (!set.is_ok()) return set;
  return options.timeout > wire::kTimeoutMax ? wrong(value, "up to 1h") : Status();
}

// from_chars takes "nan", which no comparison refuses.
Status set_share(Options& options, std::string_view value) {
  const Status set = set_number<double>(options.read_share, value, 0, 1);
  return std::isnan(options.read_share) ? wrong(value, "a number from 0 to 1") : set;
}

constexpr Flag kFlags[] = {
    {"server", "localhost:8080", "servers, comma-separated; connections go round them",
     set_servers},
    {"clients", "50", "connections, over all servers",
     [](Options& o, std::string_view v) {
       return set_number<size_t>(o.clients, v, 1, kClientsMax);
     }},
    {"depth", "1", "operations under way on each connection",
     [](Options& o, std::string_view v) { return set_number<size_t>(o.depth, v, 1, kDepthMax); }},
    {"keys", "100000", "different keys, chosen uniformly",
     [](Options& o, std::string_view v) { return set_number<uint64_t>(o.keys, v, 1, kKeysMax); }},
    {"value-size", "100", "bytes of a value",
     [](Options& o, std::string_view v) {
       return set_number<size_t>(o.value_size, v, 0, base::kValueBytesMax);
     }},
    {"read-share", "0.5", "gets among the operations, 0 to 1; the rest are puts", set_share},
    {"consistency", "quorum", "one, quorum or all", set_consistency},
    {"seconds", "10", "how long to measure",
     [](Options& o, std::string_view v) {
       return set_time(o.length, v, std::chrono::milliseconds(1));
     }},
    {"warmup", "1", "how long to run before measuring",
     [](Options& o, std::string_view v) { return set_time(o.warm_up, v, {}); }},
    {"timeout", "5s", "patience with one operation", set_timeout},
    {"seed", "1", "of keys, values and the mix; equal seeds draw alike",
     [](Options& o, std::string_view v) { return set_number<uint64_t>(o.seed, v, 0, UINT64_MAX); }},
    {"load", "", "first put every key, so that reads find something",
     [](Options& o, std::string_view v) { return set_truth(o.loads_first, v); }},
    {"json", "", "report as one JSON object",
     [](Options& o, std::string_view v) { return set_truth(o.is_json, v); }},
};

std::vector<FlagName> flag_names() {
  std::vector<FlagName> names = {{"help", true}, {"version", true}};
  for (const Flag& flag : kFlags) names.push_back({flag.name, flag.standard.empty()});
  return names;
}

Status unknown(const std::string& name) {
  const std::string_view near = nearest(name, flag_names());
  const std::string hint = near.empty() ? "see --help" : "did you mean --" + std::string(near);
  return {Code::kInvalidArgument, "--" + name + ": no such flag; " + hint};
}

Result<cxxopts::ParseResult> parse_flags(const std::vector<std::string>& arguments) {
  cxxopts::Options parser("distkv-bench");
  parser.allow_unrecognised_options();
  for (const FlagName& flag : flag_names()) {
    parser.add_options()(std::string(flag.name), "", cxxopts::value<std::string>());
  }
  std::vector<const char*> argv = {"distkv-bench"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  try {
    auto parsed = parser.parse(static_cast<int>(argv.size()), argv.data());
    if (parsed.unmatched().empty()) return parsed;
    const std::string& first = parsed.unmatched().front();
    if (first.rfind("--", 0) == 0) return unknown(first.substr(2, first.find('=') - 2));
    return Status(Code::kInvalidArgument, "'" + first + "' is not expected; flags begin with --");
  } catch (const cxxopts::exceptions::exception& error) {
    return Status(Code::kInvalidArgument, error.what());
  }
}

}  // namespace

Result<CommandLine> parse(const std::vector<std::string>& arguments) {
  const auto normal = normalise(arguments, flag_names());
  if (!normal.is_ok()) return normal.status();
  const auto parsed = parse_flags(*normal);
  if (!parsed.is_ok()) return parsed.status();
  CommandLine line;
  line.wants_help = parsed->count("help") > 0;
  line.wants_version = parsed->count("version") > 0;
  for (const Flag& flag : kFlags) {
    const std::string name(flag.name);
    if (parsed->count(name) == 0) continue;
    const Status set = flag.set(line.options, (*parsed)[name].as<std::string>());
    if (!set.is_ok()) return Status(set.code(), "--" + name + ": " + set.message());
  }
  return line;
}

std::string help() {
  std::string text =
      "distkv-bench: closed-loop load on a distkv cluster\n\n"
      "Usage: distkv-bench [flags]\n\n"
      "Each connection keeps --depth operations under way. Progress goes to standard error, the\n"
      "report to standard output.\n\n";
  for (const Flag& flag : kFlags) {
    std::string line = "  --" + std::string(flag.name);
    line.resize(std::max<size_t>(line.size() + 1, 17), ' ');
    text.append(line).append(flag.meaning);
    if (!flag.standard.empty()) text.append(" (default ").append(flag.standard).append(")");
    text.append("\n");
  }
  return text +
         "  --version      print the version\n"
         "  --help         print this\n";
}

}  // namespace distkv::bin::bench
