// A file in memory for the tests of tables: its bytes lie open, and reads fail on demand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "storage/io/file_system.h"

namespace distkv::storage::lsm::test {

// What a MemoryFile holds and how it behaves; shared with the test.
struct MemoryDisk {
  std::string bytes;
  bool is_cached = true;          // Otherwise read_cached answers false,
  uint64_t cached_begin = 0;      // as it does for anything before this offset.
  int failing_reads = 0;          // So many of the next reads fail.
  int failing_writes_after = -1;  // So many writes succeed, the next one fails.
  // The next read that covers `flip_at` gets that byte wrong, once.
  uint64_t flip_at = UINT64_MAX;
  bool does_sync_fail = false;
  int reads = 0;
  int syncs = 0;
  uint64_t written_out = 0;
};

class MemoryFile : public io::File {
 public:
  explicit MemoryFile(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  base::Result<io::Moved> read_some(uint64_t offset, std::span<char> into) override {
    ++disk_->reads;
    if (disk_->failing_reads > 0) {
      --disk_->failing_reads;
      return base::Status(base::Code::kIo, path_ + ": read: refused");
    }
    if (offset >= disk_->bytes.size()) return io::Moved{};
    const size_t bytes = std::min<size_t>(into.size(), disk_->bytes.size() - offset);
    std::copy_n(disk_->bytes.data() + offset, bytes, into.data());
    if (disk_->flip_at >= offset && disk_->flip_at - offset < bytes) {
      into[disk_->flip_at - offset] = static_cast<char>(~into[disk_->flip_at - offset]);
      disk_->flip_at = UINT64_MAX;
    }
    return io::Moved{bytes, false};
  }
  base::Result<bool> read_cached(uint64_t offset, std::span<char> into) override {
    if (!disk_->is_cached || offset < disk_->cached_begin) return false;
    if (offset + into.size() > disk_->bytes.size()) return false;
    std::copy_n(disk_->bytes.data() + offset, into.size(), into.data());
    return true;
  }
  base::Result<io::Moved> write_some(uint64_t offset, std::string_view bytes) override {
    if (disk_->failing_writes_after == 0) {
      disk_->failing_writes_after = -1;
      return base::Status(base::Code::kNoSpace, path_ + ": write: full");
    }
    if (disk_->failing_writes_after > 0) --disk_->failing_writes_after;
    disk_->bytes.resize(std::max<size_t>(disk_->bytes.size(), offset + bytes.size()));
    std::copy_n(bytes.data(), bytes.size(), disk_->bytes.data() + offset);
    return io::Moved{bytes.size(), false};
  }
  base::Status sync() override {
    ++disk_->syncs;
    if (disk_->does_sync_fail) return {base::Code::kIo, path_ + ": sync: refused"};
    return base::Status::ok();
  }
  void start_write_out(uint64_t, uint64_t bytes) override { disk_->written_out += bytes; }
  base::Status reserve(uint64_t) override { return base::Status::ok(); }
  base::Result<uint64_t> size() override { return uint64_t{disk_->bytes.size()}; }
  const std::string& path() const override { return path_; }

 private:
  std::shared_ptr<MemoryDisk> disk_;
  std::string path_ = "tables/7";
};

}  // namespace distkv::storage::lsm::test
