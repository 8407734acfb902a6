// Damages copies of a small store, one way after another, and counts what became of them.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "storage/lsm/damage/small_store.h"

namespace distkv::storage::lsm::test {

using Disk = io::test::SimFileSystem;

class Tally {
 public:
  // The outcomes that this kind of damage may have, besides kPartly and kRefused.
  struct Allowed {
    bool is_right = true;
    bool is_without_last = false;
  };

  explicit Tally(const SmallStore& store) : store_(store) {}

  // Applies `damage` to a copy and judges it; a failure names `what`.
  void try_out(const std::string& what, const Allowed& allowed,
               const std::function<void(Disk&)>& damage);
  size_t count(Outcome outcome) const { return counts_[static_cast<size_t>(outcome)]; }
  std::string text() const;

 private:
  const SmallStore& store_;
  std::array<size_t, 5> counts_{};
};

// The offsets of a file that are worth damaging: all that hold something, their neighbours, and
// some of the long stretches of zeros.
std::vector<uint64_t> offsets_of(const Disk& disk, const std::string& path);
// Where the blocks of a table begin, and where its footer does.
std::vector<uint64_t> blocks_of(const std::string& table);

}  // namespace distkv::storage::lsm::test
