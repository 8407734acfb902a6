#include "storage/io/whole.h"

#include <doctest/doctest.h>

#include <array>
#include <deque>

#include "storage/io/posix_file_system.h"
#include "storage/io/scratch.h"

namespace distkv::storage::io {
namespace {

using base::Code;
using base::Result;
using base::Status;

// Moves as many bytes as the script says, one entry a call; an empty entry is an interruption.
// After the script everything asked for moves, unless it is stuck.
class ScriptedFile : public File {
 public:
  struct Step {
    size_t bytes = 0;
    bool is_interrupted = false;
    Status status = Status::ok();
  };

  Result<Moved> read_some(uint64_t offset, std::span<char> into) override {
    if (offset >= bytes.size() && steps.empty() && !is_stuck) return Moved{};
    const auto moved = next(std::min<size_t>(into.size(), bytes.size() - offset));
    if (moved.is_ok()) bytes.copy(into.data(), moved->bytes, offset);
    return moved;
  }
  Result<Moved> write_some(uint64_t offset, std::string_view from) override {
    const auto moved = next(from.size());
    if (moved.is_ok()) bytes.replace(offset, moved->bytes, from.substr(0, moved->bytes));
    return moved;
  }
  Result<bool> read_cached(uint64_t, std::span<char>) override { return false; }
  Status sync() override { return Status::ok(); }
  void start_write_out(uint64_t, uint64_t) override {}
  Status reserve(uint64_t) override { return Status::ok(); }
  Result<uint64_t> size() override { return uint64_t{bytes.size()}; }
  const std::string& path() const override { return path_; }

  std::string bytes;
  std::deque<Step> steps;
  bool is_stuck = false;
  bool is_interrupted_forever = false;

 private:
  Result<Moved> next(size_t wanted) {
    if (is_stuck) return Moved{};
    if (is_interrupted_forever) return Moved{.is_interrupted = true};
    if (steps.empty()) return Moved{.bytes = wanted};
    const Step step = steps.front();
    steps.pop_front();
    if (!step.status.is_ok()) return step.status;
    return Moved{.bytes = std::min(step.bytes, wanted), .is_interrupted = step.is_interrupted};
  }

  std::string path_ = "scripted";
};

}  // namespace

TEST_SUITE_BEGIN("whole reads and writes");

TEST_CASE("short counts and interruptions end in a whole read") {
  ScriptedFile file;
  file.bytes = "0123456789";
  file.steps = {{.bytes = 1}, {.is_interrupted = true}, {.bytes = 3}};
  std::array<char, 6> into{};

  REQUIRE(read_fully(file, 2, into).is_ok());

  CHECK(std::string_view(into.data(), 6) == "234567");
}

TEST_CASE("short counts and interruptions end in a whole write") {
  ScriptedFile file;
  file.steps = {{.bytes = 1}, {.is_interrupted = true}, {.bytes = 0}, {.bytes = 3}};

  REQUIRE(write_fully(file, 0, "abcdefgh").is_ok());

  CHECK(file.bytes == "abcdefgh");
}

TEST_CASE("a file that ends before what is read is damage at that offset") {
  ScriptedFile file;
  file.bytes = "0123";
  std::array<char, 6> into{};

  const Status status = read_fully(file, 1, into);

  CHECK(status.code() == Code::kCorrupt);
  CHECK(status.message().find("scripted: the file ends at offset 4") == 0);
}

TEST_CASE("a system that never moves anything is given up") {
  ScriptedFile stuck;
  stuck.is_stuck = true;
  CHECK(write_fully(stuck, 0, "x").code() == Code::kIo);
  ScriptedFile interrupted;
  interrupted.is_interrupted_forever = true;
  interrupted.bytes = "x";
  std::array<char, 1> into{};
  CHECK(write_fully(interrupted, 0, "x").code() == Code::kIo);
  CHECK(read_fully(interrupted, 0, into).code() == Code::kIo);
}

TEST_CASE("an error after a part has moved is the answer") {
  ScriptedFile file;
  file.steps = {{.bytes = 1}, {.status = Status(Code::kNoSpace, "full")}};

  CHECK(write_fully(file, 0, "abc").code() == Code::kNoSpace);
}

TEST_CASE("nothing to move is done at once") {
  ScriptedFile file;
  file.is_stuck = true;

  CHECK(read_fully(file, 100, {}).is_ok());
  CHECK(write_fully(file, 100, "").is_ok());
}

TEST_CASE("a small file is read whole, a larger one than expected is refused") {
  test::Scratch scratch;
  PosixFileSystem files;
  REQUIRE(replace_file(files, scratch.path(), "a", "12345").is_ok());

  CHECK(*read_file(files, scratch.path("a"), 5) == "12345");
  CHECK(read_file(files, scratch.path("a"), 4).code() == Code::kTooLarge);
  CHECK(read_file(files, scratch.path("b"), 4).code() == Code::kIo);
}

TEST_CASE("a file is replaced whole, and nothing is left beside it") {
  test::Scratch scratch;
  PosixFileSystem files;
  REQUIRE(replace_file(files, scratch.path(), "a", "old and long").is_ok());

  REQUIRE(replace_file(files, scratch.path(), "a", "new").is_ok());

  CHECK(*read_file(files, scratch.path("a"), 100) == "new");
  CHECK(*files.list(scratch.path()) == std::vector<std::string>{"a"});
}

TEST_CASE("what an earlier attempt left beside the file does not stop the next") {
  test::Scratch scratch;
  PosixFileSystem files;
  REQUIRE(files.open(scratch.path("a.new"), Access::kCreate).is_ok());

  REQUIRE(replace_file(files, scratch.path(), "a", "new").is_ok());

  CHECK(*files.list(scratch.path()) == std::vector<std::string>{"a"});
  CHECK(replace_file(files, scratch.path("missing"), "a", "x").code() == Code::kIo);
}

TEST_CASE("a replacement that cannot take the name cleans up after itself") {
  test::Scratch scratch;
  PosixFileSystem files;
  REQUIRE(files.make_directory(scratch.path("a")).is_ok());

  CHECK(replace_file(files, scratch.path(), "a", "x").code() == Code::kIo);

  CHECK(*files.list(scratch.path()) == std::vector<std::string>{"a"});
}

TEST_SUITE_END();

}  // namespace distkv::storage::io
