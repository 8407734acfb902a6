#include "bin/server_flags.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace distkv::bin {
namespace {

using Variables = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

Environment environment(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

CommandLine parsed(const Words& arguments, const Variables& variables = {}) {
  const auto line = parse_server(arguments, environment(variables));
  CAPTURE(line.status().message());
  REQUIRE(line.is_ok());
  return *line;
}

std::string refusal(const Words& arguments, const Variables& variables = {}) {
  const auto line = parse_server(arguments, environment(variables));
  REQUIRE(!line.is_ok());
  return line.status().message();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A configuration file that goes with the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("distkv-bin-test-" + std::to_string(reinterpret_cast<uintptr_t>(this)))) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST_SUITE_BEGIN("flags of the server");

TEST_CASE("nothing given means the defaults") {
  const CommandLine line = parsed({});

  CHECK(line.options.address.value() == "localhost:8080");
  CHECK(line.options.store.data_dir == "./data");
  CHECK(line.options.node.replicas == 3);
  CHECK(line.options.node.read_quorum == 2);
  CHECK(line.options.node.write_quorum == 2);
  CHECK(line.options.node.partitions == 1024);
  CHECK(line.options.node.virtual_nodes == 150);
  CHECK(line.options.node.seeds.empty());
}

TEST_CASE("a flag outranks the environment, that outranks the file, that outranks the default") {
  const ConfigFile file("cluster-name = from-file\nreplicas = 5\nread-quorum = 3 # of five\n");
  const Variables variables = {{"DISTKV_REPLICAS", "4"}, {"DISTKV_READ_QUORUM", "4"}};

  const CommandLine line = parsed({"--config", file.path(), "-read-quorum", "1"}, variables);

  CHECK(line.options.node.cluster_name == "from-file");
  CHECK(line.options.node.replicas == 4);
  CHECK(line.options.node.read_quorum == 1);
  CHECK(line.options.node.write_quorum == 2);
}

TEST_CASE("the environment can name the file, and a flag another") {
  const ConfigFile one("cluster-name = one\n");
  const ConfigFile other("cluster-name = other\n");
  const Variables variables = {{"DISTKV_CONFIG", one.path()}};

  CHECK(parsed({}, variables).options.node.cluster_name == "one");
  CHECK(parsed({"--config", other.path()}, variables).options.node.cluster_name == "other");
}

TEST_CASE("every setting can be given in the environment") {
  CHECK(parsed({}, {{"DISTKV_NODE_ID", "n7"}}).options.node.node_id.value() == "n7");
  CHECK(parsed({}, {{"DISTKV_SEED_NODES", "a:1, b:2"}}).options.node.seeds.size() == 2);
}

TEST_CASE("a wrong value is named with where it came from and what is allowed") {
  const ConfigFile file("\nreplicas = many\n");

  CHECK(has(refusal({"--replicas", "0"}), "--replicas: '0'"));
  CHECK(has(refusal({"--replicas", "0"}), "1 to 7"));
  CHECK(has(refusal({}, {{"DISTKV_REPLICAS", "99"}}), "DISTKV_REPLICAS: '99'"));
  CHECK(has(refusal({"--config", file.path()}), file.path() + ": replicas: 'many'"));
  CHECK(has(refusal({"--address", "nowhere"}), "host:port"));
  CHECK(has(refusal({"--heartbeat-interval", "soon"}), "1m30s"));
  CHECK(has(refusal({"--partitions", "1000"}), "partitions"));
  CHECK(has(refusal({"--log-level", "loud"}), "debug, info, warn or error"));
}

TEST_CASE("the lsm engine is the standard one, and its settings reach it") {
  const CommandLine standard = parsed({});
  CHECK(standard.options.store.engine == server::EngineKind::kLsm);
  CHECK(standard.options.node.engine_name == "lsm");
  const storage::lsm::Options own;
  CHECK(standard.options.store.lsm.memtable_bytes == own.memtable_bytes);
  CHECK(standard.options.store.lsm.table_bytes == own.table_bytes);
  CHECK(standard.options.store.lsm.table.filter_bits_per_key == own.table.filter_bits_per_key);
  CHECK(standard.options.store.lsm.picker.fan_out == own.picker.fan_out);

  const CommandLine line = parsed({"--mem-table-size=2M", "-sstable-size", "1GiB",
                                   "--bloom-filter-bits=0", "--compaction-threshold=16"});
  CHECK(line.options.store.lsm.memtable_bytes == 2 << 20);
  CHECK(line.options.store.lsm.table_bytes == 1 << 30);
  CHECK(line.options.store.lsm.table.filter_bits_per_key == 0);
  CHECK(line.options.store.lsm.picker.fan_out == 16);
}

TEST_CASE("sizes and counts of the lsm engine have bounds") {
  CHECK(has(refusal({"--mem-table-size", "1"}), "--mem-table-size: '1' is not allowed"));
  CHECK(has(refusal({"--mem-table-size", "1"}), "1MiB to 1GiB"));
  CHECK(has(refusal({"--sstable-size", "2GiB"}), "1MiB to 1GiB"));
  CHECK(has(refusal({"--sstable-size", "much"}), "is no size"));
  CHECK(has(refusal({"--bloom-filter-bits", "21"}), "0 to 20"));
  CHECK(has(refusal({"--compaction-threshold", "1"}), "2 to 16"));
}

TEST_CASE("what the chosen engine would ignore is refused, wherever it stands") {
  for (const char* flag : {"--mem-table-size=64MiB", "--sstable-size=64MiB",
                           "--bloom-filter-bits=10", "--compaction-threshold=4"}) {
    CHECK(has(refusal({"--engine", "leveldb", flag}), "only the lsm engine has it"));
  }
  CHECK(has(refusal({"--engine=memory"}, {{"DISTKV_SSTABLE_SIZE", "64M"}}), "DISTKV_SSTABLE_SIZE"));
  CHECK(has(refusal({"--engine=leveldb", "--durability=periodic:9"}), "needs --engine lsm"));
  CHECK(has(refusal({"--engine=memory", "--durability=periodic:9"}), "no disk"));
}

TEST_CASE("durability is by group, by the clock or not waited for") {
  using storage::Durability;
  const CommandLine group = parsed({});
  const CommandLine periodic = parsed({"--durability", "periodic:250"});
  const CommandLine memory = parsed({"--durability", "memory"});

  CHECK(group.options.node.durability == Durability::kGroup);
  CHECK(periodic.options.node.durability == Durability::kMemory);
  CHECK(periodic.options.store.lsm.sync_interval == std::chrono::milliseconds(250));
  CHECK(memory.options.node.durability == Durability::kMemory);
  CHECK(!memory.options.store.lsm.sync_interval);
  for (const char* wrong : {"periodic", "periodic:", "periodic:0", "periodic:1s", "sometimes"}) {
    CHECK(has(refusal({"--durability", wrong}), "periodic:MILLISECONDS"));
  }
}

TEST_CASE("a quorum above the replicas is refused") {
  CHECK(has(refusal({"--write-quorum", "4"}), "write-quorum"));
  CHECK(has(refusal({"--read-quorum", "3", "--replicas", "2"}), "read-quorum"));
}

TEST_CASE("an unknown flag is named, with the one that was likely meant") {
  const std::string message = refusal({"--replica", "3"});

  CHECK(has(message, "--replica"));
  CHECK(has(message, "did you mean replicas?"));
  CHECK(has(refusal({"--frobnicate-everything"}), "see --help"));
  CHECK(has(refusal({"word"}), "'word'"));
}

TEST_CASE("what is to come is refused rather than ignored, in the file too") {
  const ConfigFile file("http-address = :8081\n");
  for (const char* flag : {"--sloppy-quorum", "--tls-enabled", "--resp-address=:1"}) {
    CHECK(has(refusal({flag}), "does not have it yet"));
  }
  CHECK(has(refusal({"--config", file.path()}), "http-address"));
}

TEST_CASE("help and version need nothing else to be right") {
  CHECK(parsed({"--help"}, {{"DISTKV_REPLICAS", "many"}}).wants_help);
  CHECK(parsed({"-version"}).wants_version);
  for (const Setting& setting : settings()) CHECK(has(server_help(), setting.name));
}

TEST_CASE("a configuration file has a setting a line, comments and blank lines") {
  const auto values = parse_config("# all of it\n\n  replicas=3\naddress = a:1 # here\r\n", "file");

  REQUIRE(values.is_ok());
  CHECK(*values == Variables{{"replicas", "3"}, {"address", "a:1"}});
}

TEST_CASE("a wrong line of a configuration file is named by its number") {
  const auto message = [](std::string_view text) {
    const auto values = parse_config(text, "file");
    REQUIRE(!values.is_ok());
    return values.status().message();
  };

  CHECK(has(message("replicas = 3\nreplicas\n"), "file:2"));
  CHECK(has(message("replicas = 3\n\nreplicas = 3\n"), "file:3: replicas is set twice"));
  CHECK(has(message("replica = 3\n"), "did you mean replicas?"));
  CHECK(has(message("sloppy-quorum = true\n"), "does not have it yet"));
}

TEST_CASE("a configuration file that is not there is named") {
  CHECK(has(refusal({"--config", "no/such/file"}), "no/such/file"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin
