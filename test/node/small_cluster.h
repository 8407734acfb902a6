// Nodes over LSM engines on simulated disks and a network that loses nothing, under one clock.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/node.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"
#include "wire/frame.h"

namespace distkv::node::test {

class SmallCluster;

// One machine: a disk, an engine, a node, and its end of the network.
class Machine : public wire::Network {
 public:
  Machine(SmallCluster& cluster, size_t number, const Config& config);
  ~Machine() override;

  // The test fails if the node cannot start.
  void start();
  // Why the node did not start, in the end.
  std::string start_in_vain();
  // Ends in order, which may take a while of the cluster's time.
  void stop();
  void crash();
  bool is_up() const { return node_ != nullptr; }
  // Stands still, as a stopped process does: what is sent to it waits until it goes on.
  void pause() { is_paused_ = true; }
  void go_on() { is_paused_ = false; }
  Node& node() { return *node_; }
  storage::lsm::LsmEngine& engine() { return *engine_; }
  const base::Endpoint& endpoint() const { return config_.endpoint; }
  // What it is told of itself from its next start on.
  Config& config() { return config_; }
  const std::vector<std::string>& log() const { return host_.log.lines; }
  bool has_logged(const std::string& event) const;
  // Lets everything due now happen, and moves the clock by a millisecond or a little more.
  void run();
  // Everything in memory goes to a table of its own.
  void flush();
  // Flips a bit at so many tenths of the newest, or `age`-th newest, table of the space.
  void damage(storage::Space space, size_t age, size_t tenths);
  // "meta|value" as the store holds it, "(absent)", or the failure's name.
  std::string stored(const std::string& key);

  void send_datagram(const base::Endpoint& to, std::string_view packet) override;
  base::Status send(const base::Endpoint& to, std::string_view frame) override;
  void reply(base::ConnectionId to, std::string_view frame) override;
  void close(base::ConnectionId) override {}

  storage::io::test::SimFileSystem disk;

 private:
  void start(std::function<void(const base::Status&)> started);

  SmallCluster& cluster_;
  Config config_;
  storage::test::LsmHost host_;
  std::unique_ptr<storage::lsm::LsmEngine> engine_;
  std::unique_ptr<base::Timers> timers_;
  std::unique_ptr<Node> node_;
  std::map<base::Endpoint, uint64_t> greeted_;  // Peers, and the life in which they were.
  uint64_t life_ = 0;
  bool is_paused_ = false;

  friend class SmallCluster;
};

class SmallCluster {
 public:
  // Formed and settled, its hash trees built: no survey flushes a memtable while a test lays out
  // tables.
  explicit SmallCluster(size_t machines, uint32_t replicas = 3,
                        const replica::HintLimits& hints = {},
                        base::Duration tombstone_grace = std::chrono::hours(24));

  Machine& operator[](size_t number) { return *machines_[number]; }
  size_t size() const { return machines_.size(); }
  void run(base::Duration duration);
  // False: it did not happen within `max`.
  bool run_until(const std::function<bool()>& condition, base::Duration max);

  // Through the node of this number; "ok" or the code's name.
  std::string put(size_t through, const std::string& key, const std::string& value,
                  bool is_delete = false);
  std::string put(size_t through, const std::string& key, const std::string& value,
                  const std::string& context);
  // The value, "(absent)", or the code's name.
  std::string get(size_t through, const std::string& key, wire::Consistency consistency);
  std::string context_of(size_t through, const std::string& key);
  uint32_t sibling_count(size_t through, const std::string& key);
  std::string storage_state(size_t of);
  // How much of the cluster's time `act` took.
  base::Duration time_of(const std::function<void()>& act) {
    const base::MonotonicTime start = machines_[0]->host_.clock.now();
    act();
    return machines_[0]->host_.clock.now() - start;
  }

 private:
  friend class Machine;
  struct Delivery {
    size_t to = 0;
    std::function<void()> run;
  };
  void post(size_t to, std::function<void()> delivery) {
    in_flight_.push_back({to, std::move(delivery)});
  }
  void deliver();
  std::string put(size_t through, wire::PutRequest request);
  void read(size_t through, const std::string& key,
            const std::function<void(const wire::GetReply&)>& take);
  Machine* find(const base::Endpoint& endpoint);

  std::vector<std::unique_ptr<Machine>> machines_;
  std::deque<Delivery> in_flight_;
  uint64_t last_op_ = 0;
};

}  // namespace distkv::node::test
