// status: three sections whose words and order scripts rely on, then what is ours alone.
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

struct Health {
  size_t total = 0;
  size_t alive = 0;
  size_t dead = 0;  // Those that left count as dead: neither answers.
  double availability_percent() const {
    return total == 0 ? 0 : 100.0 * static_cast<double>(alive) / static_cast<double>(total);
  }
};

Health health_of(const std::vector<NodeStatus>& nodes) {
  Health health;
  for (const NodeStatus& node : nodes) {
    ++health.total;
    if (node.state == "ALIVE") ++health.alive;
    if (node.state == "DEAD" || node.state == "LEFT") ++health.dead;
  }
  return health;
}

std::vector<NodeStatus> sorted(std::vector<NodeStatus> nodes) {
  std::sort(nodes.begin(), nodes.end(),
            [](const NodeStatus& a, const NodeStatus& b) { return a.id < b.id; });
  return nodes;
}

double milliseconds(std::chrono::microseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Nothing from a node too old to say.
std::string store_text(const ClusterStatus& status) {
  if (status.storage_state.empty()) return "";
  return "Store: " + status.storage_state + "\nPressure: " + fixed(status.storage_pressure, 2) +
         "\nBytes on disk: " + std::to_string(status.bytes_on_disk) + "\n";
}

std::string hints_section(const ClusterStatus& status) {
  return "=== Hints ===\nPending: " + std::to_string(status.hints_pending) +
         "\nBytes: " + std::to_string(status.hint_bytes) +
         "\nOldest: " + (status.hints_pending == 0 ? "none" : age_text(status.hint_age)) +
         "\nDropped: " + std::to_string(status.hints_dropped) +
         "\nDirty partitions: " + std::to_string(status.dirty_partitions) + "\n";
}

// Of the partitions a node holds.
struct Proven {
  size_t count = 0;                // At all their replicas.
  std::chrono::seconds oldest{0};  // Of these.
};

Proven proven_of(const AntiEntropyStatus& status) {
  Proven proven;
  for (const PartitionProof& proof : status.proofs) {
    if (!proof.age) continue;
    ++proven.count;
    proven.oldest = std::max(proven.oldest, *proof.age);
  }
  return proven;
}

// Nothing from a node too old to say.
std::string anti_entropy_text(const std::optional<AntiEntropyStatus>& status) {
  if (!status) return "";
  const Proven proven = proven_of(*status);
  const size_t never = status->proofs.size() - proven.count;
  std::string text = "\n=== Anti-entropy ===\nProven equal: " + std::to_string(proven.count) +
                     " of " + std::to_string(status->proofs.size()) + " partitions held\n";
  text += "Oldest proof: " +
          (proven.count == 0 ? "none" : std::to_string(proven.oldest.count()) + " s ago");
  if (never > 0) text += ", none yet for " + std::to_string(never);
  text += "\nDirty: " + std::to_string(status->dirty) +
          "\nHash trees being built: " + std::to_string(status->building) +
          "\nExchanged: " + std::to_string(status->records) + " records, " +
          std::to_string(status->bytes) + " bytes in " + std::to_string(status->rounds) +
          " rounds\nTombstones collected: " + std::to_string(status->collected) + "\n";
  if (status->behind > 0) {
    text += "Catching up after a loss: " + std::to_string(status->behind) + " partitions\n";
  }
  if (status->mismatches == 0) return text;
  return text + "Wrong hashes found and replaced: " + std::to_string(status->mismatches) + "\n";
}

// The proofs as [partition, seconds ago or null].
std::string anti_entropy_json(const AntiEntropyStatus& status) {
  std::vector<std::string> proofs;
  for (const PartitionProof& proof : status.proofs) {
    proofs.push_back("[" + std::to_string(proof.partition) + "," +
                     (proof.age ? std::to_string(proof.age->count()) : "null") + "]");
  }
  JsonObject object;
  object.number("dirty", status.dirty).number("building", status.building);
  object.number("rounds", status.rounds).number("records", status.records);
  object.number("bytes", status.bytes).number("mismatches", status.mismatches);
  object.number("collected", status.collected).number("behind", status.behind);
  return object.number("proven", proven_of(status).count).json("proofs", json_array(proofs)).text();
}

// Nothing where no key stands out.
std::string hot_keys_text(const ClusterStatus& status) {
  if (status.hot_keys.empty()) return "";
  std::string text = "\n=== Hot keys ===\nOf the last " + std::to_string(status.recent_reads) +
                     " reads through this node (writes are not counted):\n";
  for (const HotKey& hot : status.hot_keys) {
    text += "  " + shown(hot.key, hot.key_bytes) + " - Reads: " + std::to_string(hot.reads);
    text += hot.error == 0 ? "\n" : ", at most " + std::to_string(hot.error) + " too many\n";
  }
  return text;
}

std::string hot_keys_json(const ClusterStatus& status) {
  std::vector<std::string> keys;
  for (const HotKey& hot : status.hot_keys) {
    JsonObject object;
    object.bytes("key", hot.key).number("key_bytes", hot.key_bytes);
    keys.push_back(object.number("reads", hot.reads).number("error", hot.error).text());
  }
  return json_array(keys);
}

std::string node_json(const NodeStatus& node) {
  JsonObject object;
  object.bytes("id", node.id).bytes("address", node.address).bytes("state", node.state);
  const bool is_never = node.last_seen.time_since_epoch().count() == 0;
  return object.json("last_seen", is_never ? "null" : json_string(time_text(node.last_seen)))
      .text();
}

}  // namespace

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return {text.data(), std::min(static_cast<size_t>(std::max(size, 0)), text.size() - 1)};
}

std::string time_text(std::chrono::system_clock::time_point time) {
  if (time.time_since_epoch().count() == 0) return "never";
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm calendar{};
  if (gmtime_r(&seconds, &calendar) == nullptr) return "never";
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &calendar);
  return {text.data(), size};
}

// Nothing where all requests were taken.
static std::string refused_text(const ClusterStatus& status) {
  if (status.requests_refused == 0) return "";
  return "Refused for overload: " + std::to_string(status.requests_refused) +
         " (requests under way hold " + std::to_string(status.request_bytes) + " of " +
         std::to_string(status.request_bytes_max) + " bytes)\n";
}

std::string status_text(const ClusterStatus& status) {
  const Health health = health_of(status.nodes);
  std::string text = "=== Cluster Status ===\nHealth: " + std::to_string(health.total) +
                     " total nodes, " + std::to_string(health.alive) + " alive, " +
                     std::to_string(health.dead) + " dead (" +
                     fixed(health.availability_percent(), 1) + "% availability)\n\n";
  text += "=== Nodes ===\n";
  for (const NodeStatus& node : sorted(status.nodes)) {
    text += "  " + node.id + " (" + node.address + ") - " + node.state +
            " - Last seen: " + time_text(node.last_seen) + "\n";
  }
  text += "\n=== Metrics ===\nTotal requests: " + std::to_string(status.requests) +
          "\nAverage latency: " + fixed(milliseconds(status.latency_mean), 2) + " ms\n" +
          refused_text(status) + "\n";
  text += "=== Storage ===\nEngine: " + status.engine +
          "\nLayout version: " + std::to_string(status.layout_version) +
          "\nPartitions: " + std::to_string(status.partition_count) +
          "\nReplicas: " + std::to_string(status.replica_count) +
          "\nState: " + (status.is_settled ? "settled" : "moving") + "\n" + store_text(status) +
          "\n";
  return text + hints_section(status) + anti_entropy_text(status.anti_entropy) +
         hot_keys_text(status);
}

std::string status_json(const ClusterStatus& status) {
  const Health health = health_of(status.nodes);
  std::vector<std::string> nodes;
  for (const NodeStatus& node : sorted(status.nodes)) nodes.push_back(node_json(node));
  JsonObject object;
  object.bytes("node_id", status.node_id).bytes("cluster_name", status.cluster_name);
  object.number("total", health.total).number("alive", health.alive).number("dead", health.dead);
  object.json("availability_percent", fixed(health.availability_percent(), 1));
  object.json("nodes", json_array(nodes)).number("requests", status.requests);
  object.json("latency_mean_ms", fixed(milliseconds(status.latency_mean), 2));
  object.bytes("engine", status.engine).number("layout_version", status.layout_version);
  object.number("partitions", status.partition_count).number("replicas", status.replica_count);
  object.boolean("settled", status.is_settled).number("hints_pending", status.hints_pending);
  object.number("read_repairs", status.read_repairs).number("hint_bytes", status.hint_bytes);
  object.number("hint_age_ms", static_cast<uint64_t>(status.hint_age.count()));
  object.number("hints_dropped", status.hints_dropped);
  object.number("dirty_partitions", status.dirty_partitions);
  if (status.request_bytes_max > 0) {
    object.number("requests_refused", status.requests_refused);
    object.number("request_bytes", status.request_bytes);
    object.number("request_bytes_max", status.request_bytes_max);
  }
  if (status.storage_state.empty()) return object.text();
  object.bytes("storage_state", status.storage_state);
  object.json("storage_pressure", fixed(status.storage_pressure, 3));
  object.number("bytes_on_disk", status.bytes_on_disk);
  if (status.anti_entropy) object.json("anti_entropy", anti_entropy_json(*status.anti_entropy));
  if (!status.hot_keys.empty()) {
    object.json("hot_keys", hot_keys_json(status)).number("recent_reads", status.recent_reads);
  }
  return object.text();
}

int status(Call& call) {
  const ClusterStatus status = call.client.status();
  if (!status.error.is_ok()) return complain(call.console, status.error.message);
  call.console.out << (call.is_json() ? status_json(status) + "\n" : status_text(status));
  return kExitOk;
}

}  // namespace distkv::bin::cli
