// What really happened: every write ever minted, with the explicit set of writes that it
// superseded. The oracle's own account, kept apart from the vectors and dots of src/causality,
// which it judges.
//
// A write supersedes what its client had been shown (the context it passed), or, without a context,
// what the minting replica held at that moment. Nothing else may ever vanish.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "causality/context.h"
#include "sim/dot_set.h"
#include "sim/trace.h"

namespace distkv::sim {

// A broken property, in the numbering of the design's table.
struct Violation {
  std::string property;
  std::string details;
};
using Violations = std::vector<Violation>;

// What a client asked for, known from its invocation on.
struct WriteIntent {
  std::string key;
  std::string value;
  bool is_delete = false;
  bool expires = false;
  std::optional<DotSet> context;  // Nullopt: blind.
};

// One version, at the moment a replica made it.
struct Mint {
  causality::Dot dot;
  base::OpId op_id;
  MachineIndex replica;
  DotSet supersedes;
  // Other dots of operations that this put joined: they may go with it, but where they are met
  // alone they may also stay.
  DotSet joins;
  bool is_tombstone = false;
  bool expires = false;
  // Its client's answer came from a replica that knew the write and not all it superseded: beside
  // siblings that the client never saw, a repeat cannot tell.
  bool has_partial_receipt = false;
  // A client was given an answer that covers it.
  bool was_observed = false;
  // A crash took it from the replica that minted it before it was durable.
  bool was_lost = false;
  // Another replica has stored it.
  bool is_elsewhere = false;

  // Nobody was shown its value: then it may be missing without a trace. What superseded it may be
  // known, and with that the fact that there was something.
  bool is_phantom() const { return was_lost && !is_elsewhere; }
};

// The order of reads: the later clock first, the actor to break ties.
bool is_newer(const causality::Dot& a, const causality::Dot& b);

class KeyTruth {
 public:
  std::optional<size_t> find(const causality::Dot& dot) const;
  size_t add(Mint mint);
  const Mint& mint(size_t place) const { return mints_[place]; }
  Mint& mint(size_t place) { return mints_[place]; }
  size_t size() const { return mints_.size(); }

  // The writes that `context` speaks of.
  DotSet covered(const causality::Context& context) const;
  // What the writes in `seen` superseded.
  DotSet superseded(const DotSet& seen) const;
  // Of these, what a replica must have dropped that knows `seen`, maybe only from what a client
  // had been told.
  DotSet superseded_as_told(const DotSet& seen) const;
  // What they joined.
  DotSet joined(const DotSet& seen) const;
  // What a put joins or takes along beside what its context covers: the other dots, among those
  // alive where it is minted, of operations that were minted more than once by retries.
  DotSet twins(const DotSet& alive, const DotSet& context) const;
  DotSet phantoms(const DotSet& seen) const;
  // Superseded by a write in `seen` that no crash took from everybody: no loss of it can be told.
  bool is_replaced(size_t place, const DotSet& seen) const;
  // All of them.
  DotSet all() const;
  // All dots of one operation.
  DotSet of_operation(const base::OpId& op_id) const;
  // A replica took its record away for good: all of this was settled.
  // What it had not collected there before.
  DotSet collect(MachineIndex replica, const DotSet& seen) {
    DotSet& collected = collected_[replica];
    DotSet newly = seen - collected;
    collected.merge(seen);
    return newly;
  }
  // A crash took it back there.
  void uncollect(MachineIndex replica, const DotSet& seen) {
    collected_[replica] = collected_[replica] - seen;
  }
  // What no replica needs to remember any more: what was collected, and what that superseded.
  DotSet gone() const;
  // The greatest counter this actor ever minted for the key; zero if none.
  base::Counter last_counter(base::ActorId actor) const;

 private:
  void add_run(const causality::Dot& first, const causality::Dot& last, DotSet& covered) const;

  std::vector<Mint> mints_;
  std::map<causality::Dot, size_t> places_;
  std::map<base::OpId, DotSet> operations_;
  std::map<MachineIndex, DotSet> collected_;
};

// All keys, and what clients asked for.
class Truth {
 public:
  void intend(const base::OpId& op_id, WriteIntent intent);
  const WriteIntent* intent(const base::OpId& op_id) const;
  // The operation that wrote `value`; null if no client ever did. Values are unique.
  const base::OpId* writer_of(const std::string& value) const;
  KeyTruth& key(const std::string& key) { return keys_[key]; }
  const KeyTruth* find(const std::string& key) const;

 private:
  std::map<base::OpId, WriteIntent> intents_;
  std::map<std::string, base::OpId> writers_;
  std::map<std::string, KeyTruth> keys_;
};

// "op 3f2a…(n2:1700000000000.4)" for every write in the set.
std::string describe(const KeyTruth& truth, const DotSet& writes);

}  // namespace distkv::sim
