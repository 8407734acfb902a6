// Judging single answers: reads and receipts.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "sim/checks.h"

namespace distkv::sim {

namespace {

// Operations alive in what a read has seen, with the greatest dot of each.
struct Expected {
  std::map<base::OpId, causality::Dot> certain;
  // They expire, a put joined them, or their only replica lost them or all have taken them away,
  // perhaps since it was read.
  std::map<base::OpId, causality::Dot> possible;
};

// `gone`: before the read began. What went since then a replica may have answered before it went.
Expected expected_of(const KeyTruth& key, const DotSet& seen, const DotSet& gone) {
  Expected expected;
  DotSet alive = seen - key.superseded(seen);
  alive.remove(gone);
  const DotSet going = key.gone();
  const DotSet joined = key.joined(seen);
  for (const size_t place : alive.places()) {
    const Mint& mint = key.mint(place);
    if (mint.is_tombstone) continue;
    const bool is_possible =
        mint.expires || joined.has(place) || mint.is_phantom() || going.has(place);
    auto& operations = is_possible ? expected.possible : expected.certain;
    const auto [known, is_new] = operations.emplace(mint.op_id, mint.dot);
    if (!is_new && is_newer(mint.dot, known->second)) known->second = mint.dot;
  }
  for (const auto& [op_id, dot] : expected.certain) expected.possible.erase(op_id);
  return expected;
}

class ReadJudge {
 public:
  ReadJudge(const Truth& truth, const ReadAnswer& answer, Violations& violations)
      : truth_(truth), answer_(answer), violations_(violations) {
    const KeyTruth* key = truth_.find(answer_.key);
    if (key != nullptr) expected_ = expected_of(*key, answer_.seen, answer_.gone);
  }

  void judge() {
    for (const std::string& value : answer_.values) judge_value(value);
    judge_counts();
    if (answer_.wants_siblings) {
      judge_completeness();
    } else {
      judge_choice();
    }
  }

 private:
  void complain(std::string_view property, const std::string& details) {
    violations_.push_back({std::string(property), answer_.where + ": " + details});
  }
  static std::string name(const base::OpId& op_id) {
    return "op " + op_id.value().to_hex().substr(0, 8);
  }

  void judge_value(const std::string& value) {
    const base::OpId* writer = truth_.writer_of(value);
    if (writer == nullptr) return complain("P0", "a value that no client ever wrote");
    const WriteIntent* intent = truth_.intent(*writer);
    const KeyTruth* key = truth_.find(answer_.key);
    // A retry that came after the collection is a write of its own.
    const DotSet dots = key == nullptr ? DotSet{} : key->of_operation(*writer);
    if (!dots.is_empty() && (dots - answer_.gone).is_empty()) {
      complain("P2", "the value of " + name(*writer) + ", which was superseded and collected");
    }
    if (intent->key != answer_.key) {
      return complain("P0", "the value of " + name(*writer) + ", put to key " + intent->key);
    }
    if (!returned_.insert(*writer).second) complain("P4", name(*writer) + " is there twice");
    if (expected_.certain.count(*writer) == 0 && expected_.possible.count(*writer) == 0) {
      complain("P3", "the value of " + name(*writer) +
                         ", which its context does not hold or holds as superseded");
    }
  }

  void judge_counts() {
    const size_t certain = expected_.certain.size();
    const size_t possible = certain + expected_.possible.size();
    if (answer_.sibling_count < certain || answer_.sibling_count > possible) {
      complain("P4", std::to_string(answer_.sibling_count) + " siblings are counted, " +
                         std::to_string(certain) + " to " + std::to_string(possible) +
                         " are alive");
    }
    const size_t wanted =
        answer_.wants_siblings ? answer_.sibling_count : std::min<size_t>(1, answer_.sibling_count);
    if (answer_.values.size() != wanted) {
      complain("P4", std::to_string(answer_.values.size()) + " values are returned, of " +
                         std::to_string(answer_.sibling_count) + " siblings");
    }
  }

  void judge_completeness() {
    for (const auto& [op_id, dot] : expected_.certain) {
      if (returned_.count(op_id) == 0) {
        complain("P3", name(op_id) + " is covered and not superseded, but is not returned");
      }
    }
  }

  // A plain read answers the greatest (counter, actor) among the living.
  void judge_choice() {
    if (returned_.size() != 1 || !expected_.possible.empty()) return;
    const base::OpId& chosen = *returned_.begin();
    if (expected_.certain.count(chosen) == 0) return;
    for (const auto& [op_id, dot] : expected_.certain) {
      if (is_newer(dot, expected_.certain.at(chosen))) {
        complain("P4", name(chosen) + " is returned although " + name(op_id) + " is newer");
      }
    }
  }

  const Truth& truth_;
  const ReadAnswer& answer_;
  Violations& violations_;
  Expected expected_;
  std::set<base::OpId> returned_;
};

}  // namespace

void check_read(const Truth& truth, const ReadAnswer& answer, Violations& violations) {
  ReadJudge(truth, answer, violations).judge();
}

void check_receipt(const Truth& truth, const PutAnswer& answer, Violations& violations) {
  const KeyTruth* key = truth.find(answer.key);
  const DotSet own = key == nullptr ? DotSet{} : key->of_operation(answer.op_id);
  const bool covers_own = !(own - (own - answer.seen)).is_empty();
  if (!covers_own) {
    violations.push_back({"P8", answer.where + ": the receipt does not cover its own write"});
    return;
  }
  DotSet known = answer.context;
  known.merge(own);
  // The client knows an operation, under whichever of its dots.
  for (const size_t place : DotSet(known).places()) {
    known.merge(key->of_operation(key->mint(place).op_id));
  }
  known.merge(key->superseded(answer.seen));
  known.merge(key->joined(answer.seen));
  DotSet unknown = answer.seen - known;
  unknown.remove(key->phantoms(unknown));
  unknown.remove(key->gone());
  if (unknown.is_empty()) return;
  violations.push_back({"P3", answer.where + ": the receipt covers what its client never saw: " +
                                  describe(*key, unknown)});
}

}  // namespace distkv::sim
