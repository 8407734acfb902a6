// Carries out a scenario's statements, one after another, each until what it waits for has come. A
// statement that finds something else than it expects ends the run as a broken "scenario".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/scenario.h"
#include "sim/sim_client.h"
#include "sim/sim_network.h"

namespace distkv::sim {

// What a script acts on; all outlive the player.
struct Theatre {
  SimNetwork& network;
  Cluster& cluster;
  const ClientWorld& clients;
  // Lets time pass until the condition holds: true; false if the time has, or the run is over.
  std::function<bool(base::Duration, const std::function<bool()>&)> wait;
  std::function<void(const std::string&)> complain;
};

class ScenarioPlayer {
 public:
  // Adds the clients to the network. `judges`: false leaves out what statements expect, where
  // something was broken on purpose beside the script; the oracle judges all the same.
  ScenarioPlayer(const Theatre& theatre, const Scenario& scenario, bool judges, base::Rng rng);

  // False: it stopped early.
  bool play();
  // Ends every cut, and the client's operations time out by themselves.
  void heal();
  bool is_idle() const;
  bool has_lost_disk() const { return has_lost_disk_; }
  bool has_ended_programs() const { return has_ended_programs_; }

 private:
  struct Actor {
    std::unique_ptr<SimClient> client;
    std::optional<base::Code> outcome;  // Of its last operation; nullopt: under way.
  };

  bool play(const Statement& statement);
  bool operate(const Statement& statement);
  bool finish(const Statement& statement);
  void judge(const Statement& statement, const Actor& actor);
  void judge_read(const Statement& statement, const Operation& read);
  void cut(const Statement& statement);
  bool act_on(const Statement& statement, SimNode& node);
  bool await_down(const Statement& statement, SimNode& node);
  bool await_equal(const Statement& statement);
  bool await_forgotten(const Statement& statement);
  void judge_holding(const Statement& statement);
  bool are_equal() const;
  bool fail(const Statement& statement, const std::string& what);
  std::vector<MachineIndex> machines_of(const std::vector<std::string>& names);
  std::string label_of(const base::OpId& op_id) const;

  Theatre theatre_;
  const Scenario& scenario_;
  bool judges_;
  std::map<std::string, Actor> actors_;
  std::map<std::string, SimClient::Known> kept_;
  std::map<base::OpId, std::string> labels_;      // Of puts, the value as the script calls it.
  std::map<std::string, base::OpId> operations_;  // By the beginning of their values.
  std::vector<Cut> cuts_;
  bool has_lost_disk_ = false;
  bool has_ended_programs_ = false;
};

}  // namespace distkv::sim
