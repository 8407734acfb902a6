// Identities and quantities as types of their own, so that a count is never taken for a token and
// a node is never taken for a store. All are plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace distkv::base {

// An ordered value of type Rep that converts to nothing else. `Tag` only makes it distinct.
template <typename Tag, typename Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(std::move(value)) {}
  constexpr const Rep& value() const { return value_; }
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
  friend constexpr bool operator==(const Strong&, const Strong&) = default;

 private:
  Rep value_{};
};

// 128 random bits, compared as a number. Written as 32 hexadecimal digits.
struct Id128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend constexpr auto operator<=>(const Id128&, const Id128&) = default;
  bool is_zero() const { return high == 0 && low == 0; }
  std::string to_hex() const;
};

using Token = Strong<struct TokenTag, uint64_t>;                  // A place on the ring (src/ring).
using PartitionId = Strong<struct PartitionTag, uint32_t>;        // A token's high bits.
using LayoutVersion = Strong<struct LayoutVersionTag, uint64_t>;  // 0: no layout yet.
using ActorId = Strong<struct ActorTag, uint64_t>;                // A store's life (src/causality).
using Counter = Strong<struct CounterTag, uint64_t>;              // Hybrid logical clock reading.
using NodeId = Strong<struct NodeTag, std::string>;     // 1 to kNodeIdBytesMax printable bytes.
using ClusterId = Strong<struct ClusterTag, Id128>;     // Zero: not in a cluster yet.
using OpId = Strong<struct OpTag, Id128>;               // One client operation, retries included.
using RequestId = Strong<struct RequestTag, uint64_t>;  // Pairs an answer with its question.
using ConnectionId = Strong<struct ConnectionTag, uint64_t>;  // An accepted stream, never reused.

// Where a node listens, as "host:port"; the host may be a name. TCP and UDP share the port.
using Endpoint = Strong<struct EndpointTag, std::string>;

// Where a write lies once a store has acknowledged it; the numbers travel in frames. Until it is on
// disk, a power cut takes it from that store.
enum class Persistence : uint8_t {
  kUnsaid = 0,    // A node too old to say.
  kDisk = 1,      // Synced before it was acknowledged.
  kPeriodic = 2,  // In memory; synced soon, by the store's own clock.
  kMemory = 3,    // In memory; on disk when the system pleases, or never.
};

inline constexpr size_t kNodeIdBytesMax = 64;       // Fits a line of status output.
inline constexpr size_t kClusterNameBytesMax = 64;  // Likewise; carried in every packet.
inline constexpr size_t kEndpointBytesMax = 262;    // A DNS name (255) with ":65535".
inline constexpr size_t kKeyBytesMax = 64 * 1024;   // A key must fit the index of every engine.
inline constexpr size_t kValueBytesMax = 8 * 1024 * 1024;  // One value in one frame, in memory.

}  // namespace distkv::base

template <typename Tag, typename Rep>
struct std::hash<distkv::base::Strong<Tag, Rep>> {
  size_t operator()(const distkv::base::Strong<Tag, Rep>& strong) const {
    return std::hash<Rep>{}(strong.value());
  }
};

template <>
struct std::hash<distkv::base::Id128> {
  size_t operator()(const distkv::base::Id128& id) const { return id.high ^ id.low; }
};
