#include "runtime/resolver.h"

#include <utility>

#include "base/check.h"

namespace distkv::runtime {
namespace {

// IPv4 first: a name with both families then means the same address to every node, whatever order
// its system prefers.
SocketAddress choose(const addrinfo* found) {
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) return SocketAddress(each->ai_addr);
  }
  return SocketAddress(found->ai_addr);
}

base::Result<SocketAddress> judge(int code, const addrinfo* found, const std::string& host) {
  if (code == 0 && found != nullptr) return choose(found);
  return base::Status(base::Code::kUnavailable,
                      "cannot resolve \"" + host + "\": " + uv_strerror(code));
}

addrinfo lookup_hints() {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

base::Result<SocketAddress> with_port(base::Result<SocketAddress> address, uint16_t port) {
  if (address.is_ok()) address->set_port(port);
  return address;
}

}  // namespace

// libuv's request, in memory of its own until the callback.
struct Resolver::Lookup {
  uv_getaddrinfo_t request{};
  Resolver* resolver = nullptr;  // Null: destroyed meanwhile.
  std::string host;

  static void on_found(uv_getaddrinfo_t* request, int code, addrinfo* found) {
    Lookup* const lookup = static_cast<Lookup*>(request->data);
    const base::Result<SocketAddress> address = judge(code, found, lookup->host);
    uv_freeaddrinfo(found);
    Resolver* const resolver = lookup->resolver;
    if (resolver == nullptr) {
      const std::unique_ptr<Lookup> freed(lookup);
      return;
    }
    const std::string host = lookup->host;
    resolver->lookups_.erase(host);
    resolver->finish_lookup(host, address);
  }
};

Resolver::Resolver(Loop& loop) : loop_(loop) {}

Resolver::~Resolver() {
  for (auto& [host, lookup] : lookups_) {
    lookup->resolver = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup->request));
    static_cast<void>(lookup.release());  // Its callback comes in any case, and frees it.
  }
}

void Resolver::resolve(const base::Endpoint& endpoint, Done done) {
  const base::Result<HostPort> parts = split(endpoint);
  if (!parts.is_ok()) return done(parts.status());
  if (const auto address = numeric_address(*parts)) return done(*address);

  auto found = names_.find(parts->host);
  if (found == names_.end() && !make_room()) {
    return done(base::Status(base::Code::kOverloaded, "too many names are being resolved"));
  }
  if (found == names_.end()) found = names_.emplace(parts->host, Name()).first;
  Name& name = found->second;
  if (name.waiters.empty() && name.expires_at > loop_.now()) {
    return done(with_port(name.address, parts->port));
  }
  if (name.waiters.size() >= kLookupWaitersMax) {
    return done(base::Status(base::Code::kOverloaded, "too many wait for one name"));
  }
  name.waiters.push_back({parts->port, std::move(done)});
  if (name.waiters.size() == 1) start_lookup(parts->host);
}

void Resolver::start_lookup(const std::string& host) {
  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  lookup->resolver = this;
  lookup->host = host;
  const addrinfo hints = lookup_hints();
  const int code = uv_getaddrinfo(loop_.raw(), &lookup->request, Lookup::on_found, host.c_str(),
                                  nullptr, &hints);
  if (code != 0) return finish_lookup(host, judge(code, nullptr, host));
  lookups_.emplace(host, std::move(lookup));
}

void Resolver::finish_lookup(const std::string& host, const base::Result<SocketAddress>& address) {
  Name& name = names_.at(host);
  name.address = address;
  name.expires_at = loop_.now() + kNameLifetime;
  // A waiter may ask again, so the list is taken out first.
  const std::vector<Waiter> waiters = std::exchange(name.waiters, {});
  for (const Waiter& waiter : waiters) waiter.done(with_port(address, waiter.port));
}

// Forgets a name that nobody waits for, if there are too many. False if all are being looked up.
bool Resolver::make_room() {
  if (names_.size() < kNamesMax) return true;
  for (auto each = names_.begin(); each != names_.end(); ++each) {
    if (!each->second.waiters.empty()) continue;
    names_.erase(each);
    return true;
  }
  return false;
}

base::Result<SocketAddress> resolve_now(Loop& loop, const base::Endpoint& endpoint) {
  const base::Result<HostPort> parts = split(endpoint);
  if (!parts.is_ok()) return parts.status();
  if (const auto address = numeric_address(*parts)) return *address;
  uv_getaddrinfo_t request{};
  const addrinfo hints = lookup_hints();
  const int code =
      uv_getaddrinfo(loop.raw(), &request, nullptr, parts->host.c_str(), nullptr, &hints);
  const base::Result<SocketAddress> address =
      judge(code, code == 0 ? request.addrinfo : nullptr, parts->host);
  if (code == 0) uv_freeaddrinfo(request.addrinfo);
  return with_port(address, parts->port);
}

}  // namespace distkv::runtime
