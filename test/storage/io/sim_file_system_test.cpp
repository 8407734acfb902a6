// The simulated disk's own rules, without crashes and faults: it behaves as PosixFileSystem does.
#include "storage/io/sim_file_system.h"

#include <doctest/doctest.h>

#include <array>

#include "storage/io/posix_file_system.h"
#include "storage/io/scratch.h"
#include "storage/io/sim_rig.h"
#include "storage/io/whole.h"

namespace distkv::storage::io::test {

using base::Code;

namespace {
// One line a call, with what it answered: the two file systems must write the same.
class Transcript {
 public:
  Transcript(FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {}

  std::string play() {
    names();
    contents();
    directories();
    return lines_;
  }

 private:
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  void note(const base::Status& status) { lines_ += std::string(name_of(status.code())) + "\n"; }
  template <typename T>
  void note_result(const base::Result<T>& result) {
    note(result.status());
  }
  void list() {
    const auto names = files_.list(root_);
    REQUIRE(names.is_ok());
    for (const std::string& name : *names) lines_ += name + " ";
    lines_ += "\n";
  }
  void read(const std::string& name) {
    const auto bytes = read_file(files_, path(name), 100000);
    lines_ += bytes.is_ok() ? "'" + *bytes + "'\n" : std::string(name_of(bytes.code())) + "\n";
  }

  void names() {
    note_result(files_.open(path("a"), Access::kRead));
    note_result(files_.open(path("a"), Access::kCreate));
    note_result(files_.open(path("a"), Access::kCreate));
    note_result(files_.open(path("no/a"), Access::kCreate));
    note(files_.link(path("a"), path("b")));
    note(files_.link(path("a"), path("b")));
    note(files_.link(path("no"), path("c")));
    note(files_.rename(path("no"), path("c")));
    note(files_.rename(path("a"), path("b")));
    list();
    note(files_.rename(path("b"), path("c")));
    note(files_.remove(path("no")));
    note(files_.remove(path("a")));
    list();
    note(replace_file(files_, root_, "c", "one"));
    note(replace_file(files_, root_, "c", "two"));
    list();
    read("c");
  }
  void contents() {
    auto opened = files_.open(path("f"), Access::kCreate);
    REQUIRE(opened.is_ok());
    File& file = **opened;
    note(write_fully(file, 600, std::string(5000, 'x')));
    note(write_fully(file, 10, "early"));
    note(file.reserve(9000));
    note(file.sync());
    read("f");
    lines_ += std::to_string(*file.size()) + "\n";
    std::array<char, 100> into{};
    lines_ += std::to_string((*file.read_some(8950, into)).bytes) + "\n";
    lines_ += std::to_string((*file.read_some(9000, into)).bytes) + "\n";
    note(files_.remove(path("f")));
    note(read_fully(file, 0, into));
    auto reader = files_.open(path("c"), Access::kRead);
    note_result((*reader)->write_some(0, "x"));
    note((*reader)->reserve(10));
    note(read_fully(**reader, 0, into));
  }
  void directories() {
    note(files_.make_directory(path("d")));
    note(files_.make_directory(path("d")));
    note(files_.make_directory(path("c")));
    note(files_.make_directory(path("no/d")));
    note(replace_file(files_, path("d"), "inner", "inner"));
    note(files_.rename(path("c"), path("d")));
    note(files_.rename(path("d"), path("e")));
    read("e/inner");
    note(files_.rename(path("e"), path("c")));
    note(files_.remove(path("e")));
    note(files_.sync_directory(path("e")));
    note(files_.sync_directory(path("c")));
    note(files_.sync_directory(path("no")));
    note_result(files_.list(path("c")));
    note_result(files_.free_bytes(path("no")));
    auto lock = files_.lock(path("LOCK"));
    note_result(lock);
    note_result(files_.lock(path("LOCK")));
    (*lock).reset();
    note_result(files_.lock(path("LOCK")));
    note_result(files_.lock(path("no/LOCK")));
    list();
  }

  FileSystem& files_;
  const std::string root_;
  std::string lines_;
};
}  // namespace

TEST_SUITE_BEGIN("simulated disk");

TEST_CASE("while nothing goes wrong it answers as Linux does") {
  Scratch scratch;
  PosixFileSystem real;
  SimFileSystem simulated(1);
  REQUIRE(simulated.make_directory("/store").is_ok());

  CHECK(Transcript(simulated, "/store").play() == Transcript(real, scratch.path()).play());
}

TEST_CASE("spellings of one path are one path") {
  SimRig rig;
  rig.put("/a", "x");

  CHECK(rig.disk.contents("a") == "x");
  CHECK(rig.disk.contents("//a/") == "x");
  CHECK(rig.disk.contents("./a") == "x");
  CHECK(rig.disk.paths() == std::vector<std::string>{"/a"});
}

TEST_CASE("cached reads answer always, never, or now and then") {
  SimRig rig;
  auto file = rig.put("/a", "0123456789");
  std::array<char, 4> into{};

  CHECK(*file->read_cached(2, into));
  CHECK(std::string_view(into.data(), 4) == "2345");
  CHECK_FALSE(*file->read_cached(7, into));
  rig.disk.set_cached_reads(CachedReads::kNever);
  CHECK_FALSE(*file->read_cached(2, into));
  rig.disk.set_cached_reads(CachedReads::kRandom);
  int hits = 0;
  for (int i = 0; i < 100; ++i) hits += *file->read_cached(2, into) ? 1 : 0;
  CHECK(hits > 20);
  CHECK(hits < 80);
}

TEST_CASE("a disk that cannot reserve says ok and does nothing") {
  SimRig rig;
  rig.disk.set_can_reserve(false);
  auto file = rig.put("/a", "x");

  CHECK(file->reserve(10000).is_ok());
  CHECK(*file->size() == 1);
}

TEST_CASE("space is taken in 4 KiB, once for all names, until name and open file are gone") {
  SimRig rig;
  rig.disk.set_capacity(10 * 4096);
  auto file = rig.put("/a", std::string(4097, 'x'));
  CHECK(*rig.disk.free_bytes("/") == 8 * 4096);

  REQUIRE(rig.disk.link("/a", "/b").is_ok());
  CHECK(*rig.disk.free_bytes("/") == 8 * 4096);
  REQUIRE(rig.disk.remove("/a").is_ok());
  REQUIRE(rig.disk.remove("/b").is_ok());
  CHECK(*rig.disk.free_bytes("/") == 8 * 4096);
  file.reset();
  CHECK(*rig.disk.free_bytes("/") == 10 * 4096);
}

TEST_CASE("a full disk takes what fits, then nothing, until space is given back") {
  SimRig rig;
  rig.disk.set_capacity(2 * 4096);
  auto file = rig.put("/a", std::string(4096, 'x'));

  CHECK((*file->write_some(4096, std::string(10000, 'y'))).bytes == 4096);
  CHECK(file->write_some(8192, "z").code() == Code::kNoSpace);
  CHECK(file->reserve(8193).code() == Code::kNoSpace);
  CHECK(write_fully(*file, 0, "over").is_ok());
  CHECK(rig.disk.contents("/a").size() == 8192);
  rig.disk.set_capacity(4096);
  CHECK(*rig.disk.free_bytes("/") == 0);
  rig.disk.set_capacity(3 * 4096);
  CHECK(write_fully(*file, 8192, "z").is_ok());
}

TEST_CASE("the test's tools change the disk for good and count as no operation") {
  SimRig rig;
  rig.put("/a", "0123456789");
  const uint64_t before = rig.disk.operations();

  rig.disk.corrupt("/a", 1, 1);
  rig.disk.corrupt("/a", 10, 1);
  CHECK(rig.disk.contents("/a") == "0023456789");
  rig.disk.swap_ranges("/a", {.first = 0, .second = 8, .bytes = 2});
  CHECK(rig.disk.contents("/a") == "8923456700");
  rig.disk.truncate("/a", 3);
  CHECK(rig.disk.durable_contents("/a") == "892");
  rig.disk.truncate("/a", 5);
  CHECK(rig.disk.contents("/a") == std::string("892\0\0", 5));
  rig.disk.replace("/b", "new");
  rig.crash(1);
  CHECK(rig.disk.contents("/b") == "new");
  CHECK(rig.disk.operations() == before);
}

TEST_CASE("a copy starts as the original is and goes its own way") {
  SimRig rig;
  auto file = rig.put_durably("/a", std::string(10000, 'x'));
  REQUIRE(write_fully(*file, 0, "pending").is_ok());
  auto held = rig.disk.lock("/LOCK");

  auto copy = rig.disk.copy();
  CHECK(copy->contents("/a") == rig.disk.contents("/a"));
  CHECK(copy->operations() == rig.disk.operations());
  CHECK(copy->lock("/LOCK").is_ok());
  copy->corrupt("/a", 9999, 1);
  REQUIRE(write_fully(*file, 5000, "mine").is_ok());
  REQUIRE(copy->remove("/a").is_ok());

  CHECK(rig.disk.contents("/a").substr(5000, 4) == "mine");
  CHECK(rig.disk.contents("/a").back() == 'x');
  CHECK(copy->paths() == std::vector<std::string>{"/LOCK"});
}

TEST_CASE("files and locks may outlive their disk") {
  auto disk = std::make_unique<SimFileSystem>(1);
  auto file = disk->open("/a", Access::kCreate);
  auto lock = disk->lock("/LOCK");

  disk.reset();

  CHECK(write_fully(**file, 0, "x").is_ok());
}

TEST_CASE("64 MiB of zeros cost next to nothing to write, sync and copy") {
  SimRig rig;
  auto file = rig.put("/log", "");
  const std::string zeros(1 << 20, '\0');
  for (uint64_t at = 0; at < 64; ++at) REQUIRE(write_fully(*file, at << 20, zeros).is_ok());
  REQUIRE(file->sync().is_ok());

  auto copy = rig.disk.copy();
  REQUIRE(write_fully(*file, 32 << 20, "x").is_ok());

  std::array<char, 1> into{'?'};
  REQUIRE(read_fully(**copy->open("/log", Access::kRead), 32 << 20, into).is_ok());
  CHECK(into[0] == '\0');
}

TEST_SUITE_END();

}  // namespace distkv::storage::io::test
