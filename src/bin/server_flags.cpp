#include "bin/server_flags.h"

#include <algorithm>
#include <cctype>
#include <cxxopts.hpp>
#include <fstream>
#include <sstream>

#include "bin/arguments.h"
#include "node/config.h"

namespace distkv::bin {

using base::Code;
using base::Result;
using base::Status;

namespace {

// Settings other versions of such stores have and this one will; taking one and doing nothing with
// it would be a lie.
constexpr std::string_view kNotYet[] = {"sloppy-quorum", "http-address",   "resp-address",
                                        "tls-enabled",   "tls-cert-file",  "tls-key-file",
                                        "tls-ca-file",   "tls-client-auth"};

// Those that only the lsm engine can follow.
constexpr std::string_view kLsmOnly[] = {"mem-table-size", "sstable-size", "bloom-filter-bits",
                                         "compaction-threshold"};

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

bool is_not_yet(std::string_view name) {
  return std::find(std::begin(kNotYet), std::end(kNotYet), name) != std::end(kNotYet);
}

std::vector<FlagName> flag_names() {
  std::vector<FlagName> names;
  for (const Setting& setting : settings()) names.push_back({setting.name, false});
  for (const std::string_view name : kNotYet) {
    names.push_back(
        {name, name == "sloppy-quorum" || name == "tls-enabled" || name == "tls-client-auth"});
  }
  names.push_back({"config", false});
  names.push_back({"help", true});
  names.push_back({"version", true});
  return names;
}

// Refuses a name no setting has, with the likeliest one that was meant.
Status unknown_name(const std::string& where, std::string_view name) {
  if (is_not_yet(name)) return invalid(where + ": this version does not have it yet");
  const std::string_view near = nearest(name, flag_names());
  return invalid(where + ": no such setting" +
                 (near.empty() ? "; see --help" : "; did you mean " + std::string(near) + "?"));
}

std::string variable_of(std::string_view name) {
  std::string variable = "DISTKV_";
  for (const char c : name) {
    variable.push_back(c == '-' ? '_'
                                : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return variable;
}

// Where a value came from, for the message, and the value.
struct Given {
  std::string where;
  std::string value;
};

using Values = std::map<std::string, Given, std::less<>>;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

Status read_file(const std::string& path, Values& values) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return invalid("--config: cannot read " + path);
  const auto parsed = parse_config(text.str(), path);
  if (!parsed.is_ok()) return parsed.status();
  for (const auto& [name, value] : *parsed) values[name] = {path + ": " + name, value};
  return Status::ok();
}

void read_environment(const Environment& environment, Values& values) {
  for (const Setting& setting : settings()) {
    const std::string variable = variable_of(setting.name);
    if (auto value = environment(variable)) values[std::string(setting.name)] = {variable, *value};
  }
}

Result<cxxopts::ParseResult> parse_flags(const std::vector<std::string>& arguments) {
  cxxopts::Options parser("distkv-server");
  for (const FlagName& flag : flag_names()) {
    parser.add_options()(std::string(flag.name), "", cxxopts::value<std::string>());
  }
  std::vector<const char*> argv = {"distkv-server"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  try {
    auto parsed = parser.parse(static_cast<int>(argv.size()), argv.data());
    if (!parsed.unmatched().empty()) {
      return invalid("'" + parsed.unmatched().front() + "' is not expected; flags begin with --");
    }
    return parsed;
  } catch (const cxxopts::exceptions::exception& error) {
    return invalid(error.what());
  }
}

Status check_names(const std::vector<std::string>& arguments) {
  const std::vector<FlagName> names = flag_names();
  for (const std::string& argument : arguments) {
    if (argument.rfind("--", 0) != 0) continue;
    const std::string name = argument.substr(2, argument.find('=') - 2);
    const bool is_known = std::any_of(names.begin(), names.end(),
                                      [&](const FlagName& flag) { return flag.name == name; });
    if (!is_known || is_not_yet(name)) return unknown_name("--" + name, name);
  }
  return Status::ok();
}

Status apply_values(const Values& values, server::ServerOptions& options) {
  for (const Setting& setting : settings()) {
    const auto given = values.find(setting.name);
    const bool is_given = given != values.end();
    if (!is_given && setting.standard.empty()) continue;
    const Status set = setting.set(options, is_given ? given->second.value : setting.standard);
    if (!set.is_ok()) return invalid((is_given ? given->second.where : "") + ": " + set.message());
  }
  return Status::ok();
}

// A setting that the chosen engine would ignore is refused.
Status judge_engine(const Values& values, const server::ServerOptions& options) {
  if (options.store.engine == server::EngineKind::kLsm) return Status::ok();
  const std::string& engine = options.node.engine_name;
  for (const std::string_view name : kLsmOnly) {
    const auto given = values.find(name);
    if (given == values.end()) continue;
    return invalid(given->second.where + ": only the lsm engine has it, and --engine is " + engine);
  }
  if (!options.store.lsm.sync_interval) return Status::ok();
  return invalid(values.at("durability").where + ": periodic needs --engine lsm; " +
                 (options.store.engine == server::EngineKind::kMemory
                      ? "memory has no disk to sync"
                      : "leveldb syncs groups of writes or leaves it to the system"));
}

// What node::validate can judge before the port is bound and the address to announce is known.
Status judge(const server::ServerOptions& options) {
  node::Config config = options.node;
  if (config.endpoint.value().empty()) config.endpoint = options.address;
  return node::validate(config);
}

}  // namespace

Result<std::map<std::string, std::string>> parse_config(std::string_view text,
                                                        const std::string& path) {
  std::map<std::string, std::string> values;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, std::min(text.find('#'), end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const std::string where = path + ":" + std::to_string(line_number);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return invalid(where + ": write name = value");
    const std::string name(trim(line.substr(0, equals)));
    const bool is_known = std::any_of(settings().begin(), settings().end(),
                                      [&](const Setting& setting) { return setting.name == name; });
    if (!is_known) return unknown_name(where + ": " + name, name);
    if (!values.emplace(name, trim(line.substr(equals + 1))).second) {
      return invalid(where + ": " + name + " is set twice");
    }
  }
  return values;
}

Result<CommandLine> parse_server(const std::vector<std::string>& arguments,
                                 const Environment& environment) {
  const auto normal = normalise(arguments, flag_names());
  if (!normal.is_ok()) return normal.status();
  if (const Status known = check_names(*normal); !known.is_ok()) return known;
  const auto flags = parse_flags(*normal);
  if (!flags.is_ok()) return flags.status();
  CommandLine line;
  line.wants_help = flags->count("help") > 0;
  line.wants_version = flags->count("version") > 0;
  if (line.wants_help || line.wants_version) return line;

  Values values;
  std::string config;
  if (auto variable = environment("DISTKV_CONFIG")) config = *variable;
  if (flags->count("config") > 0) config = (*flags)["config"].as<std::string>();
  if (!config.empty()) {
    if (const Status read = read_file(config, values); !read.is_ok()) return read;
  }
  read_environment(environment, values);
  for (const Setting& setting : settings()) {
    const std::string name(setting.name);
    if (flags->count(name) > 0) values[name] = {"--" + name, (*flags)[name].as<std::string>()};
  }
  if (const Status applied = apply_values(values, line.options); !applied.is_ok()) return applied;
  if (const Status judged = judge_engine(values, line.options); !judged.is_ok()) return judged;
  if (const Status judged = judge(line.options); !judged.is_ok()) {
    return invalid("--" + judged.message());
  }
  return line;
}

std::string server_help() {
  std::string text =
      "distkv-server: one node of a distkv cluster\n\n"
      "Usage: distkv-server [flags]\n\n"
      "Each flag is also an environment variable (DISTKV_NODE_ID ...) and a line `name = value` "
      "of\n"
      "the file given with --config.\n\n";
  for (const Setting& setting : settings()) {
    std::string line = "  --" + std::string(setting.name);
    line.resize(std::max<size_t>(line.size() + 1, 25), ' ');
    line.append(setting.meaning).append(" (").append(setting.allowed);
    if (!setting.standard.empty()) line.append("; default ").append(setting.standard);
    text.append(line).append(")\n");
  }
  return text +
         "  --config FILE          settings, one `name = value` a line\n"
         "  --version              print the version\n"
         "  --help                 print this\n";
}

}  // namespace distkv::bin
