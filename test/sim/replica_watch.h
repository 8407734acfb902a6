// Follows every record on every replica's disk and judges each change of it:
//   P3  a version vanishes only if a write that this record has seen superseded it;
//   P4  a version that was superseded is gone;
//   P5  what a record has seen only grows, from what survived the last crash on; what was collected
//       counts as seen;
//   P2  a record is taken away only when nothing of it is alive and all its replicas hold that.
// It also is where writes enter the truth: the first replica to store a dot minted it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "causality/record.h"
#include "sim/store_account.h"
#include "sim/truth.h"

namespace distkv::sim {

class ReplicaWatch : public DiskObserver {
 public:
  // All outlive this.
  ReplicaWatch(MachineIndex self, Truth& truth, Violations& violations, Trace& trace)
      : self_(self), truth_(truth), violations_(violations), trace_(trace) {}
  // Tells how many replicas hold writes of a key durably, and how many there are. Without it
  // nothing may be taken away.
  struct Replication {
    size_t holders = 0;
    size_t replicas = 0;
  };
  void set_replication(
      std::function<Replication(const std::string& key, const DotSet& writes)> replication) {
    replication_ = std::move(replication);
  }

  void on_write(CommitNumber commit, const storage::Write& write) override;
  void on_durable(CommitNumber through) override;
  void on_lost_after(CommitNumber kept) override;
  void on_wiped() override;
  void on_lost_to_damage(const std::string& key) override;

  // How often a record was taken away.
  uint64_t taken_away() const { return taken_away_; }

  // True if this replica holds durably all these writes of the key, or has lost its disk and is not
  // to be blamed.
  bool is_holder(const std::string& key, const DotSet& writes) const;

 private:
  struct State {
    DotSet seen;
    DotSet alive;
    DotSet collected;  // Of the seen: the record may be gone, or know nothing of it.
  };
  // How to take a change back when a crash loses it.
  struct Change {
    CommitNumber commit;
    std::string key;
    std::optional<State> before;
    std::optional<size_t> minted;
    DotSet seen;
    DotSet collected;  // By taking the record away.
  };

  void complain(std::string_view property, const std::string& key, const std::string& details);
  void take_away(const std::string& key, const State& before);
  std::optional<State> state_to_return_to(const std::string& key);
  void keep(Change change, State after);
  std::optional<size_t> take_mint(const std::string& key, const causality::Record& record,
                                  const State* before);
  void check_mint(const std::string& key, const causality::Version& version);
  void check_repeat(const std::string& key, const causality::Version& version, const State* before);
  void mark_stored(KeyTruth& key, const State& state);
  // Takes the last change back. Null if it minted nothing.
  Mint* undo();
  void note(const std::string& key, const State* before, const State& after);
  void judge(const std::string& key, const State* before, const State& after);

  MachineIndex self_;
  Truth& truth_;
  Violations& violations_;
  Trace& trace_;
  std::function<Replication(const std::string&, const DotSet&)> replication_;
  std::map<std::string, State> states_;
  // Of records lost to damage, until something is written in their place.
  std::map<std::string, State> damaged_;
  std::deque<Change> changes_;
  size_t changes_durable_ = 0;  // The first of them.
  std::map<std::string, DotSet> durable_seen_;
  bool was_wiped_ = false;
  uint64_t taken_away_ = 0;
};

// The rules for one record on its own, also for what a reader was given: what it has seen against
// what it shows alive. Appends what is wrong.
void judge_record(const KeyTruth& truth, const std::string& where, const DotSet& seen,
                  const DotSet& alive, Violations& violations);

}  // namespace distkv::sim
