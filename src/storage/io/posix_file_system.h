// The operating system's files (Linux). Stateless but for open descriptors; safe from any thread.
#pragma once

#include "storage/io/file_system.h"

namespace distkv::storage::io {

class PosixFileSystem : public FileSystem {
 public:
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
};

}  // namespace distkv::storage::io
