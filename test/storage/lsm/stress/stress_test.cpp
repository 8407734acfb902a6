// Real threads over a real disk, for the thread sanitizer above all: bounded by operations, not by
// time.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "storage/lsm/stress/owner.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr size_t kOperations = 2000;
constexpr int kLives = 3;
constexpr uint64_t kSeeds = 4;

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "distkv-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string store() const { return path_ + "/store"; }

 private:
  std::string path_;
};

}  // namespace

TEST_SUITE_BEGIN("lsm on threads");

TEST_CASE("every question is answered, and with what was written") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const Directory directory;
    Owner owner(seed);
    for (int life = 0; life < kLives; ++life) owner.live(directory.store(), kOperations);
    CHECK(owner.wrong() == 0);
    CHECK(owner.answers() > kOperations);
    CHECK(owner.bytes_merged() > 0);
    CHECK(owner.count(directory.store()) > 0);
    for (const std::string& copy : owner.copies()) CHECK(owner.count(copy) > 0);
  }
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
