// Names to addresses, without waiting: numbers at once, names from a short memory or by a lookup on
// libuv's threads.
//
// Happy path: resolve() of a number or a remembered name calls back before it returns; of another
// name in a later turn, with one lookup however many ask meanwhile.
// Failures: kInvalidArgument for what is no "host:port"; kUnavailable with the system's reason when
// a lookup fails (remembered as long as an answer, so a missing name is not asked for at each
// packet); kOverloaded over kLookupWaitersMax.
// Who frees: a lookup under way owns its request; if this is destroyed first its callback frees the
// request and calls nobody.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "runtime/endpoint.h"
#include "runtime/loop.h"

namespace distkv::runtime {

// Long enough to spare the name server, short enough to follow a node that moved.
inline constexpr base::Duration kNameLifetime = std::chrono::seconds(10);
// Names remembered at once: far more than a cluster has nodes.
inline constexpr size_t kNamesMax = 1024;
// Callers waiting for one name: packets come a few a second, so this means a dead name server.
inline constexpr size_t kLookupWaitersMax = 256;

class Resolver {
 public:
  using Done = std::function<void(const base::Result<SocketAddress>&)>;

  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` runs exactly once, maybe within this call; never if this is destroyed before.
  void resolve(const base::Endpoint& endpoint, Done done);

 private:
  struct Waiter {
    uint16_t port = 0;
    Done done;
  };
  struct Name {
    base::Result<SocketAddress> address = SocketAddress();  // Port zero.
    base::MonotonicTime expires_at{};
    std::vector<Waiter> waiters;  // Not empty: a lookup is under way.
  };
  struct Lookup;

  void start_lookup(const std::string& host);
  void finish_lookup(const std::string& host, const base::Result<SocketAddress>& address);
  bool make_room();

  Loop& loop_;
  std::map<std::string, Name> names_;
  std::map<std::string, std::unique_ptr<Lookup>> lookups_;
};

// The same, waiting: for the addresses a server binds at its start.
base::Result<SocketAddress> resolve_now(Loop& loop, const base::Endpoint& endpoint);

}  // namespace distkv::runtime
