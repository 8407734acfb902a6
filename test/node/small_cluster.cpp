#include "node/small_cluster.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "ring/token.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::node::test {

using base::Endpoint;
using base::Status;

namespace {

constexpr const char* kDirectory = "/store";

// Which machine's connection it is, and to whom: the same number at both ends.
base::ConnectionId connection_of(size_t from, size_t to) {
  return base::ConnectionId{from * 100 + to + 1};
}

void hand_over(const std::string& frame, const std::function<void(const wire::FrameView&)>& take) {
  wire::FrameReader reader(wire::kPeerFrameBytesMax);
  const Status fed = reader.feed(frame, [&](const wire::FrameView& view) {
    take(view);
    return true;
  });
  REQUIRE(fed.is_ok());
}

Config config_of(size_t number, uint32_t replicas, const replica::HintLimits& hints) {
  Config config;
  config.node_id = base::NodeId{"node" + std::to_string(number)};
  config.endpoint = Endpoint{"localhost:" + std::to_string(number + 1)};
  config.partitions = 16;
  config.replicas = replicas;
  config.engine_name = "lsm";
  config.hints = hints;
  if (number > 0) config.seeds = {Endpoint{"localhost:1"}};
  return config;
}

size_t number_of(const Endpoint& endpoint) {
  return std::stoul(endpoint.value().substr(endpoint.value().find(':') + 1)) - 1;
}

}  // namespace

Machine::Machine(SmallCluster& cluster, size_t number, const Config& config)
    : disk(number + 1), cluster_(cluster), config_(config), host_(number + 1, true, &disk) {
  storage::lsm::Options& options = host_.options;
  options.memtable_bytes = 1 << 20;
  options.segment_bytes = 256 << 10;
  options.cache_bytes = 0;
  options.table_bytes = 1 << 20;
  options.table = {};
  options.table.block_bytes = 300;
  options.picker = {};
  options.ballast_bytes = 64 << 10;
}

Machine::~Machine() { crash(); }

void Machine::start() {
  start([](const Status& status) { REQUIRE(status.to_string() == "ok"); });
}

std::string Machine::start_in_vain() {
  std::optional<Status> answer;
  start([&answer](const Status& status) { answer = status; });
  REQUIRE(cluster_.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
  REQUIRE_FALSE(answer->is_ok());
  crash();
  return answer->message();
}

void Machine::start(std::function<void(const Status&)> started) {
  ++life_;
  engine_ = host_.open(kDirectory);
  timers_ = std::make_unique<base::Timers>(host_.clock);
  node_ = std::make_unique<Node>(config_, Host{*this, *engine_, *timers_, host_.clock, host_.log},
                                 100 * life_ + number_of(config_.endpoint));
  node_->start(std::move(started));
}

void Machine::crash() {
  host_.forget();
  node_.reset();
  timers_.reset();
  engine_.reset();
  greeted_.clear();
}

void Machine::stop() {
  bool is_over = false;
  node_->stop([&](const Status& stopped) {
    REQUIRE(stopped.is_ok());
    engine_->close([&](const Status& closed) {
      REQUIRE(closed.is_ok());
      is_over = true;
    });
  });
  REQUIRE(cluster_.run_until([&] { return is_over; }, std::chrono::seconds(60)));
  crash();
}

bool Machine::has_logged(const std::string& event) const {
  return std::any_of(log().begin(), log().end(), [&](const std::string& line) {
    return line.find("event=" + event) != std::string::npos;
  });
}

void Machine::run() {
  host_.clock.time += std::chrono::milliseconds(1);
  host_.clock.wall += std::chrono::milliseconds(1);
  if (!is_up() || is_paused_) return;
  while (host_.step()) continue;
  timers_->run_due();
}

void Machine::flush() {
  (void)engine_->take_snapshot({});
  cluster_.run(std::chrono::milliseconds(50));
}

void Machine::damage(storage::Space space, size_t age, size_t tenths) {
  const auto& runs = engine_->maintenance().state().spaces[storage::lsm::index_of(space)];
  REQUIRE(age < runs.size());
  const std::string path =
      std::string(kDirectory) + "/" + storage::lsm::table_name(runs[age].tables.front().file);
  disk.corrupt(path, disk.contents(path).size() * tenths / 10, 1);
}

std::string Machine::stored(const std::string& key) {
  // Shared: what is not durable yet is answered later.
  const auto text = std::make_shared<std::string>("(no answer)");
  engine_->get({storage::Space::kData, ring::token_of(key), key}, storage::Part::kAll,
               [text](const auto& found) {
                 *text = !found.is_ok() ? std::string(name_of(found.code()))
                         : found->has_value()
                             ? std::string((**found).meta) + "|" + std::string((**found).value)
                             : "(absent)";
               });
  return *text;
}

void Machine::send_datagram(const Endpoint& to, std::string_view packet) {
  cluster_.post(number_of(to), [this, to, packet = std::string(packet)] {
    Machine* peer = cluster_.find(to);
    if (peer != nullptr) peer->node().on_datagram(endpoint(), packet);
  });
}

Status Machine::send(const Endpoint& to, std::string_view frame) {
  Machine* target = cluster_.find(to);
  if (target == nullptr) {
    cluster_.post(number_of(endpoint()), [this, to] {
      if (is_up()) node_->on_peer_lost(to);
    });
    return Status::ok();
  }
  std::vector<std::string> frames{std::string(frame)};
  if (std::exchange(greeted_[to], target->life_) != target->life_) {
    frames.insert(frames.begin(), node_->greeting());
  }
  const base::ConnectionId connection = connection_of(number_of(endpoint()), number_of(to));
  for (std::string& one : frames) {
    cluster_.post(number_of(to), [this, to, connection, one = std::move(one)] {
      Machine* peer = cluster_.find(to);
      if (peer == nullptr) {
        if (is_up()) node_->on_peer_lost(to);
        return;
      }
      hand_over(one, [&](const wire::FrameView& view) {
        const wire::FrameHeader header{view.type, view.request_id, wire::size_of(view), 0};
        if (!peer->node().on_header(connection, header)) return;
        peer->node().arrived(connection);
        peer->node().on_request(connection, view);
      });
    });
  }
  return Status::ok();
}

void Machine::reply(base::ConnectionId to, std::string_view frame) {
  cluster_.post((to.value() - 1) / 100, [this, to, frame = std::string(frame)] {
    Machine& asker = cluster_[(to.value() - 1) / 100];
    if (!asker.is_up()) return;
    hand_over(frame, [&](const wire::FrameView& view) { asker.node().on_reply(endpoint(), view); });
  });
}

SmallCluster::SmallCluster(size_t machines, uint32_t replicas, const replica::HintLimits& hints,
                           base::Duration tombstone_grace) {
  for (size_t i = 0; i < machines; ++i) {
    Config config = config_of(i, replicas, hints);
    config.tombstone_grace = tombstone_grace;
    machines_.push_back(std::make_unique<Machine>(*this, i, std::move(config)));
  }
  for (const auto& machine : machines_) {
    machine->start();
    REQUIRE(run_until([&] { return machine->node().is_serving(); }, std::chrono::seconds(60)));
  }
  const auto is_formed = [this] {
    return std::all_of(machines_.begin(), machines_.end(), [this](const auto& machine) {
      const ring::LiveLayouts& layouts = machine->node().layouts();
      return layouts.is_settled() && layouts.current->nodes.size() == machines_.size() &&
             machine->node().hash_tree().is_ready(0, replica::kLeaves - 1);
    });
  };
  REQUIRE(run_until(is_formed, std::chrono::seconds(60)));
}

Machine* SmallCluster::find(const Endpoint& endpoint) {
  Machine& machine = *machines_[number_of(endpoint)];
  return machine.is_up() ? &machine : nullptr;
}

void SmallCluster::run(base::Duration duration) {
  (void)run_until([] { return false; }, duration);
}

bool SmallCluster::run_until(const std::function<bool()>& condition, base::Duration max) {
  for (base::Duration past{}; past < max; past += std::chrono::milliseconds(1)) {
    if (condition()) return true;
    for (const auto& machine : machines_) machine->run();
    deliver();
  }
  return condition();
}

void SmallCluster::deliver() {
  std::deque<Delivery> waiting;
  while (!in_flight_.empty()) {
    Delivery next = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (machines_[next.to]->is_paused_) {
      waiting.push_back(std::move(next));
    } else {
      next.run();
    }
  }
  in_flight_ = std::move(waiting);
}

std::string SmallCluster::put(size_t through, const std::string& key, const std::string& value,
                              bool is_delete) {
  return put(through, {.key = key, .value = value, .is_delete = is_delete});
}

std::string SmallCluster::put(size_t through, const std::string& key, const std::string& value,
                              const std::string& context) {
  return put(through, {.key = key, .value = value, .context = context});
}

std::string SmallCluster::put(size_t through, wire::PutRequest request) {
  request.op_id = base::OpId{base::Id128{1, ++last_op_}};
  std::optional<std::string> text;
  machines_[through]->node().put(
      request, [&text](const wire::PutReply& reply) { text = std::string(name_of(reply.code)); });
  REQUIRE(run_until([&] { return text.has_value(); }, std::chrono::seconds(10)));
  return *text;
}

std::string SmallCluster::get(size_t through, const std::string& key,
                              wire::Consistency consistency) {
  wire::GetRequest request;
  request.key = key;
  request.consistency = consistency;
  std::optional<std::string> text;
  machines_[through]->node().get(request, [&text](const wire::GetReply& reply) {
    text = reply.code != base::Code::kOk ? std::string(name_of(reply.code))
           : reply.sibling_count == 0    ? "(absent)"
                                         : std::string(reply.values.front());
  });
  REQUIRE(run_until([&] { return text.has_value(); }, std::chrono::seconds(10)));
  return *text;
}

void SmallCluster::read(size_t through, const std::string& key,
                        const std::function<void(const wire::GetReply&)>& take) {
  bool is_answered = false;
  machines_[through]->node().get({.key = key, .wants_siblings = true},
                                 [&](const wire::GetReply& reply) {
                                   is_answered = true;
                                   take(reply);
                                 });
  REQUIRE(run_until([&] { return is_answered; }, std::chrono::seconds(10)));
}

std::string SmallCluster::context_of(size_t through, const std::string& key) {
  std::string context;
  read(through, key, [&](const wire::GetReply& reply) { context = std::string(reply.context); });
  return context;
}

uint32_t SmallCluster::sibling_count(size_t through, const std::string& key) {
  uint32_t count = 0;
  read(through, key, [&](const wire::GetReply& reply) { count = reply.sibling_count; });
  return count;
}

std::string SmallCluster::storage_state(size_t of) {
  std::string state;
  machines_[of]->node().status(
      [&state](const wire::StatusReply& reply) { state = std::string(reply.storage_state); });
  return state;
}

}  // namespace distkv::node::test
