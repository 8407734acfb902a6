// What a node must remember over a restart, in the engine's node space: who it is, who owns what,
// and where the others were.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "membership/member.h"
#include "replica/holdings.h"
#include "ring/layout.h"
#include "storage/engine.h"

namespace distkv::node {

struct Identity {
  base::NodeId node_id;
  base::ClusterId cluster_id;  // Zero: in no cluster yet.
  std::string cluster_name;
  uint64_t generation = 0;     // Boots of this store; raised and durable before anything is sent.
  uint64_t entered = 0;        // The last of them that may have been known to other nodes.
  base::ActorId actor;         // In whose name this store mints.
  base::Counter last_counter;  // Highest it minted; only meaningful if `is_clean`.
  bool is_clean = false;       // Closed in order since: nothing it sent can be missing from it.
};

struct RememberedMember {
  base::NodeId id;
  base::Endpoint endpoint;
  membership::Incarnation incarnation;
};

struct Remembered {
  std::optional<Identity> identity;  // Nullopt: a new store.
  ring::LiveLayouts layouts;
  std::vector<RememberedMember> members;
  // HashTree::encode, as saved at the last orderly end; worth nothing after any other. Nullopt:
  // none, or it cannot be read.
  std::optional<std::string> hash_tree;
  replica::Holdings holdings;
};

class NodeStore {
 public:
  explicit NodeStore(storage::Engine& engine) : engine_(engine) {}

  void load(std::function<void(base::Result<Remembered>)> done);
  // Each is durable when `done` runs.
  void save_identity(const Identity& identity, storage::Done done);
  void save_layouts(const ring::LiveLayouts& layouts, storage::Done done);
  void save_members(const std::vector<RememberedMember>& members, storage::Done done);
  void save_hash_tree(std::string bytes, storage::Done done);
  void save_holdings(const replica::Holdings& holdings, storage::Done done);

 private:
  void read(std::string_view key,
            std::function<void(base::Result<std::optional<std::string>>)> done);
  void write(std::string_view key, std::string bytes, storage::Done done);

  storage::Engine& engine_;
};

// The stored forms (version byte first), exposed for their tests.
std::string encode_identity(const Identity& identity);
base::Result<Identity> decode_identity(std::string_view bytes);
std::string encode_members(const std::vector<RememberedMember>& members);
base::Result<std::vector<RememberedMember>> decode_members(std::string_view bytes);

}  // namespace distkv::node
