// One simulated file apart from its names: what a reader sees now (current), what the disk surely
// holds (durable), and which sectors of the first are not yet in the second.
//
//   write ──► current, sector dirty ──sync──► durable
//                     └──────────── failed sync ──► abandoned: read until the crash, synced never
//
// Invariant: a sector that is neither dirty nor abandoned is the same in both.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "base/rng.h"
#include "storage/io/sim_bytes.h"

namespace distkv::storage::io::test {

// How a crash treats each sector that was written and not synced, in shares of their sum.
struct CrashOdds {
  uint32_t kept = 4;
  uint32_t dropped = 4;
  uint32_t torn = 1;
  uint32_t garbage = 1;
  // A sector that became garbage keeps the bytes before the first that was to change: a disk whose
  // sectors may be lost while written to, but only from where they differ.
  bool garbage_spares_unchanged = false;
};

class SimInode {
 public:
  const SimBytes& current() const { return current_; }
  const SimBytes& durable() const { return durable_; }
  uint64_t size() const { return current_.size(); }
  // Space taken, holes included.
  uint64_t allocated_bytes() const { return allocated_for(size()); }
  static uint64_t allocated_for(uint64_t size);

  // Pending until sync(); grows the file.
  void write(uint64_t offset, std::string_view bytes);
  void grow(uint64_t size);
  // Content and size become durable, but for sectors abandoned before.
  void sync();
  // As Linux does: the pages count as clean although they may not have reached the disk.
  void fail_sync();
  // Each pending sector and the size are decided; what is left is current and durable.
  void crash(base::Rng& rng, const CrashOdds& odds);

  // The tools of tests, behind the system's back: what they do is durable at once.
  void settle(SimBytes bytes);
  void flip(uint64_t offset, char xor_mask);

  // Current names and open files.
  uint32_t names = 0;
  uint32_t opens = 0;

 private:
  using SectorMask = uint8_t;  // One bit a sector of a chunk.
  using Sectors = std::map<uint64_t, SectorMask>;

  void crash_sector(uint64_t sector, SimBytes& result, base::Rng& rng, const CrashOdds& odds) const;
  void crash_sectors(const Sectors& sectors, SimBytes& result, base::Rng& rng,
                     const CrashOdds& odds) const;

  SimBytes current_;
  SimBytes durable_;
  Sectors dirty_;
  Sectors abandoned_;
};

}  // namespace distkv::storage::io::test
