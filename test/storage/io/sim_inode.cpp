#include "storage/io/sim_inode.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace distkv::storage::io::test {

namespace {
static_assert(kSectorsPerChunk == 8, "a mask has one bit a sector");

std::string sector_of(const SimBytes& bytes, uint64_t sector) {
  const uint64_t offset = sector * kSectorBytes;
  std::string read(std::min(kSectorBytes, bytes.size() - offset), '\0');
  bytes.read(offset, read);
  return read;
}

void scramble(std::string& bytes, size_t from, base::Rng& rng) {
  for (size_t at = from; at < bytes.size(); ++at) bytes[at] = static_cast<char>(rng.below(256));
}

// The size a file has after a crash: that which was synced, the last one, or one on the way.
uint64_t size_after(uint64_t durable, uint64_t current, base::Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return durable;
    case 1:
      return rng.between(durable, current);
    default:
      return current;
  }
}
}  // namespace

uint64_t SimInode::allocated_for(uint64_t size) {
  return (size + kChunkBytes - 1) / kChunkBytes * kChunkBytes;
}

void SimInode::grow(uint64_t size) {
  if (size > current_.size()) current_.resize(size);
}

void SimInode::write(uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  grow(offset + bytes.size());
  current_.write(offset, bytes);
  const uint64_t last = (offset + bytes.size() - 1) / kSectorBytes;
  for (uint64_t sector = offset / kSectorBytes; sector <= last; ++sector) {
    const uint64_t chunk = sector / kSectorsPerChunk;
    const auto bit = static_cast<SectorMask>(1U << (sector % kSectorsPerChunk));
    dirty_[chunk] |= bit;
    const auto abandoned = abandoned_.find(chunk);
    if (abandoned == abandoned_.end()) continue;
    abandoned->second = static_cast<SectorMask>(abandoned->second & ~bit);
    if (abandoned->second == 0) abandoned_.erase(abandoned);
  }
}

void SimInode::sync() {
  durable_.resize(current_.size());
  for (const auto& [chunk, mask] : dirty_) {
    if (abandoned_.count(chunk) == 0) {
      durable_.share_chunk(current_, chunk);
      continue;
    }
    for (uint64_t bit = 0; bit < kSectorsPerChunk; ++bit) {
      if ((mask >> bit & 1U) != 0) durable_.copy_sector(current_, chunk * kSectorsPerChunk + bit);
    }
  }
  dirty_.clear();
}

void SimInode::fail_sync() {
  for (const auto& [chunk, mask] : dirty_) abandoned_[chunk] |= mask;
  dirty_.clear();
}

void SimInode::crash(base::Rng& rng, const CrashOdds& odds) {
  opens = 0;
  if (dirty_.empty() && abandoned_.empty() && current_.size() == durable_.size()) return;
  // Chance alone would hardly ever keep, or lose, all of a large write: both are tried on purpose.
  const uint64_t mood = rng.below(4);
  if (mood == 0) {
    current_ = durable_;
  } else if (mood > 1) {
    SimBytes result = durable_;
    const uint64_t size = size_after(durable_.size(), current_.size(), rng);
    result.resize(current_.size());
    crash_sectors(abandoned_, result, rng, odds);
    crash_sectors(dirty_, result, rng, odds);
    result.resize(size);
    current_ = std::move(result);
  }
  settle(current_);
}

void SimInode::crash_sectors(const Sectors& sectors, SimBytes& result, base::Rng& rng,
                             const CrashOdds& odds) const {
  for (const auto& [chunk, mask] : sectors) {
    for (uint64_t bit = 0; bit < kSectorsPerChunk; ++bit) {
      if ((mask >> bit & 1U) != 0) {
        crash_sector(chunk * kSectorsPerChunk + bit, result, rng, odds);
      }
    }
  }
}

void SimInode::crash_sector(uint64_t sector, SimBytes& result, base::Rng& rng,
                            const CrashOdds& odds) const {
  uint64_t draw = rng.below(odds.kept + odds.dropped + odds.torn + odds.garbage);
  if (draw < odds.dropped) return;
  draw -= odds.dropped;
  std::string fresh = sector_of(current_, sector);
  const std::string old = sector_of(result, sector);
  if (draw < odds.torn) {
    const size_t written = rng.below(fresh.size() + 1);
    fresh.replace(written, std::string::npos, old, written);
  } else if (draw < odds.torn + odds.garbage) {
    const auto changed = std::mismatch(fresh.begin(), fresh.end(), old.begin(), old.end());
    const auto same = static_cast<size_t>(changed.first - fresh.begin());
    scramble(fresh, odds.garbage_spares_unchanged ? same : 0, rng);
  }
  result.write(sector * kSectorBytes, fresh);
}

void SimInode::settle(SimBytes bytes) {
  current_ = std::move(bytes);
  durable_ = current_;
  dirty_.clear();
  abandoned_.clear();
}

void SimInode::flip(uint64_t offset, char xor_mask) {
  for (SimBytes* bytes : {&current_, &durable_}) {
    if (offset >= bytes->size()) continue;
    char byte = 0;
    bytes->read(offset, {&byte, 1});
    byte = static_cast<char>(byte ^ xor_mask);
    bytes->write(offset, {&byte, 1});
  }
}

}  // namespace distkv::storage::io::test
