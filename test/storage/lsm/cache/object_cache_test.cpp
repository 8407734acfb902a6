#include "storage/lsm/cache/object_cache.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/rng.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint64_t kCacheBytes = 64 * 1024;

KeyRef at(uint64_t token, std::string_view key, Space space = Space::kData) {
  return {space, base::Token(token), key};
}

uint64_t hash_at(const KeyRef& key) { return hash_of({key.token, key.key}); }

// Offers until the entry is admitted.
void keep(ObjectCache& cache, const KeyRef& key, std::string_view meta, std::string_view value) {
  cache.offer(hash_at(key), key, {meta, value});
  cache.offer(hash_at(key), key, {meta, value});
}

bool is_here(ObjectCache& cache, const KeyRef& key) {
  return cache.find(hash_at(key), key).has_value();
}

TEST_SUITE_BEGIN("object cache");

TEST_CASE("an entry is kept at its second offer, not at its first") {
  ObjectCache cache(kCacheBytes);
  const KeyRef key = at(7, "a");

  cache.offer(hash_at(key), key, {"meta", "value"});
  CHECK(!is_here(cache, key));
  cache.offer(hash_at(key), key, {"meta", "value"});

  cache.prefetch(hash_at(key));
  const auto found = cache.find(hash_at(key), key);
  REQUIRE(found);
  CHECK(found->meta == "meta");
  CHECK(found->value == "value");
  CHECK(cache.hits() == 1);
  CHECK(cache.misses() == 1);
}

TEST_CASE("a new cache finds nothing and takes no memory") {
  ObjectCache cache(kCacheBytes);

  cache.prefetch(hash_at(at(7, "a")));
  CHECK(!is_here(cache, at(7, "a")));
  cache.erase(hash_at(at(7, "a")), at(7, "a"));
  cache.clear();
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a cache of no bytes, or too few for one set of slots, keeps nothing") {
  for (const uint64_t bytes : {0, 1, 100, 1023}) {
    ObjectCache cache(bytes);

    keep(cache, at(7, "a"), "", "");

    CHECK(!is_here(cache, at(7, "a")));
    cache.erase(hash_at(at(7, "a")), at(7, "a"));
    cache.clear();
    CHECK(cache.bytes() == 0);
  }
}

TEST_CASE("an entry above a 64th of the cache is not kept, and ends what was kept of the key") {
  ObjectCache cache(kCacheBytes);
  const std::string fits(kCacheBytes / 64 - 40, 'v');
  const std::string large(kCacheBytes / 64, 'v');

  keep(cache, at(7, "a"), "", large);
  CHECK(!is_here(cache, at(7, "a")));

  keep(cache, at(7, "b"), "", fits);
  CHECK(is_here(cache, at(7, "b")));
  keep(cache, at(7, "b"), "", large);
  CHECK(!is_here(cache, at(7, "b")));
}

TEST_CASE("keys of one hash are told apart") {
  ObjectCache cache(kCacheBytes);
  const uint64_t hash = 0x1234'5678'9abc'def0;
  for (int round = 0; round < 2; ++round) {
    cache.offer(hash, at(1, "a"), {"", "of 1a"});
    cache.offer(hash, at(1, "b"), {"", "of 1b"});
    cache.offer(hash, at(2, "a"), {"", "of 2a"});
  }

  CHECK(cache.find(hash, at(1, "a"))->value == "of 1a");
  CHECK(cache.find(hash, at(1, "b"))->value == "of 1b");
  CHECK(cache.find(hash, at(2, "a"))->value == "of 2a");
  CHECK(!cache.find(hash, at(2, "b")));

  cache.erase(hash, at(1, "b"));
  CHECK(cache.find(hash, at(1, "a")));
  CHECK(!cache.find(hash, at(1, "b")));
}

TEST_CASE("more keys of one hash than a set has slots push out the oldest") {
  ObjectCache cache(kCacheBytes);
  const uint64_t hash = 99;
  cache.offer(hash, at(0, "k"), {});
  for (uint64_t token = 1; token <= 9; ++token) cache.offer(hash, at(token, "k"), {});

  CHECK(!cache.find(hash, at(1, "k")));
  for (uint64_t token = 2; token <= 9; ++token) CHECK(cache.find(hash, at(token, "k")));
}

TEST_CASE("one key in several spaces is several entries") {
  ObjectCache cache(kCacheBytes);
  keep(cache, at(7, "a", Space::kData), "", "data");
  keep(cache, at(7, "a", Space::kHints), "", "hint");
  CHECK(!is_here(cache, at(7, "a", Space::kNode)));

  cache.erase(hash_at(at(7, "a")), at(7, "a", Space::kData));

  CHECK(!is_here(cache, at(7, "a", Space::kData)));
  CHECK(cache.find(hash_at(at(7, "a")), at(7, "a", Space::kHints))->value == "hint");
}

TEST_CASE("an erased key is gone until it is offered again") {
  ObjectCache cache(kCacheBytes);
  keep(cache, at(7, "a"), "", "old");

  cache.erase(hash_at(at(7, "a")), at(7, "a"));
  CHECK(!is_here(cache, at(7, "a")));

  keep(cache, at(7, "a"), "", "new");
  CHECK(cache.find(hash_at(at(7, "a")), at(7, "a"))->value == "new");
}

TEST_CASE("an entry that is here is replaced by a newer offer") {
  ObjectCache cache(kCacheBytes);
  keep(cache, at(7, "a"), "", "old");

  cache.offer(hash_at(at(7, "a")), at(7, "a"), {"", "newer"});

  CHECK(cache.find(hash_at(at(7, "a")), at(7, "a"))->value == "newer");
}

TEST_CASE("clearing forgets every key, and later offers are kept again") {
  ObjectCache cache(kCacheBytes);
  for (uint64_t token = 0; token < 100; ++token) keep(cache, at(token << 40, "k"), "", "v");

  cache.clear();

  for (uint64_t token = 0; token < 100; ++token) CHECK(!is_here(cache, at(token << 40, "k")));
  keep(cache, at(5, "k"), "", "v");
  CHECK(is_here(cache, at(5, "k")));
}

TEST_CASE("memory stays within its bound under any number of entries") {
  ObjectCache cache(kCacheBytes);
  base::Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    keep(cache, at(rng.next(), "k"), "", std::string(rng.below(900), 'v'));
  }

  CHECK(cache.bytes() <= kCacheBytes);
  CHECK(cache.bytes() >= kCacheBytes / 10 * 9);
}

TEST_CASE("most of the memory is entries that are found") {
  ObjectCache cache(kCacheBytes);
  constexpr uint64_t kKeys = 340;  // Of 152 bytes each: three quarters of the cache.
  base::Rng rng(2);
  std::vector<uint64_t> tokens(kKeys);
  for (uint64_t& token : tokens) token = rng.next();
  for (const uint64_t token : tokens) {
    keep(cache, at(token, "0123456789abcdef"), "", std::string(100, 'v'));
  }

  size_t found = 0;
  for (const uint64_t token : tokens)
    found += is_here(cache, at(token, "0123456789abcdef")) ? 1 : 0;

  CHECK(found >= kKeys * 95 / 100);
}

TEST_CASE("keys that are read now and then outlast a stream of keys that are not") {
  ObjectCache cache(kCacheBytes);
  constexpr uint64_t kHot = 40;
  base::Rng rng(3);
  for (uint64_t hot = 0; hot < kHot; ++hot) keep(cache, at(hot << 45, "hot"), "", "warm");

  size_t lost = 0;
  for (uint64_t i = 0; i < 20'000; ++i) {
    keep(cache, at(rng.next(), "cold"), "", std::string(100, 'c'));
    const KeyRef hot = at((i % kHot) << 45, "hot");
    if (!is_here(cache, hot)) {
      ++lost;
      keep(cache, hot, "", "warm");
    }
  }

  // A full set may push one out: the others are never lost.
  CHECK(lost <= 20'000 / 100);
}

TEST_CASE("reading alone pushes nothing out") {
  ObjectCache cache(kCacheBytes);
  base::Rng rng(6);
  for (uint64_t i = 0; i < 300; ++i) keep(cache, at(i << 45, "k"), "", std::string(100, 'v'));
  std::vector<KeyRef> here;
  for (uint64_t i = 0; i < 300; ++i) {
    if (is_here(cache, at(i << 45, "k"))) here.push_back(at(i << 45, "k"));
  }
  REQUIRE(here.size() > 250);

  for (int i = 0; i < 10'000; ++i) CHECK(is_here(cache, here[rng.below(here.size())]));
}

TEST_CASE("an offer finds room though all was hit") {
  ObjectCache cache(kCacheBytes);
  base::Rng rng(7);
  for (int i = 0; i < 3'000; ++i) {
    const KeyRef key = at(rng.next(), "k");
    keep(cache, key, "", std::string(rng.below(800), 'v'));
    CHECK(is_here(cache, key));
  }
}

TEST_CASE("keys that are not read are overtaken") {
  ObjectCache cache(kCacheBytes);
  keep(cache, at(1, "unread"), "", "v");
  base::Rng rng(4);

  for (int i = 0; i < 2'000; ++i) keep(cache, at(rng.next(), "k"), "", std::string(100, 'v'));

  CHECK(!is_here(cache, at(1, "unread")));
}

TEST_CASE("a cache that used up its positions begins again empty, and goes on") {
  ObjectCache cache(kCacheBytes, RingPosition(EntryRing::kPositionMax - 5 * kCacheBytes / 8));
  keep(cache, at(1, "a"), "", "v");
  CHECK(is_here(cache, at(1, "a")));
  base::Rng rng(5);

  for (int i = 0; i < 4'000; ++i) {
    const KeyRef key = at(rng.next(), "k");
    keep(cache, key, "", "new");
    keep(cache, key, "", "new");
    const auto found = cache.find(hash_at(key), key);
    REQUIRE(found);
    REQUIRE(found->value == "new");
  }

  CHECK(!is_here(cache, at(1, "a")));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
