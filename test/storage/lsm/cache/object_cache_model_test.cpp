// Random operations: what is found is what was offered last since the last erase; never anything
// else, never anything after an erase or a clear.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <tuple>

#include "base/rng.h"
#include "storage/lsm/cache/object_cache.h"

namespace distkv::storage::lsm {
namespace {

class Comparison {
 public:
  Comparison(uint64_t seed, uint64_t bytes_max, uint64_t names, uint64_t hashes)
      : rng_(seed), bytes_max_(bytes_max), names_(names), hashes_(hashes), cache_(bytes_max) {}

  void run(size_t operations) {
    for (size_t i = 0; i < operations; ++i) step();
    CHECK(cache_.hits() == found_);
    CHECK(cache_.hits() + cache_.misses() == asked_);
  }
  size_t found() const { return found_; }

 private:
  using Name = std::pair<Space, uint64_t>;

  void step() {
    const Name name{rng_.chance(0.8) ? Space::kData : Space::kHints, rng_.below(names_)};
    const std::string text = "key" + std::to_string(name.second);
    const KeyRef key{name.first, base::Token(name.second % 7), text};
    // Few hashes force sets to overflow and keys to be told apart by their bytes.
    uint64_t hash = hash_of({key.token, key.key});
    if (hashes_ != 0) hash = (hash % hashes_) * 0x9e3779b97f4a7c15;
    if (rng_.chance(0.0005)) {
      cache_.clear();
      expected_.clear();
    } else if (rng_.chance(0.1)) {
      cache_.erase(hash, key);
      expected_.erase(name);
    } else if (rng_.chance(0.5)) {
      offer(name, hash, key);
    } else {
      find(name, hash, key);
    }
    REQUIRE(cache_.bytes() <= bytes_max_);
  }

  void offer(const Name& name, uint64_t hash, const KeyRef& key) {
    Entry entry{std::to_string(rng_.next()), std::string(rng_.below(200), 'v')};
    cache_.offer(hash, key, {entry.meta, entry.value});
    expected_[name] = std::move(entry);
  }

  void find(const Name& name, uint64_t hash, const KeyRef& key) {
    ++asked_;
    const auto found = cache_.find(hash, key);
    if (!found) return;
    ++found_;
    const auto expected = expected_.find(name);
    REQUIRE(expected != expected_.end());
    REQUIRE(found->meta == expected->second.meta);
    REQUIRE(found->value == expected->second.value);
  }

  base::Rng rng_;
  uint64_t bytes_max_;
  uint64_t names_;
  uint64_t hashes_;
  ObjectCache cache_;
  std::map<Name, Entry> expected_;
  size_t asked_ = 0;
  size_t found_ = 0;
};

TEST_SUITE_BEGIN("object cache");

TEST_CASE("any sequence of operations finds the last offer or nothing") {
  for (const uint64_t bytes_max : {16'384, 65'536, 1'048'576}) {
    for (const uint64_t names : {10, 200, 5'000}) {
      for (const uint64_t hashes : {0, 1, 30}) {
        CAPTURE(bytes_max);
        CAPTURE(names);
        CAPTURE(hashes);
        Comparison comparison(bytes_max + names + hashes, bytes_max, names, hashes);
        comparison.run(10'000);
        if (names <= 200) CHECK(comparison.found() > 50);
      }
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
