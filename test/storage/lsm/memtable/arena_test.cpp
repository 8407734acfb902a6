#include "storage/lsm/memtable/arena.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace distkv::storage::lsm {
namespace {

TEST_SUITE_BEGIN("arena");

TEST_CASE("what is given is aligned, apart, and stays as it was written") {
  Arena arena(nullptr);
  std::vector<char*> given;

  for (size_t bytes = 1; bytes < 3000; ++bytes) {
    given.push_back(arena.allocate(bytes));
    std::memset(given.back(), static_cast<int>(bytes & 0x7f), bytes);
  }

  for (size_t bytes = 1; bytes < 3000; ++bytes) {
    const char* block = given[bytes - 1];
    CHECK(reinterpret_cast<uintptr_t>(block) % 8 == 0);
    CHECK(std::vector<char>(block, block + bytes) ==
          std::vector<char>(bytes, static_cast<char>(bytes & 0x7f)));
  }
}

TEST_CASE("the bytes counted are those handed out, rounded to the alignment") {
  Arena arena(nullptr);
  CHECK(arena.bytes() == 0);

  arena.allocate(1);
  CHECK(arena.bytes() == 8);
  arena.allocate(16);
  CHECK(arena.bytes() == 24);
}

TEST_CASE("a request too large to share a chunk gets a block of its own") {
  Arena arena(nullptr);
  const char* before = arena.allocate(8);

  char* large = arena.allocate(3 * ArenaPool::kChunkBytes);
  std::memset(large, 1, 3 * ArenaPool::kChunkBytes);

  CHECK(arena.allocate(8) == before + 8);
  CHECK(arena.bytes() == 16 + 3 * ArenaPool::kChunkBytes);
}

TEST_CASE("the end of a chunk that could not be used is counted once the next is begun") {
  Arena arena(nullptr);
  for (size_t i = 0; i < 4; ++i) arena.allocate(Arena::kSharedBytesMax - 8);
  CHECK(arena.bytes() == ArenaPool::kChunkBytes - 32);

  arena.allocate(128);

  CHECK(arena.bytes() == ArenaPool::kChunkBytes + 128);
}

TEST_CASE("chunks of an arena that goes are used again by the next") {
  const auto pool = std::make_shared<ArenaPool>(1);
  const char* first = nullptr;
  {
    Arena arena(pool);
    first = arena.allocate(8);
  }

  Arena arena(pool);

  CHECK(arena.allocate(8) == first);
}

TEST_CASE("a pool keeps no more chunks than it may") {
  ArenaPool pool(1);
  std::unique_ptr<char[]> kept = pool.take();
  const char* const address = kept.get();
  std::unique_ptr<char[]> surplus = pool.take();

  pool.give(std::move(kept));
  pool.give(std::move(surplus));

  CHECK(pool.take().get() == address);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
