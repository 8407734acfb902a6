// Legal histories at random: a key on three replicas, each a plain set of what it has seen and a
// map of what is alive, clients that overlap, and everything that may go wrong without breaking a
// promise: refusals, outcomes nobody learns, writes stored late or twice. It shares no code with
// src/causality, and none with the check but the history itself.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "history/history.h"

namespace distkv::history {

class Model {
 public:
  // `has_doubt`: some writes are refused, unknown, late or stored twice; some work at one.
  Model(uint64_t seed, bool has_doubt) : rng_(seed), has_doubt_(has_doubt) {}

  // So many steps of clients that overlap, then, one after another: a put without a context, a put
  // over it, and a last read of all siblings, which are the last three operations.
  History run(int steps);

 private:
  static constexpr uint64_t kReplicas = 3;
  static constexpr uint32_t kClients = 4;

  struct Replica {
    std::set<causality::Dot> seen;
    std::map<causality::Dot, std::string> alive;  // Empty: a tombstone.
  };
  // What is left of an operation: stages run in order, with anything between them.
  struct Client {
    std::vector<std::function<void()>> stages;
    std::vector<size_t> answers;  // Places of the operations it was answered.
  };

  base::MonotonicTime tick() { return base::MonotonicTime(base::Duration(++now_)); }
  uint64_t any_replica() { return rng_.below(kReplicas); }
  uint64_t another(uint64_t replica) {
    return (replica + 1 + rng_.below(kReplicas - 1)) % kReplicas;
  }
  static void merge(Replica& into, const Replica& from);
  static Coverage coverage_of(const std::set<causality::Dot>& dots);

  void step();
  void begin(uint32_t client);
  size_t invoke(uint32_t client, Kind kind);
  void plan_write(uint32_t client, size_t place);
  void plan_doubtful_write(uint32_t client, size_t place);
  void plan_read(uint32_t client, size_t place);
  // Returns what the replica would answer.
  std::set<causality::Dot> mint(size_t place, uint64_t replica);
  void read(size_t place, const std::vector<uint64_t>& replicas);
  void finish(size_t place, Outcome outcome);
  void finish_all(uint32_t client);

  base::Rng rng_;
  bool has_doubt_;
  int64_t now_ = 0;
  uint64_t counter_ = 0;
  Replica replicas_[kReplicas];
  Client clients_[kClients + 1];  // The last one ends the history.
  std::vector<std::function<void()>> late_;
  std::map<size_t, std::set<causality::Dot>> contexts_;  // Of answers, by place.
  History history_;
};

}  // namespace distkv::history
