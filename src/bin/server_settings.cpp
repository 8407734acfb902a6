#include <charconv>
#include <initializer_list>
#include <limits>

#include "bin/arguments.h"
#include "bin/server_flags.h"
#include "ring/layout.h"

namespace distkv::bin {

using base::Code;
using base::Status;
using server::ServerOptions;

namespace {

Status wrong(std::string_view value, std::string_view allowed) {
  return {Code::kInvalidArgument,
          "'" + std::string(value) + "' is not allowed; allowed is " + std::string(allowed)};
}

template <typename Number>
Status set_number(Number& place, std::string_view value, Number low, Number high) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_whole = error == std::errc() && end == value.data() + value.size();
  if (!is_whole || number < low || number > high) {
    return wrong(value, std::to_string(low) + " to " + std::to_string(high));
  }
  place = number;
  return Status::ok();
}

struct DurationRange {
  base::Duration low = std::chrono::milliseconds(10);
  base::Duration high = std::chrono::minutes(10);
  std::string_view text = "10ms to 10m";
};

Status set_duration(base::Duration& place, std::string_view value,
                    const DurationRange& range = {}) {
  const auto duration = parse_duration(value);
  if (!duration.is_ok()) return duration.status();
  if (*duration < range.low || *duration > range.high) return wrong(value, range.text);
  place = *duration;
  return Status::ok();
}

// A grace shorter than hints live only costs who compares what was deleted; longer than a month
// keeps every tombstone for that long.
Status set_grace(ServerOptions& options, std::string_view value) {
  return set_duration(options.node.tombstone_grace, value,
                      {std::chrono::seconds(1), std::chrono::hours(24 * 31), "1s to 744h"});
}

Status set_address(base::Endpoint& place, std::string_view value) {
  const size_t colon = value.rfind(':');
  uint32_t port = 0;
  const bool has_port = colon != std::string_view::npos && colon > 0 &&
                        set_number<uint32_t>(port, value.substr(colon + 1), 0, 65535).is_ok();
  if (!has_port || value.size() > base::kEndpointBytesMax) return wrong(value, "host:port");
  place = base::Endpoint{std::string(value)};
  return Status::ok();
}

Status set_seeds(ServerOptions& options, std::string_view value) {
  options.node.seeds.clear();
  for (const std::string& part : split_list(value)) {
    base::Endpoint seed;
    if (const Status status = set_address(seed, part); !status.is_ok()) return status;
    options.node.seeds.push_back(std::move(seed));
  }
  return Status::ok();
}

Status set_engine(ServerOptions& options, std::string_view value) {
  using server::EngineKind;
  if (value != "lsm" && value != "leveldb" && value != "memory") {
    return wrong(value, "lsm, leveldb or memory");
  }
  options.store.engine = value == "lsm"       ? EngineKind::kLsm
                         : value == "leveldb" ? EngineKind::kLevelDb
                                              : EngineKind::kMemory;
  options.node.engine_name = std::string(value);
  return Status::ok();
}

Status set_durability(ServerOptions& options, std::string_view value) {
  constexpr std::string_view kPeriodic = "periodic:";
  constexpr std::string_view kAllowed = "group, memory, or periodic:MILLISECONDS (1 to 60000)";
  options.store.lsm.sync_interval.reset();
  options.node.durability =
      value == "group" ? storage::Durability::kGroup : storage::Durability::kMemory;
  if (value == "group" || value == "memory") return Status::ok();
  uint32_t milliseconds = 0;
  const bool is_periodic =
      value.starts_with(kPeriodic) &&
      set_number<uint32_t>(milliseconds, value.substr(kPeriodic.size()), 1, 60'000).is_ok();
  if (!is_periodic) return wrong(value, kAllowed);
  options.store.lsm.sync_interval = std::chrono::milliseconds(milliseconds);
  return Status::ok();
}

Status set_bytes(uint64_t& place, std::string_view value) {
  constexpr uint64_t kLow = 1 << 20;   // Less is all overhead: a file, a run, a merge each time.
  constexpr uint64_t kHigh = 1 << 30;  // One allocation, one flush, one file that can be handled.
  const auto bytes = parse_bytes(value);
  if (!bytes.is_ok()) return bytes.status();
  if (*bytes < kLow || *bytes > kHigh) return wrong(value, "1MiB to 1GiB");
  place = *bytes;
  return Status::ok();
}

Status set_log_level(ServerOptions& options, std::string_view value) {
  for (const auto level : {base::LogLevel::kDebug, base::LogLevel::kInfo, base::LogLevel::kWarn,
                           base::LogLevel::kError}) {
    if (value != base::name_of(level)) continue;
    options.log_level = level;
    return Status::ok();
  }
  return wrong(value, "debug, info, warn or error");
}

using Options = ServerOptions&;
using Text = std::string_view;

std::vector<Setting> cluster_settings() {
  return {
      {"node-id", "", "1 to 64 characters",
       "who this node is; made and kept in the data directory if not given",
       [](Options o, Text v) { return o.node.node_id = base::NodeId{std::string(v)}, Status(); }},
      {"address", "localhost:8080", "host:port", "where to listen, TCP and UDP",
       [](Options o, Text v) { return set_address(o.address, v); }},
      {"advertise-address", "", "host:port", "what to announce to others; --address if not given",
       [](Options o, Text v) { return set_address(o.node.endpoint, v); }},
      {"data-dir", "./data", "a directory", "where everything is kept; made if it is missing",
       [](Options o, Text v) { return o.store.data_dir = std::string(v), Status(); }},
      {"seed-nodes", "", "host:port,...",
       "members to join through; none, or oneself first: found a cluster", set_seeds},
      {"cluster-name", "distkv", "1 to 64 characters", "members of other clusters are refused",
       [](Options o, Text v) { return o.node.cluster_name = std::string(v), Status(); }},
      {"virtual-nodes", "150", "1 to 10000", "this node's share of the ring beside the others'",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.virtual_nodes, v, 1, ring::kWeightMax);
       }},
      {"partitions", "1024", "a power of two, 1 to 16384",
       "parts of the ring; fixed when the cluster is founded",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.partitions, v, 1, ring::kPartitionsMax);
       }},
      {"replicas", "3", "1 to 7", "N: copies of each key; fixed when the cluster is founded",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.replicas, v, 1, ring::kReplicasMax);
       }},
      {"read-quorum", "2", "1 to replicas", "R: replicas a quorum read asks",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.read_quorum, v, 1, ring::kReplicasMax);
       }},
      {"write-quorum", "2", "1 to replicas", "W: replicas a quorum write waits for",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.write_quorum, v, 1, ring::kReplicasMax);
       }},
  };
}

std::vector<Setting> store_settings() {
  return {
      {"engine", "lsm", "lsm, leveldb or memory", "what stores the data", set_engine},
      {"durability", "group", "group, periodic:MILLISECONDS or memory",
       "answer when on disk; or from memory, synced so often or when it suits (a crash then loses "
       "the newest writes of this node)",
       set_durability},
      {"mem-table-size", "64MiB", "1MiB to 1GiB", "lsm: memory that is filled, then flushed",
       [](Options o, Text v) { return set_bytes(o.store.lsm.memtable_bytes, v); }},
      {"sstable-size", "64MiB", "1MiB to 1GiB", "lsm: tables are cut where they reach this",
       [](Options o, Text v) { return set_bytes(o.store.lsm.table_bytes, v); }},
      {"bloom-filter-bits", "10", "0 to 20", "lsm: bits of filter for each key; 0: no filters",
       [](Options o, Text v) {
         return set_number<size_t>(o.store.lsm.table.filter_bits_per_key, v, 0, 20);
       }},
      {"compaction-threshold", "8", "2 to 16", "lsm: runs of one level that are merged into one",
       [](Options o, Text v) { return set_number<size_t>(o.store.lsm.picker.fan_out, v, 2, 16); }},
  };
}

std::vector<Setting> pace_settings() {
  return {
      {"heartbeat-interval", "500ms", "10ms to 10m", "between probes of a member",
       [](Options o, Text v) { return set_duration(o.node.membership.heartbeat_interval, v); }},
      {"suspect-timeout", "1.5s", "10ms to 10m", "unanswered probes before a member is suspected",
       [](Options o, Text v) { return set_duration(o.node.membership.suspect_timeout, v); }},
      {"dead-timeout", "2s", "10ms to 10m", "suspicion before a member is called dead",
       [](Options o, Text v) { return set_duration(o.node.membership.dead_timeout, v); }},
      {"gossip-interval", "100ms", "10ms to 10m", "between packets that carry news",
       [](Options o, Text v) { return set_duration(o.node.membership.gossip_interval, v); }},
      {"gossip-fanout", "3", "1 to 16", "members told at each interval",
       [](Options o, Text v) {
         return set_number<uint32_t>(o.node.membership.gossip_fanout, v, 1, 16);
       }},
      {"tombstone-grace", "24h", "1s to 744h",
       "how long a deleted or expired key is remembered at least, once all its replicas know",
       set_grace},
      {"log-level", "info", "debug, info, warn or error", "the least that is logged",
       set_log_level},
  };
}

std::vector<Setting> joined(std::initializer_list<std::vector<Setting>> parts) {
  std::vector<Setting> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kSettings =
      joined({cluster_settings(), store_settings(), pace_settings()});
  return kSettings;
}

}  // namespace distkv::bin
