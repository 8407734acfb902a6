#include "storage/io/posix_file_system.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "storage/io/descriptor.h"
#include "storage/io/posix_file.h"
#include "storage/io/scratch.h"
#include "storage/io/whole.h"

namespace distkv::storage::io {
namespace {

using base::Code;
using test::Scratch;

struct Disk {
  std::unique_ptr<File> open(const std::string& name, Access access) {
    auto file = files.open(scratch.path(name), access);
    REQUIRE_MESSAGE(file.is_ok(), file.status().to_string());
    return std::move(*file);
  }
  void put(const std::string& name, const std::string& bytes) {
    REQUIRE(write_fully(*open(name, Access::kCreate), 0, bytes).is_ok());
  }
  std::string contents(const std::string& name) {
    auto bytes = read_file(files, scratch.path(name), 1 << 20);
    REQUIRE_MESSAGE(bytes.is_ok(), bytes.status().to_string());
    return *bytes;
  }
  std::string path(const std::string& name) const { return scratch.path(name); }

  Scratch scratch;
  PosixFileSystem files;
};

bool mentions(const base::Status& status, const std::string& words) {
  return status.message().find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE_BEGIN("posix file system");

TEST_CASE("a file gives back what was written, at any offset, with zeros between") {
  Disk disk;
  auto file = disk.open("a", Access::kCreate);

  REQUIRE(write_fully(*file, 0, "begin").is_ok());
  REQUIRE(write_fully(*file, 8, "end").is_ok());

  CHECK(disk.contents("a") == std::string("begin\0\0\0end", 11));
  CHECK(*file->size() == 11);
  CHECK(file->path() == disk.path("a"));
  CHECK(file->sync().is_ok());
  file->start_write_out(0, 11);
  file->start_write_out(0, 0);
}

TEST_CASE("a read past the end moves nothing, one across it moves a part") {
  Disk disk;
  disk.put("a", "12345");
  auto file = disk.open("a", Access::kRead);
  std::array<char, 8> into{};

  CHECK((*file->read_some(5, into)).bytes == 0);
  CHECK((*file->read_some(500, into)).bytes == 0);
  CHECK((*file->read_some(3, into)).bytes == 2);
  CHECK(std::string_view(into.data(), 2) == "45");
}

TEST_CASE("an offset the system cannot express is an error that says so") {
  Disk disk;
  auto file = disk.open("a", Access::kCreate);
  std::array<char, 1> into{};

  CHECK(file->read_some(~uint64_t{0}, into).code() == Code::kIo);
  CHECK(file->write_some(~uint64_t{0}, "x").code() == Code::kIo);
  CHECK(file->reserve(~uint64_t{0}).code() == Code::kIo);
}

TEST_CASE("a cached read gives the right bytes or says that it cannot") {
  Disk disk;
  disk.put("a", std::string(10000, 'x'));
  auto file = disk.open("a", Access::kRead);
  std::string into(10000, '\0');

  const auto all = file->read_cached(0, into);
  REQUIRE(all.is_ok());
  if (*all) CHECK(into == std::string(10000, 'x'));
  const auto across_the_end = file->read_cached(1, into);
  REQUIRE(across_the_end.is_ok());
  CHECK_FALSE(*across_the_end);
  CHECK_FALSE(*file->read_cached(20000, into));
}

TEST_CASE("reserved space reads as zeros and keeps what was written") {
  Disk disk;
  auto file = disk.open("a", Access::kCreate);
  REQUIRE(write_fully(*file, 0, "kept").is_ok());

  REQUIRE(file->reserve(4096).is_ok());
  REQUIRE(file->reserve(0).is_ok());

  const std::string bytes = disk.contents("a");
  CHECK(bytes.substr(0, 4) == "kept");
  CHECK(bytes.find_first_not_of('\0', 4) == std::string::npos);
}

TEST_CASE("the file that is missing or already there is named, with the system's reason") {
  Disk disk;
  disk.put("there", "x");

  const auto missing = disk.files.open(disk.path("missing"), Access::kRead);
  CHECK(missing.code() == Code::kIo);
  CHECK(missing.status().message() == disk.path("missing") + ": open: No such file or directory");
  CHECK(disk.files.open(disk.path("missing"), Access::kReadWrite).code() == Code::kIo);
  const auto again = disk.files.open(disk.path("there"), Access::kCreate);
  CHECK(again.code() == Code::kIo);
  CHECK(mentions(again.status(), "exists"));
  CHECK(disk.contents("there") == "x");
}

TEST_CASE("a file opened for reading refuses to be written") {
  Disk disk;
  disk.put("a", "x");
  auto file = disk.open("a", Access::kRead);

  CHECK(file->write_some(0, "y").code() == Code::kIo);
  CHECK(file->reserve(100).code() == Code::kIo);
  CHECK(disk.contents("a") == "x");
}

TEST_CASE("opening for reading and writing keeps the contents") {
  Disk disk;
  disk.put("a", "abc");

  REQUIRE(write_fully(*disk.open("a", Access::kReadWrite), 1, "X").is_ok());

  CHECK(disk.contents("a") == "aXc");
}

TEST_CASE("a listing is sorted and leaves out the directory itself") {
  Disk disk;
  disk.put("b", "");
  disk.put("a", "");
  REQUIRE(disk.files.make_directory(disk.path("c")).is_ok());

  const auto names = disk.files.list(disk.scratch.path());
  REQUIRE(names.is_ok());
  CHECK(*names == std::vector<std::string>{"a", "b", "c"});
  CHECK(disk.files.list(disk.path("missing")).code() == Code::kIo);
  CHECK(disk.files.list(disk.path("a")).code() == Code::kIo);
}

TEST_CASE("a directory may be there already, a file in its place may not") {
  Disk disk;
  disk.put("file", "");

  CHECK(disk.files.make_directory(disk.path("d")).is_ok());
  CHECK(disk.files.make_directory(disk.path("d")).is_ok());
  CHECK(disk.files.make_directory(disk.path("file")).code() == Code::kIo);
  CHECK(disk.files.make_directory(disk.path("no/d")).code() == Code::kIo);
}

TEST_CASE("exists tells files and directories from nothing, and nothing from an error") {
  Disk disk;
  disk.put("a", "");

  CHECK(*disk.files.exists(disk.path("a")));
  CHECK(*disk.files.exists(disk.scratch.path()));
  CHECK_FALSE(*disk.files.exists(disk.path("b")));
  CHECK(disk.files.exists(disk.path("a/b")).code() == Code::kIo);
}

TEST_CASE("rename replaces the file of the new name") {
  Disk disk;
  disk.put("old", "1");
  disk.put("new", "2");

  REQUIRE(disk.files.rename(disk.path("old"), disk.path("new")).is_ok());

  CHECK(disk.contents("new") == "1");
  CHECK_FALSE(*disk.files.exists(disk.path("old")));
  const auto missing = disk.files.rename(disk.path("old"), disk.path("new"));
  CHECK(missing.code() == Code::kIo);
  CHECK(mentions(missing, disk.path("old")));
  CHECK(mentions(missing, disk.path("new")));
}

TEST_CASE("a link is a second name of one file and never replaces one") {
  Disk disk;
  disk.put("a", "1");
  disk.put("taken", "2");

  REQUIRE(disk.files.link(disk.path("a"), disk.path("b")).is_ok());
  REQUIRE(write_fully(*disk.open("a", Access::kReadWrite), 0, "X").is_ok());

  CHECK(disk.contents("b") == "X");
  CHECK(disk.files.link(disk.path("a"), disk.path("taken")).code() == Code::kInvalidArgument);
  CHECK(disk.contents("taken") == "2");
  CHECK(disk.files.link(disk.path("missing"), disk.path("c")).code() == Code::kIo);
}

TEST_CASE("a removed file is gone by name and lives on for those who have it open") {
  Disk disk;
  disk.put("a", "1");
  auto file = disk.open("a", Access::kRead);

  REQUIRE(disk.files.remove(disk.path("a")).is_ok());

  CHECK_FALSE(*disk.files.exists(disk.path("a")));
  std::array<char, 1> into{};
  CHECK(read_fully(*file, 0, into).is_ok());
  CHECK(disk.files.remove(disk.path("a")).code() == Code::kIo);
  CHECK(disk.files.remove(disk.scratch.path()).code() == Code::kIo);
}

TEST_CASE("only a directory can be synced as one") {
  Disk disk;
  disk.put("a", "1");

  CHECK(disk.files.sync_directory(disk.scratch.path()).is_ok());
  CHECK(disk.files.sync_directory(disk.path("a")).code() == Code::kIo);
  CHECK(disk.files.sync_directory(disk.path("missing")).code() == Code::kIo);
}

TEST_CASE("free space is told for a directory that is there") {
  Disk disk;

  const auto free = disk.files.free_bytes(disk.scratch.path());
  REQUIRE(free.is_ok());
  CHECK(*free > 0);
  CHECK(disk.files.free_bytes(disk.path("missing")).code() == Code::kIo);
}

TEST_CASE("a lock is held once, even within one program, and can be taken again") {
  Disk disk;
  auto held = disk.files.lock(disk.path("LOCK"));
  REQUIRE(held.is_ok());

  const auto second = disk.files.lock(disk.path("LOCK"));
  CHECK(second.code() == Code::kUnavailable);
  CHECK(second.status().message() == disk.path("LOCK") + ": already in use by another process");
  (*held).reset();
  CHECK(disk.files.lock(disk.path("LOCK")).is_ok());
  CHECK(disk.files.lock(disk.path("no/LOCK")).code() == Code::kIo);
}

TEST_CASE("a full device is told apart from a broken one") {
  PosixFileSystem files;
  auto full = files.open("/dev/full", Access::kReadWrite);
  if (!full.is_ok()) return;  // A container without devices.

  const auto written = (*full)->write_some(0, "x");

  CHECK(written.code() == Code::kNoSpace);
  CHECK(mentions(written.status(), "/dev/full: pwrite: "));
  CHECK(system_failure("a", "write", EDQUOT).code() == Code::kNoSpace);
  CHECK(system_failure("a", "write", EIO).code() == Code::kIo);
}

TEST_CASE("what cannot be read at an offset cannot be synced or cached either") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  Descriptor reader(ends[0]);
  PosixFile writer("pipe", Descriptor(ends[1]));
  std::array<char, 1> into{};

  CHECK(writer.read_some(0, into).code() == Code::kIo);
  CHECK(writer.sync().code() == Code::kIo);
  const auto cached = writer.read_cached(0, into);
  REQUIRE(cached.is_ok());
  CHECK_FALSE(*cached);
}

TEST_SUITE_END();

}  // namespace distkv::storage::io
