// Two or more replicas of all partitions over memory engines, each with its hash tree, its survey
// and its anti-entropy, on a network that a test can look into and cut. Messages arrive in order
// and at once; time passes when the test says so.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "membership/membership.h"
#include "repair/anti_entropy.h"
#include "repair/collector.h"
#include "repair/tree_survey.h"
#include "storage/map/map_engine.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::repair::test {

// As the engine in memory, but its pressure is the test's, and pages can be held back.
class RigEngine : public storage::map::MapEngine {
 public:
  double pressure() const override { return pressure_now; }
  void scan(const storage::Scan& scan, storage::ScanDone done) override;

  // Answers only once holds_sync is false again and somebody syncs.
  void sync(storage::Done done) override {
    held_.push_back(std::move(done));
    if (holds_sync) return;
    for (const auto& held : std::exchange(held_, {})) MapEngine::sync(held);
  }

  double pressure_now = 0;
  bool holds_sync = false;
  // Runs before each page is read.
  std::function<void()> before_page;

 private:
  std::vector<storage::Done> held_;
};

// How long the rig's collectors keep what was deleted.
inline constexpr base::Duration kGrace = std::chrono::minutes(10);

class TreeRig;

class RigReplica : public wire::Network, public membership::Listener {
 public:
  RigReplica(TreeRig& rig, size_t number, const ring::LiveLayouts& layouts);

  // Past anti-entropy, as a write that reached this replica alone.
  void put(const std::string& key, const std::string& value, bool is_delete = false);
  // "meta|values" or empty.
  std::string stored(const std::string& key);
  // Merges another replica's record of the key.
  void take(RigReplica& other, const std::string& key);
  // The tree that its store should have.
  std::vector<uint64_t> leaves_of_store();
  std::vector<uint64_t> leaves() const;
  // Builds its whole tree at once.
  void build();
  // Seconds since the partition was proven; -1: never.
  int64_t proof_age(uint32_t partition) const;

  void send_datagram(const base::Endpoint&, std::string_view) override {}
  base::Status send(const base::Endpoint& to, std::string_view frame) override;
  void reply(base::ConnectionId to, std::string_view frame) override;
  void close(base::ConnectionId) override {}
  void on_member_changed(const membership::Member&) override {}
  void on_newer_layout(const membership::Member&) override {}

 private:
  TreeRig& rig_;
  size_t number_;

 public:
  distkv::test::SilentLog log;
  RigEngine engine;
  replica::DotClock dots;
  replica::HashTree tree;
  replica::Holdings holdings;
  replica::LocalReplica local;
  wire::Encoder encoder;
  wire::Rpc rpc;
  std::unique_ptr<membership::Membership> membership;
  std::unique_ptr<replica::Replicas> replicas;
  std::unique_ptr<TreeSurvey> survey;
  std::unique_ptr<AntiEntropy> anti_entropy;
  std::unique_ptr<HorizonAnswers> horizons;
  std::unique_ptr<Collector> collector;

 private:
  friend class TreeRig;
  void on_request(size_t from, const wire::FrameView& frame);
  uint64_t last_op_ = 0;
};

class TreeRig {
 public:
  explicit TreeRig(size_t replicas = 2, uint32_t partitions = 16);

  RigReplica& operator[](size_t number) { return *replicas_[number]; }
  // Lets messages and timers happen for so long.
  void run(base::Duration duration);
  // False: not within `most`.
  bool run_until(const std::function<bool()>& condition,
                 base::Duration most = std::chrono::seconds(60));
  bool are_equal() const;
  // Builds all trees and starts anti-entropy everywhere.
  void start();

  distkv::test::HandClock clock;
  base::Timers timers{clock};
  ring::LiveLayouts layouts;
  std::set<wire::MessageType> lost;  // Kinds of messages that never arrive.
  // False: this one does not either.
  std::function<bool(size_t from, size_t to, wire::MessageType)> on_post;
  std::map<wire::MessageType, uint64_t> counts;
  std::map<wire::MessageType, uint64_t> bytes;
  uint64_t bytes_total() const;
  void forget_traffic();

 private:
  friend class RigReplica;
  void post(size_t from, size_t to, bool is_reply, std::string_view frame);

  std::deque<std::function<void()>> in_flight_;
  std::vector<std::unique_ptr<RigReplica>> replicas_;
};

}  // namespace distkv::repair::test
