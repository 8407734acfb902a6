// Builds small truths by hand for the checkers' tests: writes of one key, named by a letter, each
// minted by the actor of its replica.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>

#include "causality/record.h"
#include "sim/checks.h"
#include "sim/replica_watch.h"

namespace distkv::sim {

inline constexpr char kFixtureKey[] = "key";

class OracleFixture {
 public:
  static base::OpId op_id(char name) { return base::OpId({0, static_cast<uint64_t>(name)}); }
  static causality::Dot dot(uint64_t actor, uint64_t counter) {
    return {base::ActorId{actor}, base::Counter{counter}};
  }
  static std::string value(char name) { return std::string("value of ") + name; }

  // A client asks for the write. `context`: the writes it knows; nullopt: blind.
  void intend(char name, std::optional<std::string> context = std::nullopt) {
    WriteIntent intent;
    intent.key = kFixtureKey;
    intent.value = value(name);
    if (context) intent.context = set(*context);
    truth.intend(op_id(name), std::move(intent));
  }
  void intend_delete(char name) {
    WriteIntent intent;
    intent.key = kFixtureKey;
    intent.is_delete = true;
    truth.intend(op_id(name), std::move(intent));
  }
  // Puts the write into the truth without any replica.
  void mint(char name, const causality::Dot& minted, const std::string& supersedes = "") {
    Mint mint;
    mint.dot = minted;
    mint.op_id = op_id(name);
    mint.supersedes = set(supersedes);
    places_[name].push_back(truth.key(kFixtureKey).add(std::move(mint)));
  }
  // All dots of the operations named.
  DotSet set(const std::string& names) {
    DotSet set;
    for (const char name : names) set.merge(truth.key(kFixtureKey).of_operation(op_id(name)));
    return set;
  }
  static causality::Version version(char name, const causality::Dot& minted) {
    causality::Version version;
    version.dot = minted;
    version.op_id = op_id(name);
    version.value = value(name);
    return version;
  }
  // What a record with these versions, having seen the given dots of each actor, is stored as.
  static storage::Write write(std::initializer_list<causality::Dot> seen,
                              std::initializer_list<causality::Version> versions) {
    causality::Record record;
    for (const causality::Dot& entry : seen) record.seen.raise(entry);
    record.versions = versions;
    storage::Write write;
    write.key = kFixtureKey;
    write.entry.emplace();
    causality::encode_record(record, write.entry->meta, write.entry->value);
    return write;
  }
  // The properties broken so far, one after another.
  std::string broken() const {
    std::string names;
    for (const Violation& violation : violations) names += violation.property + " ";
    return names;
  }

  Scheduler scheduler;
  Trace trace{scheduler, nullptr};
  Truth truth;
  Violations violations;

 private:
  std::map<char, std::vector<size_t>> places_;
};

}  // namespace distkv::sim
