// A disk for tests that does what a disk may do at worst: it loses, tears and scrambles what was
// not synced, forgets names, lies, decays and fills up, all from a seed and all on demand. A harsh
// but legal POSIX: what it keeps through a crash, every file system must keep; what it loses, some
// do.
//
//   SimFileSystem disk(seed);
//   disk.stop_at(7);        // the power goes at the seventh operation that changes the disk
//   work_on(disk);          // ... everything fails from then on
//   disk.crash(rng);        // what was pending is decided; the next life begins
//   reopen(disk);
//
// Durable after a crash: contents and size as of the last sync() of the file; names as of the last
// sync_directory() of their directory. Neither brings the other. Of what is pending:
// - each 512-byte sector is kept, dropped, torn (a beginning is new, the rest old) or garbage;
// - a file's size is the synced one, the last one, or one between; what was dropped reads as zeros;
// - each change of names is kept or lost, a later one perhaps without an earlier one (sim_names.h);
// - a sync that failed marks the pages clean: a later one that succeeds does not bring them.
//
// Not thread-safe. Files and locks may outlive this object.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "storage/io/file_system.h"
#include "storage/io/sim_device.h"

namespace distkv::storage::io::test {

class SimFileSystem : public FileSystem {
 public:
  explicit SimFileSystem(uint64_t seed);

  base::Result<std::unique_ptr<File>> open(const std::string& path, Access access) override;
  base::Result<bool> exists(const std::string& path) override;
  base::Result<std::vector<std::string>> list(const std::string& directory) override;
  base::Status make_directory(const std::string& path) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status link(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& path) override;
  base::Status sync_directory(const std::string& directory) override;
  base::Result<uint64_t> free_bytes(const std::string& directory) override;
  base::Result<std::unique_ptr<Lock>> lock(const std::string& path) override;

  // Operations that changed, or would have changed, the disk: those of enum Operation but kRead,
  // counted over all lives, failed ones too. To stop within the next life: operations() + n.
  uint64_t operations() const { return device_->operations; }
  uint64_t reads() const { return device_->reads; }
  // The power goes at the operation of this number (from 1): it and every call after it answer kIo
  // "the machine is down" and do nothing, but that a beginning of a write may be pending.
  void stop_at(uint64_t operation) { device_->stop_at = operation; }
  bool is_down() const { return device_->is_down; }
  // Decides all that is pending, kills open files and locks, and takes back stop_at(). Faults,
  // capacity and the other settings stay.
  void crash(base::Rng& rng) { device_->crash(rng); }
  void set_crash_odds(const CrashOdds& odds) { device_->odds = odds; }

  // Adds to the faults that wait or go on.
  void add_fault(Fault fault) { device_->faults.add(std::move(fault)); }
  void clear_faults() { device_->faults.clear(); }
  uint64_t faults_struck() const { return device_->faults.strikes(); }

  // Space is taken in 4 KiB, holes included, once for all names of a file, until its last name and
  // its last open file are gone. May be set below what is used. No limit at first.
  void set_capacity(uint64_t bytes) { device_->capacity = bytes; }
  uint64_t used_bytes() const { return device_->used_bytes(); }
  // kAlways at first.
  void set_cached_reads(CachedReads policy) { device_->cached_reads = policy; }
  // Without: reserve() is ok and does nothing, as where the system has no fallocate.
  void set_can_reserve(bool can_reserve) { device_->can_reserve = can_reserve; }

  // A disk of its own in the same state, pending changes, settings and counts included, but without
  // open files, locks, faults and stop. Costs a pointer a 4 KiB that is not zero.
  std::unique_ptr<SimFileSystem> copy() const;
  // The disk is taken out and a copy of `other` put in; what was open stays with the old one.
  void exchange_for(const SimFileSystem& other) { device_ = other.copy()->device_; }

  // Tools behind the system's back: never counted, never failing, durable at once. The path must be
  // a file's.
  std::string contents(const std::string& path) const;
  // What is surely on the disk.
  std::string durable_contents(const std::string& path) const;
  // Does nothing past the end.
  void corrupt(const std::string& path, uint64_t offset, char xor_mask);
  void truncate(const std::string& path, uint64_t size);
  // Makes the file if it is missing; its directory must be there.
  void replace(const std::string& path, std::string_view bytes);
  struct Ranges {
    uint64_t first = 0;
    uint64_t second = 0;
    uint64_t bytes = 0;
  };
  // Both within the file, not overlapping.
  void swap_ranges(const std::string& path, const Ranges& ranges);
  // Every file's, sorted, from the root: "/store/CURRENT".
  std::vector<std::string> paths() const;

 private:
  base::Result<NodeId> create(const std::string& path);
  // The file of this path, or kIo.
  base::Result<NodeId> find_file(const std::string& path, const char* call) const;
  void drop_name(NodeId node);
  SimInode& inode_of(const std::string& path) const;

  std::shared_ptr<SimDevice> device_;
};

}  // namespace distkv::storage::io::test
