// Whatever happens to the bytes of a store, it answers rightly or says that it cannot: no key that
// is there is answered as absent, no older version and no erased one comes back.
//
// Exceptions, each asserted to be only that:
// - a store whose program died: damage to the last frame of its log looks like a torn write, and
//   takes that frame's commits (wal/FORMAT.md, "What cannot be told");
// - a closed store whose closing frame and the frame before it change places: both are damaged, the
//   proof and what it proves, and look like one torn write;
// - LOCK and ballast hold nothing and are left alone here.
#include <doctest/doctest.h>

#include <algorithm>

#include "storage/lsm/damage/tally.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr uint64_t kSeed = 1;
constexpr uint64_t kOtherSeed = 2;

bool is_table(const std::string& path) { return path.ends_with(".sst"); }
bool is_log(const std::string& path) { return path.find("/log-") != std::string::npos; }

// What damage to this file may do beyond being told.
Tally::Allowed allowed_for(const std::string& path, Ending ending) {
  return {.is_right = true, .is_without_last = ending == Ending::kKilled && is_log(path)};
}

std::string at_text(const std::string& path, uint64_t offset) {
  return path + " at " + std::to_string(offset);
}

void change_each_byte(Ending ending) {
  const SmallStore store = make_small_store(kSeed, ending);
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    const std::string bytes = store.disk->contents(path);
    for (const uint64_t at : offsets_of(*store.disk, path)) {
      std::vector<char> masks = {1, '\xff'};
      if (bytes[at] != 0 && bytes[at] != 1 && bytes[at] != '\xff') masks.push_back(bytes[at]);
      for (const char mask : masks) {
        tally.try_out(at_text(path, at) + " xor " + std::to_string(mask), allowed_for(path, ending),
                      [&](Disk& disk) { disk.corrupt(path, at, mask); });
      }
    }
  }
  MESSAGE("bytes changed: ", tally.text());
  CHECK(tally.count(Outcome::kRefused) > 0);
  CHECK(tally.count(Outcome::kPartly) > 0);
}

void cut_at_each_length(Ending ending) {
  const SmallStore store = make_small_store(kSeed, ending);
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    for (const uint64_t at : offsets_of(*store.disk, path)) {
      tally.try_out(at_text(path, at) + " cut off", allowed_for(path, ending),
                    [&](Disk& disk) { disk.truncate(path, at); });
    }
  }
  MESSAGE("files cut off: ", tally.text());
  CHECK(tally.count(Outcome::kRefused) > 0);
}

TEST_SUITE_BEGIN("damage");

TEST_CASE("a sound store of the damage suite shows all that was written") {
  for (const Ending ending : {Ending::kClosed, Ending::kKilled}) {
    const SmallStore store = make_small_store(kSeed, ending);
    const auto disk = store.disk->copy();
    const Verdict verdict = judge(*disk, store);
    CHECK_MESSAGE(verdict.outcome == Outcome::kRight, verdict.why);
  }
}

TEST_CASE("a judge who expects something else is not content") {
  SmallStore store = make_small_store(kSeed, Ending::kClosed);
  const auto one = std::find_if(store.contents.begin(), store.contents.end(),
                                [](const auto& item) { return item.second.has_value(); });
  SUBCASE("another value") { one->second->value += "x"; }
  SUBCASE("absence") { one->second.reset(); }
  SUBCASE("one key more") { store.contents[{Space::kNode, base::Token{9}, "more"}] = Entry{}; }
  store.before_last = store.contents;
  CHECK(judge(*store.disk, store).outcome == Outcome::kWrong);
}

TEST_CASE("each byte of a closed store flipped, inverted or zeroed is noticed or harmless") {
  change_each_byte(Ending::kClosed);
}

TEST_CASE("each byte of a store whose program died flipped, inverted or zeroed is noticed") {
  change_each_byte(Ending::kKilled);
}

TEST_CASE("each file of a closed store cut off anywhere is noticed or harmless") {
  cut_at_each_length(Ending::kClosed);
}

TEST_CASE("each file of a store whose program died cut off anywhere is noticed") {
  cut_at_each_length(Ending::kKilled);
}

TEST_CASE("each sector zeroed is noticed or harmless") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  constexpr uint64_t kSector = 512;
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    const std::string bytes = store.disk->contents(path);
    for (uint64_t at = 0; at < bytes.size(); at += kSector) {
      std::string damaged = bytes;
      const auto start = damaged.begin() + static_cast<std::ptrdiff_t>(at);
      std::fill(start, start + static_cast<std::ptrdiff_t>(std::min(kSector, bytes.size() - at)),
                '\0');
      if (damaged == bytes) continue;
      tally.try_out(at_text(path, at) + " sector zeroed", {},
                    [&](Disk& disk) { disk.replace(path, damaged); });
    }
  }
  MESSAGE("sectors zeroed: ", tally.text());
}

TEST_CASE("two blocks of one table that change places are noticed") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    if (!is_table(path)) continue;
    const std::string bytes = store.disk->contents(path);
    const auto blocks = blocks_of(bytes);
    for (size_t i = 0; i + 2 < blocks.size(); ++i) {
      const std::string swapped =
          bytes.substr(0, blocks[i]) + bytes.substr(blocks[i + 1], blocks[i + 2] - blocks[i + 1]) +
          bytes.substr(blocks[i], blocks[i + 1] - blocks[i]) + bytes.substr(blocks[i + 2]);
      tally.try_out(at_text(path, blocks[i]) + " block swapped with the next", {.is_right = false},
                    [&](Disk& disk) { disk.replace(path, swapped); });
    }
  }
  MESSAGE("blocks swapped: ", tally.text());
  CHECK(tally.count(Outcome::kPartly) > 0);
}

TEST_CASE("pages of the log and of the manifest that change places are noticed") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  constexpr uint64_t kPage = 4096;
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    const std::string bytes = store.disk->contents(path);
    if (is_table(path)) continue;
    for (uint64_t i = 0; i + 2 * kPage <= bytes.size(); i += kPage) {
      for (uint64_t k = i + kPage; k + kPage <= bytes.size(); k += kPage) {
        if (bytes.compare(i, kPage, bytes, k, kPage) == 0) continue;
        const bool may_lose = is_log(path) && k == i + kPage;  // The closing frame, and its last.
        tally.try_out(at_text(path, i) + " page swapped with that at " + std::to_string(k),
                      {.is_right = true, .is_without_last = may_lose}, [&](Disk& disk) {
                        disk.swap_ranges(path, {i, k, kPage});
                      });
      }
    }
  }
  MESSAGE("pages swapped: ", tally.text());
  CHECK(tally.count(Outcome::kWithoutLast) <= 1);
}

TEST_CASE("two files of a store that change names are noticed") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  Tally tally(store);
  const auto paths = store.paths();
  for (const std::string& one : paths) {
    for (const std::string& other : paths) {
      if (one >= other || store.disk->contents(one) == store.disk->contents(other)) continue;
      // Segments are numbered inside: the names of their files do not matter.
      const bool is_same = is_log(one) && is_log(other);
      tally.try_out(one + " and " + other + " change names", {.is_right = is_same},
                    [&](Disk& disk) {
                      const std::string bytes = disk.contents(one);
                      disk.replace(one, disk.contents(other));
                      disk.replace(other, bytes);
                    });
    }
  }
  MESSAGE("names changed: ", tally.text());
}

TEST_CASE("another store's file in the place of one's own is noticed") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  const SmallStore other = make_small_store(kOtherSeed, Ending::kClosed);
  const auto others = other.paths();
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    if (std::find(others.begin(), others.end(), path) == others.end()) continue;
    const std::string foreign = other.disk->contents(path);
    if (foreign == store.disk->contents(path)) continue;
    tally.try_out(path + " is another store's", {.is_right = false},
                  [&](Disk& disk) { disk.replace(path, foreign); });
  }
  MESSAGE("foreign files: ", tally.text());
  CHECK(tally.count(Outcome::kRefused) + tally.count(Outcome::kPartly) > 2);
}

TEST_CASE("a file that is missing is noticed") {
  const SmallStore store = make_small_store(kSeed, Ending::kClosed);
  Tally tally(store);
  for (const std::string& path : store.paths()) {
    tally.try_out(path + " removed", {}, [&](Disk& disk) {
      REQUIRE(disk.remove(path).is_ok());
      REQUIRE(disk.sync_directory(SmallStore::kDirectory).is_ok());
    });
  }
  MESSAGE("files removed: ", tally.text());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
