// A small store that has everything a store can have, and what it must show: the subject of the
// damage suite. Each try works on a copy of its disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"

namespace distkv::storage::lsm::test {

using distkv::storage::test::LsmHost;
using Place = std::tuple<Space, base::Token, std::string>;
// Of all keys ever written and some that never were; nullopt: absent.
using Contents = std::map<Place, std::optional<Entry>>;

enum class Ending : uint8_t {
  kClosed,
  kKilled,  // The program died; the disk has everything it was given.
};

struct SmallStore {
  static constexpr const char* kDirectory = "/store";

  std::unique_ptr<io::test::SimFileSystem> disk;
  Options options;
  Contents contents;
  Contents before_last;  // Without the last commit, which has the last frame of the log to itself.
  // Files that hold something: tables, manifest, CURRENT, the log.
  std::vector<std::string> paths() const;
};

// The same store for the same seed, but for its id.
SmallStore make_small_store(uint64_t seed, Ending ending);

enum class Outcome : uint8_t {
  kRight,        // Everything was read, and all of it is right.
  kPartly,       // Some keys answer kCorrupt, the others rightly.
  kRefused,      // The open says why not.
  kWithoutLast,  // Everything is right but that the last commit is missing.
  kWrong,
};

struct Verdict {
  Outcome outcome = Outcome::kRight;
  std::string why;  // For kRefused what it says, for kWrong what is wrong.
};

// Opens the store on `disk`, reads every key and scans everything, merges what it can, does so
// again, and once more after reopening.
Verdict judge(io::test::SimFileSystem& disk, const SmallStore& store);

}  // namespace distkv::storage::lsm::test
