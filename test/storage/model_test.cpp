// Random operations on every engine against a plain ordered map: the same seed must give the same
// transcript everywhere. Updates, gets and drops run on without waiting for one another; scans and
// snapshots come when all is settled, since how much of what is under way they see is not promised.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "storage/rigs.h"

namespace distkv::storage::test {
namespace {

constexpr int kOperations = 400;
constexpr uint64_t kSeeds = 12;

using Place = std::tuple<Space, uint64_t, std::string>;
using Model = std::map<Place, std::string>;

struct Operation {
  enum Kind {
    kAppend,
    kErase,
    kKeep,
    kBatch,
    kGet,
    kScan,
    kSnapshot,
    kForget,
    kDrop,
    kSettle
  } kind;
  Place place;
  uint64_t token_last = 0;
  size_t items_max = 1;
  bool uses_snapshot = false;
  Durability durability = Durability::kGroup;
};

// Few tokens and few keys, so that they collide; tokens at both ends of the ring.
Place random_place(base::Rng& rng) {
  static constexpr uint64_t kTokens[] = {0,          1,         1ull << 54, (1ull << 54) + 1,
                                         1ull << 63, UINT64_MAX};
  return {static_cast<Space>(rng.between(1, 2)), kTokens[rng.below(6)],
          std::string(rng.below(3), 'k')};
}

std::vector<Operation> random_operations(uint64_t seed) {
  static constexpr Operation::Kind kKinds[] = {
      Operation::kAppend, Operation::kAppend, Operation::kAppend, Operation::kAppend,
      Operation::kErase,  Operation::kErase,  Operation::kKeep,   Operation::kKeep,
      Operation::kBatch,  Operation::kGet,    Operation::kGet,    Operation::kScan,
      Operation::kScan,   Operation::kDrop,   Operation::kSettle, Operation::kSnapshot};
  base::Rng rng(seed);
  std::vector<Operation> operations;
  for (int i = 0; i < kOperations; ++i) {
    Operation operation{kKinds[rng.below(std::size(kKinds))], random_place(rng)};
    if (operation.kind == Operation::kSnapshot && rng.chance(0.3))
      operation.kind = Operation::kForget;
    // A snapshot is of one space; scans stay in it.
    if (operation.kind == Operation::kScan || operation.kind == Operation::kSnapshot) {
      std::get<0>(operation.place) = Space::kData;
    }
    operation.token_last = std::get<1>(random_place(rng));
    operation.items_max = rng.between(1, 5);
    operation.uses_snapshot = rng.chance(0.5);
    operation.durability = rng.chance(0.3) ? Durability::kMemory : Durability::kGroup;
    operations.push_back(operation);
  }
  return operations;
}

// Gives each operation's answer its own line, whenever it comes.
class Transcript {
 public:
  explicit Transcript(size_t size) : lines_(size) {}
  void say(size_t at, const std::string& text) { lines_[at] += " " + text; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

std::string shown(const EntryView* entry) {
  return entry == nullptr ? "(absent)" : std::string(entry->value);
}

// Long enough that LevelDB writes tables within one run.
std::string tail_of(size_t at) { return std::to_string(at) + std::string(200, '.'); }

class EngineRun {
 public:
  explicit EngineRun(Rig& rig) : rig_(rig), engine_(rig.engine()), transcript_(kOperations) {}

  std::vector<std::string> run(const std::vector<Operation>& operations) {
    for (size_t at = 0; at < operations.size(); ++at) step(at, operations[at]);
    rig_.settle();
    snapshot_.reset();
    rig_.settle();
    return transcript_.lines();
  }

 private:
  void update(size_t at, const Operation& operation) {
    const auto& [space, token, key] = operation.place;
    auto decide = [this, at, kind = operation.kind](const EntryView* current) {
      transcript_.say(at, shown(current));
      if (kind == Operation::kKeep) return Decision{};
      if (kind == Operation::kErase) return Decision{Decision::Action::kErase, {}};
      const std::string before(current == nullptr ? "" : current->value.substr(0, 600));
      return Decision{Decision::Action::kPut, entry_of(before + tail_of(at))};
    };
    engine_.update({.key = key_at(token, key, space),
                    .durability = operation.durability,
                    .decide = decide,
                    .visible = {},
                    .durable = answer(at)});
  }

  Done answer(size_t at) {
    return [this, at](const base::Status& status) { transcript_.say(at, status.to_string()); };
  }

  void step(size_t at, const Operation& operation) {
    const auto& [space, token, key] = operation.place;
    const Range range{space, base::Token{token}, base::Token{operation.token_last}};
    switch (operation.kind) {
      case Operation::kAppend:
      case Operation::kErase:
      case Operation::kKeep:
        return update(at, operation);
      case Operation::kBatch:
        return engine_.write({{space, base::Token{token}, key, entry_of(tail_of(at))},
                              {space, base::Token{token}, key + "b", std::nullopt}},
                             operation.durability, answer(at));
      case Operation::kDrop:
        return engine_.drop_range(range, answer(at));
      case Operation::kGet:
        return engine_.get(key_at(token, key, space), Part::kAll,
                           [this, at](const auto& found) { transcript_.say(at, text_of(found)); });
      case Operation::kScan: {
        rig_.settle();
        Scan scan;
        scan.range = range;
        scan.items_max = operation.items_max;
        if (operation.uses_snapshot) scan.snapshot = snapshot_.get();
        return transcript_.say(at, scan_text(rig_, scan));
      }
      case Operation::kSnapshot:
        rig_.settle();
        snapshot_ = engine_.take_snapshot({space});
        return;
      case Operation::kForget:
        snapshot_.reset();
        return;
      case Operation::kSettle:
        return rig_.settle();
    }
  }

  Rig& rig_;
  Engine& engine_;
  Transcript transcript_;
  std::unique_ptr<Snapshot> snapshot_;
};

// What the operations mean, without an engine.
class ModelRun {
 public:
  std::vector<std::string> run(const std::vector<Operation>& operations) {
    for (size_t at = 0; at < operations.size(); ++at) step(at, operations[at]);
    return transcript_.lines();
  }

 private:
  void update(size_t at, const Operation& operation) {
    const auto found = now_.find(operation.place);
    const std::string before = found == now_.end() ? "" : found->second;
    transcript_.say(at, found == now_.end() ? "(absent)" : before);
    if (operation.kind == Operation::kErase) now_.erase(operation.place);
    if (operation.kind == Operation::kAppend) {
      now_[operation.place] = before.substr(0, 600) + tail_of(at);
    }
    transcript_.say(at, "ok");
  }

  std::string scan(const Operation& operation) const {
    const auto& [space, token, key] = operation.place;
    const Model& seen = operation.uses_snapshot && snapshot_ ? *snapshot_ : now_;
    std::string text;
    size_t items = 0;
    for (const auto& [place, value] : seen) {
      const auto& [at_space, at_token, at_key] = place;
      if (at_space != space || at_token < token || at_token > operation.token_last) continue;
      if (items++ == operation.items_max) return text + "more";
      text += std::to_string(at_token) + "/" + at_key + "=" + value + " ";
    }
    return text + "end";
  }

  void drop(const Operation& operation) {
    const auto& [space, token, key] = operation.place;
    std::erase_if(now_, [&, first = token, of = space](const auto& item) {
      const uint64_t at = std::get<1>(item.first);
      return std::get<0>(item.first) == of && first <= at && at <= operation.token_last;
    });
  }

  void step(size_t at, const Operation& operation) {
    const auto& [space, token, key] = operation.place;
    switch (operation.kind) {
      case Operation::kAppend:
      case Operation::kErase:
      case Operation::kKeep:
        return update(at, operation);
      case Operation::kBatch:
        now_[operation.place] = tail_of(at);
        now_.erase({space, token, key + "b"});
        return transcript_.say(at, "ok");
      case Operation::kDrop:
        drop(operation);
        return transcript_.say(at, "ok");
      case Operation::kGet: {
        const auto found = now_.find(operation.place);
        return transcript_.say(at, found == now_.end() ? "(absent)" : found->second);
      }
      case Operation::kScan:
        return transcript_.say(at, scan(operation));
      case Operation::kSnapshot:
        snapshot_ = now_;
        return;
      case Operation::kForget:
        snapshot_.reset();
        return;
      case Operation::kSettle:
        return;
    }
  }

  Model now_;
  std::optional<Model> snapshot_;
  Transcript transcript_{kOperations};
};

TEST_SUITE_BEGIN("storage");

TEST_CASE("random operations give the answers of a plain ordered map on every engine") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto operations = random_operations(seed);
    const auto expected = ModelRun().run(operations);
    for (const RigKind& kind : rig_kinds()) {
      CAPTURE(seed);  // Replay: give kSeeds' loop this seed alone.
      CAPTURE(kind.name);
      const auto rig = kind.make(seed);
      const auto lines = EngineRun(*rig).run(operations);
      for (size_t at = 0; at < lines.size(); ++at) {
        CAPTURE(at);
        REQUIRE(lines[at] == expected[at]);
      }
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::test
