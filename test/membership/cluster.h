// Many Membership instances under one virtual clock and one seeded network, for tests: time jumps
// to the next timer, packets are delayed, lost or cut off, and every one of them enters a
// transcript hash, so that two runs of one seed can be told equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
#include "membership/membership.h"
#include "wire/messages.h"
#include "wire/network.h"
#include "wire/rpc.h"

namespace distkv::membership::test {

class VirtualClock : public base::Clock {
 public:
  base::MonotonicTime now() const override { return time; }
  base::WallTime wall_now() const override {
    return base::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(
        time.time_since_epoch() + std::chrono::hours(24)));
  }
  base::MonotonicTime time{std::chrono::seconds(1)};
};

class LineLog : public base::Log {
 public:
  bool is_enabled(base::LogLevel) const override { return true; }
  void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  size_t count(std::string_view part) const;
  std::vector<std::string> lines;
};

struct Weather {
  base::Duration delay_min = std::chrono::milliseconds(1);
  base::Duration delay_max = std::chrono::milliseconds(10);
  double loss = 0;  // Of datagrams; a stream repeats what is lost.
};

// The network between endpoints. Who listens, takes; a stream to nobody is refused.
class Fabric {
 public:
  struct Listening {
    std::function<void(const base::Endpoint& from, std::string_view packet)> on_datagram;
    // Answers one request with one frame; empty: no answer.
    std::function<std::string(const wire::FrameView&)> on_request;
    wire::Rpc* rpc = nullptr;
  };

  Fabric(uint64_t seed, base::Timers& timers) : rng_(seed), timers_(timers) {}

  void listen(const base::Endpoint& at, Listening listening) { listening_[at] = listening; }
  void silence(const base::Endpoint& at) { listening_.erase(at); }
  // Nothing sent from `from` reaches `to`, until healed.
  void cut(const base::Endpoint& from, const base::Endpoint& to) { cuts_.emplace(from, to); }
  void heal() { cuts_.clear(); }

  void send_datagram(const base::Endpoint& from, const base::Endpoint& to, std::string_view packet);
  void send(const base::Endpoint& from, const base::Endpoint& to, std::string_view frame);

  Weather weather;
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  size_t packet_bytes_max = 0;
  uint64_t stream_frames = 0;
  uint64_t transcript = 0;  // Hash of all packets, their time and way.

 private:
  base::Duration delay();
  bool is_cut(const base::Endpoint& from, const base::Endpoint& to) const {
    return cuts_.contains({from, to});
  }
  void answer(const base::Endpoint& from, const base::Endpoint& to, const std::string& frame);

  base::Rng rng_;
  base::Timers& timers_;
  std::map<base::Endpoint, Listening> listening_;
  std::set<std::pair<base::Endpoint, base::Endpoint>> cuts_;
};

// One endpoint's view of the fabric.
class Port : public wire::Network {
 public:
  Port(base::Endpoint own, Fabric& fabric) : own_(std::move(own)), fabric_(fabric) {}
  void send_datagram(const base::Endpoint& to, std::string_view packet) override {
    fabric_.send_datagram(own_, to, packet);
  }
  base::Status send(const base::Endpoint& to, std::string_view frame) override {
    fabric_.send(own_, to, frame);
    return base::Status::ok();
  }
  void reply(base::ConnectionId, std::string_view) override {}
  void close(base::ConnectionId) override {}

 private:
  base::Endpoint own_;
  Fabric& fabric_;
};

struct World {
  explicit World(uint64_t seed) : timers(clock), fabric(seed, timers) {}
  // Runs all that falls due within `span`.
  void run(base::Duration span);
  // Runs until `is_done`, asked every 10 ms, or `span` is over; returns the time it took, or
  // `span`.
  base::Duration run_until(const std::function<bool()>& is_done, base::Duration span);

  VirtualClock clock;
  LineLog log;
  base::Timers timers;
  Fabric fabric;
};

// One member with everything it stands on.
class Node : public Listener {
 public:
  struct Event {
    base::MonotonicTime at;
    base::NodeId about;
    MemberState state;
  };

  Node(World& world, Self self, const Options& options, uint64_t seed);
  ~Node() override;
  void on_member_changed(const Member& member) override;
  void on_newer_layout(const Member& peer) override;

  Membership& membership() { return *membership_; }
  MemberState state_of(size_t index) const;
  size_t count(MemberState state) const;

  std::vector<Event> events;
  std::vector<base::NodeId> newer_layouts;
  // Taken a moment after a peer was seen to have a newer one, as if fetched from it.
  LayoutAdvert newest_layout;

 private:
  std::string answer(const wire::FrameView& frame);

  World& world_;
  Self self_;
  Port port_;
  wire::Encoder encoder_;
  wire::Rpc rpc_;
  std::unique_ptr<Membership> membership_;
};

base::NodeId id_of(size_t index);
base::Endpoint endpoint_of(size_t index);

// `count` nodes that know each other, started together.
struct Cluster {
  Cluster(uint64_t seed, size_t count);
  // Makes node `index`, of the generation given, knowing only node `index`'s `contact`.
  void boot(size_t index, uint64_t generation, size_t contact);
  void kill(size_t index);
  // No packet passes between nodes below `border` and the rest.
  void split(size_t border);
  Node& operator[](size_t index) { return *nodes[index]; }
  size_t count_believing(size_t about, MemberState state) const;
  // All living nodes hold the same table, with nobody suspected.
  bool is_one_view() const;
  size_t deaths() const;

  World world;
  base::Rng seeds;
  Options options;
  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace distkv::membership::test
