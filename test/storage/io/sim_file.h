// An open file and a held lock of a simulated disk. Both die with the life they were made in: a
// file then answers kIo "crashed" for ever, a lock holds nothing.
#pragma once

#include <memory>
#include <string>

#include "storage/io/file_system.h"
#include "storage/io/sim_device.h"

namespace distkv::storage::io::test {

class SimFile : public File {
 public:
  SimFile(std::shared_ptr<SimDevice> device, std::string path, NodeId node, Access access);
  ~SimFile() override;

  base::Result<Moved> read_some(uint64_t offset, std::span<char> into) override;
  base::Result<bool> read_cached(uint64_t offset, std::span<char> into) override;
  base::Result<Moved> write_some(uint64_t offset, std::string_view bytes) override;
  base::Status sync() override;
  // Does nothing: a crash may keep any sector anyway.
  void start_write_out(uint64_t, uint64_t) override {}
  base::Status reserve(uint64_t bytes) override;
  base::Result<uint64_t> size() override;
  const std::string& path() const override { return path_; }

 private:
  SimInode& inode() const { return device_->inodes.at(node_); }
  base::Status check_alive() const;
  base::Status check_writable(const char* call) const;
  // `count` or, if the effect says so, a part of it.
  size_t moved_of(size_t count, Effect effect);
  void read(uint64_t offset, std::span<char> into, Effect effect);

  const std::shared_ptr<SimDevice> device_;
  const std::string path_;
  const NodeId node_;
  const Access access_;
  const uint64_t life_;
};

class SimLock : public Lock {
 public:
  SimLock(std::shared_ptr<SimDevice> device, NodeId node);
  ~SimLock() override;
  SimLock(const SimLock&) = delete;
  SimLock& operator=(const SimLock&) = delete;

 private:
  const std::shared_ptr<SimDevice> device_;
  const NodeId node_;
  const uint64_t life_;
};

}  // namespace distkv::storage::io::test
