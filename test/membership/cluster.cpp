#include "membership/cluster.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/hash.h"

namespace distkv::membership::test {

namespace {
const base::ClusterId kCluster{base::Id128{1, 2}};
constexpr base::Duration kPoll = std::chrono::milliseconds(10);
}  // namespace

size_t LineLog::count(std::string_view part) const {
  return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [part](const auto& line) {
    return line.find(part) != std::string::npos;
  }));
}

// ---- Fabric -------------------------------------------------------------------------------------

base::Duration Fabric::delay() {
  const auto low = static_cast<uint64_t>(weather.delay_min.count());
  const auto high = static_cast<uint64_t>(weather.delay_max.count());
  return base::Duration(static_cast<int64_t>(rng_.between(low, high)));
}

void Fabric::send_datagram(const base::Endpoint& from, const base::Endpoint& to,
                           std::string_view packet) {
  ++packets_sent;
  bytes_sent += packet.size();
  packet_bytes_max = std::max(packet_bytes_max, packet.size());
  const base::Duration wait = delay();
  const bool is_lost = rng_.chance(weather.loss);
  transcript = base::hash64(from.value() + ">" + to.value() + std::to_string(wait.count()) +
                                (is_lost ? "-" : "+") + std::string(packet),
                            transcript);
  if (is_lost || is_cut(from, to)) return;
  timers_.start(wait, [this, from, to, bytes = std::string(packet)] {
    const auto found = listening_.find(to);
    if (found != listening_.end() && found->second.on_datagram) {
      found->second.on_datagram(from, bytes);
    }
  });
}

void Fabric::send(const base::Endpoint& from, const base::Endpoint& to, std::string_view frame) {
  ++stream_frames;
  if (is_cut(from, to) || is_cut(to, from)) return;
  timers_.start(delay(), [this, from, to, bytes = std::string(frame)] { answer(from, to, bytes); });
}

void Fabric::answer(const base::Endpoint& from, const base::Endpoint& to,
                    const std::string& frame) {
  const auto asker = listening_.find(from);
  if (asker == listening_.end()) return;
  const auto asked = listening_.find(to);
  if (asked == listening_.end()) return asker->second.rpc->on_peer_lost(to);
  const auto view = wire::parse_datagram(frame);
  REQUIRE(view.is_ok());
  std::string reply = asked->second.on_request(*view);
  if (reply.empty()) return;
  timers_.start(delay(), [this, from, to, bytes = std::move(reply)] {
    const auto found = listening_.find(from);
    if (found == listening_.end() || is_cut(to, from)) return;
    const auto reply_view = wire::parse_datagram(bytes);
    REQUIRE(reply_view.is_ok());
    found->second.rpc->on_reply(to, *reply_view);
  });
}

// ---- World --------------------------------------------------------------------------------------

void World::run(base::Duration span) {
  const base::MonotonicTime end = clock.time + span;
  while (timers.next_deadline() && *timers.next_deadline() <= end) {
    clock.time = std::max(clock.time, *timers.next_deadline());
    timers.run_due();
  }
  clock.time = end;
}

base::Duration World::run_until(const std::function<bool()>& is_done, base::Duration span) {
  const base::MonotonicTime begin = clock.time;
  while (!is_done() && clock.time - begin < span) run(kPoll);
  return clock.time - begin;
}

// ---- Node ---------------------------------------------------------------------------------------

base::NodeId id_of(size_t index) {
  const std::string digits = std::to_string(index);
  return base::NodeId{"node-" + std::string(3 - std::min<size_t>(3, digits.size()), '0') + digits};
}

base::Endpoint endpoint_of(size_t index) {
  return base::Endpoint{"10.0.0." + std::to_string(index) + ":7000"};
}

Node::Node(World& world, Self self, const Options& options, uint64_t seed)
    : world_(world),
      self_(std::move(self)),
      port_(self_.endpoint, world.fabric),
      rpc_(port_, world.timers, encoder_) {
  const Environment environment{port_, rpc_, encoder_, world.timers, world.clock, world.log};
  membership_ = std::make_unique<Membership>(self_, options, environment, base::Rng(seed), *this);
  world.fabric.listen(self_.endpoint,
                      {.on_datagram =
                           [this](const base::Endpoint& from, std::string_view packet) {
                             const auto frame = wire::parse_datagram(packet);
                             REQUIRE(frame.is_ok());
                             const auto gossip = wire::decode<wire::Gossip>(*frame);
                             REQUIRE_MESSAGE(gossip.is_ok(), gossip.status().to_string());
                             membership_->on_gossip(from, *gossip);
                           },
                       .on_request = [this](const wire::FrameView& frame) { return answer(frame); },
                       .rpc = &rpc_});
}

Node::~Node() { world_.fabric.silence(self_.endpoint); }

void Node::on_member_changed(const Member& member) {
  events.push_back({world_.clock.time, member.id, member.state});
}

void Node::on_newer_layout(const Member& peer) {
  newer_layouts.push_back(peer.id);
  world_.timers.start(kPoll, [this] { membership_->set_layout(newest_layout); });
}

std::string Node::answer(const wire::FrameView& frame) {
  const auto request = wire::decode<wire::MembersRequest>(frame);
  REQUIRE(request.is_ok());
  for (const wire::MemberUpdate& update : request->members) membership_->learn(update);
  return std::string(encoder_.encode(wire::MembersReply{membership_->updates()}, frame.request_id));
}

MemberState Node::state_of(size_t index) const {
  const Member* member = membership_->find(id_of(index));
  REQUIRE(member != nullptr);
  return member->state;
}

size_t Node::count(MemberState state) const {
  return static_cast<size_t>(std::count_if(
      events.begin(), events.end(), [state](const Event& event) { return event.state == state; }));
}

// ---- Cluster ------------------------------------------------------------------------------------

Cluster::Cluster(uint64_t seed, size_t count) : world(seed), seeds(seed), nodes(count) {
  for (size_t i = 0; i < count; ++i) boot(i, 1, i);
  for (auto& node : nodes) {
    for (size_t i = 0; i < count; ++i) {
      node->membership().learn({.id = id_of(i).value(),
                                .endpoint = endpoint_of(i).value(),
                                .state = MemberState::kAlive,
                                .incarnation = {.generation = 1, .refutations = 0}});
    }
  }
  world.run(std::chrono::seconds(5));
  for (auto& node : nodes) node->events.clear();
}

void Cluster::boot(size_t index, uint64_t generation, size_t contact) {
  nodes[index] = std::make_unique<Node>(world,
                                        Self{.id = id_of(index),
                                             .endpoint = endpoint_of(index),
                                             .generation = generation,
                                             .cluster_name = "test"},
                                        options, seeds.next());
  Membership& membership = nodes[index]->membership();
  if (contact != index) {
    for (const auto& update : nodes[contact]->membership().updates()) membership.learn(update);
  }
  membership.start(kCluster);
}

void Cluster::kill(size_t index) { nodes[index].reset(); }

void Cluster::split(size_t border) {
  for (size_t low = 0; low < border; ++low) {
    for (size_t high = border; high < nodes.size(); ++high) {
      world.fabric.cut(endpoint_of(low), endpoint_of(high));
      world.fabric.cut(endpoint_of(high), endpoint_of(low));
    }
  }
}

size_t Cluster::count_believing(size_t about, MemberState state) const {
  return static_cast<size_t>(
      std::count_if(nodes.begin(), nodes.end(), [about, state](const auto& node) {
        return node != nullptr && node->state_of(about) == state;
      }));
}

bool Cluster::is_one_view() const {
  std::vector<std::string> views;
  for (const auto& node : nodes) {
    if (node == nullptr) continue;
    std::string view;
    for (const auto& [id, member] : node->membership().members()) {
      if (member.state == MemberState::kSuspect) return false;
      view += id.value() + "/" + std::to_string(static_cast<int>(member.state)) + "/" +
              std::to_string(member.incarnation.refutations) + " ";
    }
    views.push_back(std::move(view));
  }
  return std::adjacent_find(views.begin(), views.end(), std::not_equal_to<>()) == views.end();
}

size_t Cluster::deaths() const {
  size_t all = 0;
  for (const auto& node : nodes) {
    if (node != nullptr) all += node->count(MemberState::kDead);
  }
  return all;
}

}  // namespace distkv::membership::test
