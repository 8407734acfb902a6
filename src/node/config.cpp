#include "node/config.h"

#include <bit>

#include "ring/layout.h"

namespace distkv::node {

using base::Code;
using base::Status;

namespace {
Status out_of_range(std::string_view name, uint64_t value, uint64_t low, uint64_t high) {
  return {Code::kInvalidArgument, std::string(name) + " is " + std::to_string(value) +
                                      ", allowed is " + std::to_string(low) + " to " +
                                      std::to_string(high)};
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

Status validate_names(const Config& config) {
  if (config.node_id.value().size() > base::kNodeIdBytesMax ||
      !is_printable(config.node_id.value())) {
    return {Code::kInvalidArgument, "node-id must be 1 to 64 printable characters without blanks"};
  }
  if (config.cluster_name.empty() || config.cluster_name.size() > base::kClusterNameBytesMax ||
      !is_printable(config.cluster_name)) {
    return {Code::kInvalidArgument,
            "cluster-name must be 1 to 64 printable characters without blanks"};
  }
  if (config.endpoint.value().rfind("0.0.0.0:", 0) == 0 ||
      config.endpoint.value().rfind("[::]:", 0) == 0) {
    return {Code::kInvalidArgument, "advertise-address " + config.endpoint.value() +
                                        " is no address others can reach; announce a real one"};
  }
  return Status::ok();
}
}  // namespace

Status validate(const Config& config) {
  if (const Status names = validate_names(config); !names.is_ok()) return names;
  const uint32_t n = config.replicas;
  if (n < 1 || n > ring::kReplicasMax) return out_of_range("replicas", n, 1, ring::kReplicasMax);
  if (config.read_quorum < 1 || config.read_quorum > n) {
    return out_of_range("read-quorum", config.read_quorum, 1, n);
  }
  if (config.write_quorum < 1 || config.write_quorum > n) {
    return out_of_range("write-quorum", config.write_quorum, 1, n);
  }
  if (config.partitions < ring::kPartitionsMin || config.partitions > ring::kPartitionsMax) {
    return out_of_range("partitions", config.partitions, ring::kPartitionsMin,
                        ring::kPartitionsMax);
  }
  if (!std::has_single_bit(config.partitions)) {
    return {Code::kInvalidArgument,
            "partitions is " + std::to_string(config.partitions) + ", it must be a power of two"};
  }
  if (config.hints.age_max <= base::Duration::zero()) {
    return {Code::kInvalidArgument, "the age of hints must be above zero"};
  }
  if (config.tombstone_grace <= base::Duration::zero()) {
    return {Code::kInvalidArgument, "tombstone-grace must be above zero"};
  }
  if (config.virtual_nodes < 1 || config.virtual_nodes > ring::kWeightMax) {
    return out_of_range("virtual-nodes", config.virtual_nodes, 1, ring::kWeightMax);
  }
  return Status::ok();
}

}  // namespace distkv::node
