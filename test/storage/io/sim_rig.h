// A simulated disk and the steps that the tests of it repeat.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "storage/io/sim_file_system.h"
#include "storage/io/whole.h"

namespace distkv::storage::io::test {

struct SimRig {
  explicit SimRig(uint64_t seed = 1) : disk(seed) {}

  std::unique_ptr<File> open(const std::string& path, Access access = Access::kReadWrite) {
    auto file = disk.open(path, access);
    REQUIRE_MESSAGE(file.is_ok(), file.status().to_string());
    return std::move(*file);
  }
  // Nothing of it is durable.
  std::unique_ptr<File> put(const std::string& path, const std::string& bytes) {
    auto file = open(path, Access::kCreate);
    REQUIRE(write_fully(*file, 0, bytes).is_ok());
    return file;
  }
  // In the root directory.
  std::unique_ptr<File> put_durably(const std::string& path, const std::string& bytes) {
    auto file = put(path, bytes);
    REQUIRE(file->sync().is_ok());
    REQUIRE(disk.sync_directory("/").is_ok());
    return file;
  }
  void crash(uint64_t seed) {
    base::Rng rng(seed);
    disk.crash(rng);
  }
  // "(none)" if there is no such file.
  std::string contents(const std::string& path) {
    return *disk.exists(path) ? disk.contents(path) : "(none)";
  }

  SimFileSystem disk;
};

}  // namespace distkv::storage::io::test
