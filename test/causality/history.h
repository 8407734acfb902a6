// A random history of one key: replicas that mint, merge and are wiped, clients that read, write
// with what they know, write blindly and repeat writes whose receipt was lost. Beside each record
// and token stands the oracle's: an explicit set of dots. The same seed makes the same history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/rng.h"
#include "causality/record.h"

namespace distkv::causality {

using DotSet = std::set<Dot>;

// A record and what it must mean.
struct Sample {
  Record record;
  DotSet seen;
  DotSet live;
};

class History {
 public:
  explicit History(uint64_t seed);

  // One random event, checked against the oracle.
  void step();
  // Every record any replica ever held, in order; all reachable by construction.
  const std::vector<Sample>& samples() const { return samples_; }

  // The oracle's merge, on sets alone.
  static Sample merge_of(const Sample& a, const Sample& b);
  // Fails the test unless record and sets agree on every dot ever minted, the record is what its
  // bytes decode to, and P3 and P4 hold.
  void check(const Sample& sample) const;
  // Tells apart a run that tested something from one that did not.
  size_t siblings_most() const { return siblings_most_; }
  size_t twins_met() const { return twins_met_; }
  size_t lone_spans_met() const { return lone_spans_met_; }

 private:
  struct Replica {
    base::ActorId actor;
    Sample state;
  };
  // `seen` is what the token must cover; `read` the versions whose values the client met.
  struct Knowledge {
    Context token;
    DotSet seen;
    DotSet read;
  };
  struct Client {
    Knowledge known;
    std::optional<base::OpId> unanswered;  // A put to repeat, with `asked` as its context.
    std::optional<Knowledge> asked;        // Null: blind.
  };
  struct Mint {
    base::OpId op_id;
    DotSet read;     // What the writer had met, or the replica held, when it was minted.
    DotSet covered;  // What its put context covers; the replica's whole past for a blind put.
  };

  void put_somewhere();
  void read_somewhere();
  void merge_somewhere();
  void share_knowledge();
  void wipe_somewhere();

  Dot next_dot(const Replica& replica);
  void expect_put(Sample& state, const Dot& dot, Client& client, const PutOutcome& outcome,
                  bool is_answered);
  void expect_repeat(const Sample& state, Client& client, const PutOutcome& outcome,
                     bool is_answered);
  DotSet twins_in(const DotSet& dots, const Dot& dot) const;
  DotSet past_of(const Dot& dot) const;
  void check_token(const Knowledge& known) const;
  void check_nothing_lost(const Sample& sample) const;
  void check_nothing_doubled(const Sample& sample) const;
  void keep(const Sample& sample);

  base::Rng rng_;
  uint64_t now_ = 1000;
  uint64_t actors_made_ = 0;
  std::vector<Replica> replicas_;
  std::vector<Client> clients_;
  std::map<Dot, Mint> minted_;
  std::vector<Sample> samples_;
  size_t siblings_most_ = 0;
  size_t twins_met_ = 0;
  size_t lone_spans_met_ = 0;
};

}  // namespace distkv::causality
