// What a node is told at its start; every value is checked by validate() before anything is opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "membership/membership.h"
#include "node/admission.h"
#include "replica/hint_store.h"
#include "storage/engine.h"
#include "wire/rpc.h"

namespace distkv::node {

struct Config {
  base::NodeId node_id;     // Empty: the one kept in the store, or a new random one.
  base::Endpoint endpoint;  // As announced to others; never 0.0.0.0.
  std::string cluster_name = "distkv";
  std::vector<base::Endpoint> seeds;
  std::string engine_name = "memory";  // As status shows it.

  // Of a cluster this node founds; one it joins has its own.
  uint32_t partitions = 1024;
  uint32_t replicas = 3;  // N
  uint32_t virtual_nodes = 150;

  uint32_t read_quorum = 2;   // R
  uint32_t write_quorum = 2;  // W
  storage::Durability durability = storage::Durability::kGroup;
  membership::Options membership;

  // Patience where a request brings none, and the most that one may bring.
  base::Duration request_timeout = std::chrono::seconds(2);
  // How long a replica may keep a read waiting before a spare is asked.
  base::Duration spare_delay = std::chrono::milliseconds(50);
  // How long anti-entropy rests between two rounds that found replicas equal.
  base::Duration anti_entropy_interval = std::chrono::seconds(10);
  // How long a deleted or expired record is kept at least, by the clock of the node that leads its
  // collection.
  base::Duration tombstone_grace = std::chrono::hours(24);
  // How long joiners that come one after another are gathered into one layout change.
  base::Duration settling_time = std::chrono::milliseconds(300);

  // What requests may hold of this node's memory, and its questions of the other nodes'.
  AdmissionLimits admission;
  wire::RpcLimits calls;
  // Of what is kept for other replicas. A host with a disk sets the bytes from its size.
  replica::HintLimits hints;
};

// kInvalidArgument naming the value and its range.
base::Status validate(const Config& config);

}  // namespace distkv::node
