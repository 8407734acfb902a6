// One open file of Linux. Stateless but for its descriptor: each call is one system call, answered
// as it came.
#pragma once

#include "storage/io/descriptor.h"
#include "storage/io/file_system.h"

namespace distkv::storage::io {

class PosixFile : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  base::Result<Moved> read_some(uint64_t offset, std::span<char> into) override;
  base::Result<bool> read_cached(uint64_t offset, std::span<char> into) override;
  base::Result<Moved> write_some(uint64_t offset, std::string_view bytes) override;
  base::Status sync() override;
  void start_write_out(uint64_t offset, uint64_t bytes) override;
  // The file grows to `bytes` where the file system can reserve; ok and unchanged where it cannot.
  base::Status reserve(uint64_t bytes) override;
  base::Result<uint64_t> size() override;
  const std::string& path() const override { return path_; }

 private:
  base::Result<Moved> moved(int64_t answer, const char* call) const;

  const std::string path_;
  const Descriptor descriptor_;
};

}  // namespace distkv::storage::io
