#include "node/node_store.h"

#include <memory>
#include <utility>

#include "base/codec.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

namespace {
constexpr uint8_t kFormatVersion = 1;
constexpr uint8_t kIdentityVersion = 2;  // 1 did not tell `entered`.
constexpr std::string_view kIdentityKey = "identity";
constexpr std::string_view kLayoutsKey = "layouts";
constexpr std::string_view kMembersKey = "members";
constexpr std::string_view kHashTreeKey = "hash tree";
constexpr std::string_view kHoldingsKey = "holdings";

Status corrupt(std::string_view what) {
  return {Code::kCorrupt, "the store's own record of its " + std::string(what) +
                              " is damaged; restore the data directory from a replica"};
}
}  // namespace

std::string encode_identity(const Identity& identity) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kIdentityVersion);
  writer.bytes(identity.node_id.value());
  writer.id128(identity.cluster_id.value());
  writer.bytes(identity.cluster_name);
  writer.u64(identity.generation);
  writer.u64(identity.actor.value());
  writer.u64(identity.last_counter.value());
  writer.u8(identity.is_clean ? 1 : 0);
  writer.u64(identity.entered);
  return bytes;
}

Result<Identity> decode_identity(std::string_view bytes) {
  base::Reader reader(bytes);
  const uint8_t version = reader.u8();
  if (version != kFormatVersion && version != kIdentityVersion) return corrupt("identity");
  Identity identity;
  identity.node_id = base::NodeId{std::string(reader.bytes(base::kNodeIdBytesMax))};
  identity.cluster_id = base::ClusterId{reader.id128()};
  identity.cluster_name = std::string(reader.bytes(base::kClusterNameBytesMax));
  identity.generation = reader.u64();
  identity.actor = base::ActorId{reader.u64()};
  identity.last_counter = base::Counter{reader.u64()};
  identity.is_clean = reader.u8() == 1;
  identity.entered = version == kIdentityVersion ? reader.u64() : identity.generation;
  if (!reader.is_complete()) return corrupt("identity");
  return identity;
}

std::string encode_members(const std::vector<RememberedMember>& members) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kFormatVersion);
  writer.varint(members.size());
  for (const RememberedMember& member : members) {
    writer.bytes(member.id.value());
    writer.bytes(member.endpoint.value());
    writer.u64(member.incarnation.generation);
    writer.u32(member.incarnation.refutations);
  }
  return bytes;
}

Result<std::vector<RememberedMember>> decode_members(std::string_view bytes) {
  base::Reader reader(bytes);
  if (reader.u8() != kFormatVersion) return corrupt("members");
  std::vector<RememberedMember> members(reader.count(ring::kNodesMax));
  for (RememberedMember& member : members) {
    member.id = base::NodeId{std::string(reader.bytes(base::kNodeIdBytesMax))};
    member.endpoint = base::Endpoint{std::string(reader.bytes(base::kEndpointBytesMax))};
    member.incarnation.generation = reader.u64();
    member.incarnation.refutations = reader.u32();
  }
  if (!reader.is_complete()) return corrupt("members");
  return members;
}

void NodeStore::load(std::function<void(Result<Remembered>)> done) {
  using Bytes = Result<std::optional<std::string>>;
  auto found = std::make_shared<Remembered>();
  read(kIdentityKey, [this, found, done = std::move(done)](const Bytes& identity) {
    if (!identity.is_ok()) return done(identity.status());
    if (!*identity) return done(*found);
    Result<Identity> decoded = decode_identity(**identity);
    if (!decoded.is_ok()) return done(decoded.status());
    found->identity = std::move(*decoded);
    read(kLayoutsKey, [this, found, done](const Bytes& layouts) {
      if (!layouts.is_ok()) return done(layouts.status());
      if (*layouts) {
        Result<ring::LiveLayouts> live = ring::decode_live_layouts(**layouts);
        if (!live.is_ok()) return done(live.status());
        found->layouts = std::move(*live);
      }
      read(kMembersKey, [this, found, done](const Bytes& members) {
        if (!members.is_ok()) return done(members.status());
        if (*members) {
          auto known = decode_members(**members);
          if (!known.is_ok()) return done(known.status());
          found->members = std::move(*known);
        }
        read(kHashTreeKey, [this, found, done](const Bytes& tree) {
          if (tree.is_ok()) found->hash_tree = *tree;
          read(kHoldingsKey, [found, done](const Bytes& holdings) {
            if (!holdings.is_ok()) return done(holdings.status());
            if (*holdings) {
              auto known = replica::Holdings::decode(**holdings);
              if (!known.is_ok()) return done(corrupt("partitions"));
              found->holdings = std::move(*known);
            }
            done(std::move(*found));
          });
        });
      });
    });
  });
}

void NodeStore::save_identity(const Identity& identity, storage::Done done) {
  write(kIdentityKey, encode_identity(identity), std::move(done));
}

void NodeStore::save_layouts(const ring::LiveLayouts& layouts, storage::Done done) {
  write(kLayoutsKey, ring::encode_live_layouts(layouts), std::move(done));
}

void NodeStore::save_members(const std::vector<RememberedMember>& members, storage::Done done) {
  write(kMembersKey, encode_members(members), std::move(done));
}

void NodeStore::save_hash_tree(std::string bytes, storage::Done done) {
  write(kHashTreeKey, std::move(bytes), std::move(done));
}

void NodeStore::save_holdings(const replica::Holdings& holdings, storage::Done done) {
  write(kHoldingsKey, holdings.encode(), std::move(done));
}

void NodeStore::read(std::string_view key,
                     std::function<void(Result<std::optional<std::string>>)> done) {
  engine_.get({storage::Space::kNode, base::Token{}, key}, storage::Part::kAll,
              [done = std::move(done)](Result<std::optional<storage::EntryView>> entry) {
                if (!entry.is_ok()) return done(entry.status());
                if (!*entry) return done(std::optional<std::string>{});
                done(std::optional(std::string((*entry)->value)));
              });
}

void NodeStore::write(std::string_view key, std::string bytes, storage::Done done) {
  std::vector<storage::Write> batch;
  batch.push_back({storage::Space::kNode, base::Token{}, std::string(key),
                   storage::Entry{"", std::move(bytes)}});
  engine_.write(std::move(batch), storage::Durability::kGroup, std::move(done));
}

}  // namespace distkv::node
