// Random operations on a memtable and on a std::map give the same answers, for tokens that are
// spread, that coincide, and that crowd into one slice.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/rng.h"
#include "storage/lsm/memtable/memtable.h"

namespace distkv::storage::lsm {
namespace {

struct Expected {
  std::string meta;
  std::string value;
  bool is_erased = false;
  uint64_t written = 0;
  uint64_t written_group = 0;
};

using Place = std::pair<uint64_t, std::string>;

// How tokens are drawn.
enum class Spread { kUniform, kCoinciding, kOneSlice, kDense, kMixed };

class Comparison {
 public:
  Comparison(uint64_t seed, Spread spread, uint64_t names)
      : rng_(seed), spread_(spread), names_(names), table_(std::make_shared<ArenaPool>(2)) {}

  void run(size_t operations) {
    for (size_t i = 0; i < operations; ++i) {
      if (rng_.chance(0.6)) put();
      find();
      if (rng_.chance(0.001)) check_rows(draw_place(), rng_.chance(0.5));
    }
    table_.freeze();
    check_rows({0, ""}, false);
    CHECK(table_.keys(Space::kData) == model_.size());
  }

 private:
  uint64_t draw_token() {
    constexpr uint64_t kSlice = 0x1234;  // Of 2^14.
    switch (spread_) {
      case Spread::kUniform:
        return rng_.next();
      case Spread::kCoinciding:
        return rng_.below(2) << 33;
      case Spread::kOneSlice:
        return kSlice << 50 | rng_.next() >> 14;
      case Spread::kDense:
        return kSlice << 50 | rng_.below(1000);
      case Spread::kMixed:
        break;
    }
    return rng_.chance(0.5) ? uint64_t{7} << 60 : uint64_t{7} << 60 | rng_.next() >> 16;
  }

  // The name decides the token most of the time, so that keys are met again.
  Place draw_place() {
    const uint64_t name = rng_.below(names_);
    const auto known = tokens_.try_emplace(name, 0);
    if (known.second) known.first->second = draw_token();
    return {known.first->second, "key" + std::to_string(name)};
  }

  void put() {
    const Place place = draw_place();
    Expected& expected = model_[place];
    const bool was_here = expected.written != 0;
    const auto durability = rng_.chance(0.5) ? Durability::kGroup : Durability::kMemory;
    expected.is_erased = rng_.chance(0.2);
    expected.meta = expected.is_erased ? "" : std::string(rng_.below(20), 'm');
    expected.value = expected.is_erased ? "" : std::string(rng_.below(60), 'v');
    expected.written = ++sequence_;
    if (durability == Durability::kGroup) expected.written_group = sequence_;
    const EntryView entry{expected.meta, expected.value};
    REQUIRE(table_.put({Space::kData, base::Token(place.first), place.second},
                       expected.is_erased ? nullptr : &entry, Sequence(sequence_),
                       durability) == was_here);
  }

  void find() {
    const Place place = draw_place();
    const auto expected = model_.find(place);
    const auto found = table_.find({Space::kData, base::Token(place.first), place.second});
    REQUIRE(found.has_value() == (expected != model_.end()));
    if (!found) return;
    REQUIRE(found->entry.meta == expected->second.meta);
    REQUIRE(found->entry.value == expected->second.value);
    REQUIRE(found->is_erased == expected->second.is_erased);
    REQUIRE(found->written.value() == expected->second.written);
    REQUIRE(found->written_group.value() == expected->second.written_group);
  }

  void check_rows(const Place& from, bool is_after) {
    auto expected = is_after ? model_.upper_bound(from) : model_.lower_bound(from);
    const auto rows = table_.rows(Space::kData, {base::Token(from.first), from.second}, is_after);
    for (; !rows->is_at_end(); rows->next(), ++expected) {
      REQUIRE(expected != model_.end());
      REQUIRE(rows->row().place ==
              PlaceView{base::Token(expected->first.first), expected->first.second});
      REQUIRE(rows->row().meta == expected->second.meta);
      REQUIRE(rows->row().value == expected->second.value);
      REQUIRE(rows->row().is_erased == expected->second.is_erased);
    }
    REQUIRE(expected == model_.end());
  }

  base::Rng rng_;
  Spread spread_;
  uint64_t names_;
  uint64_t sequence_ = 0;
  std::map<uint64_t, uint64_t> tokens_;
  std::map<Place, Expected> model_;
  Memtable table_;
};

TEST_SUITE_BEGIN("memtable");

TEST_CASE("any sequence of operations gives the answers of a sorted map") {
  for (const Spread spread :
       {Spread::kUniform, Spread::kCoinciding, Spread::kOneSlice, Spread::kDense, Spread::kMixed}) {
    for (const uint64_t names : {3, 60, 20'000}) {
      for (uint64_t seed = 1; seed <= 2; ++seed) {
        CAPTURE(static_cast<int>(spread));
        CAPTURE(names);
        CAPTURE(seed);
        Comparison(seed, spread, names).run(10'000);
      }
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
