#include "storage/lsm/manifest/manifest.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "states.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/manifest/frames.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Id128;

constexpr StoreId kStore(Id128{7, 8});

struct Disk {
  std::string path(const std::string& name) const { return directory + "/" + name; }
  std::string contents(const std::string& name) const { return files.contents(path(name)); }
  void write(const std::string& name, const std::string& bytes) {
    files.replace(path(name), bytes);
  }
  auto read() { return Manifest::read(files, directory); }
  std::unique_ptr<Manifest> start(const StoreState& state) {
    auto manifest = Manifest::start(files, directory, kStore, state);
    REQUIRE(manifest.is_ok());
    return std::move(*manifest);
  }
  StoreState state() {
    auto found = read();
    REQUIRE_MESSAGE(found.is_ok(), found.status().message());
    REQUIRE(found->has_value());
    return (*found)->state;
  }

  io::test::SimFileSystem files{1};
  const std::string directory = "/store";
  const bool is_made = files.make_directory(directory).is_ok();
};

void add(Manifest& manifest, const Edit& edit, StoreState& state) {
  REQUIRE(manifest.add(edit).is_ok());
  REQUIRE(apply(edit, state).is_ok());
}

TEST_SUITE_BEGIN("manifest");

TEST_CASE("a new directory has no manifest") {
  Disk disk;

  const auto found = disk.read();

  REQUIRE(found.is_ok());
  CHECK_FALSE(found->has_value());
}

TEST_CASE("the state that was started with, and every edit, are read back") {
  Disk disk;
  auto state = sample_state();
  const auto manifest = disk.start(state);
  CHECK(disk.state() == state);

  for (int i = 0; i < 5; ++i) {
    add(*manifest, flush_of(state), state);
    CHECK(disk.state() == state);
  }
  add(*manifest, sweep_of(state, {0, 499}, {table_of(17, {0, 480})}), state);
  REQUIRE(manifest->close().is_ok());

  const auto found = disk.read();
  CHECK((*found)->state == state);
  CHECK((*found)->store == kStore);
  CHECK((*found)->has_end);
}

TEST_CASE("each start makes a new file and removes all others, those of a crash too") {
  Disk disk;
  disk.write("manifest-000007", "half a state");
  disk.write("manifest-x", "not ours");
  disk.start(sample_state());
  CHECK(*disk.files.list(disk.directory) ==
        std::vector<std::string>{"CURRENT", "manifest-000008", "manifest-x"});

  disk.start(sample_state());

  CHECK(*disk.files.list(disk.directory) ==
        std::vector<std::string>{"CURRENT", "manifest-000009", "manifest-x"});
}

TEST_CASE("a directory with tables, but without CURRENT, is not new") {
  Disk disk;
  disk.write(table_name(FileId(3)), "a table");

  CHECK(disk.read().code() == Code::kCorrupt);
}

TEST_CASE("an edit that does not fit is not written, and the next one that does is") {
  Disk disk;
  auto state = sample_state();
  const auto manifest = disk.start(state);
  auto wrong = flush_of(state);
  wrong.flushed = Sequence(1);

  CHECK(manifest->add(wrong).code() == Code::kCorrupt);
  CHECK(disk.state() == state);

  add(*manifest, flush_of(state), state);
  CHECK(disk.state() == state);
}

// Where each frame of the file ends, padding apart.
std::vector<uint64_t> frame_ends(const std::string& bytes) {
  const auto parsed = parse_manifest(bytes, 1);
  REQUIRE(parsed.is_ok());
  std::vector<uint64_t> ends;
  for (const auto& frame : parsed->frames) {
    ends.push_back(static_cast<uint64_t>(frame.body.end() - bytes.data()));
  }
  return ends;
}

TEST_CASE("a tail cut anywhere leaves the edits before it, the state never fewer") {
  Disk disk;
  std::vector<StoreState> states{sample_state()};
  auto manifest = disk.start(states[0]);
  for (int i = 0; i < 2; ++i) {
    auto state = states.back();
    add(*manifest, flush_of(state), state);
    states.push_back(state);
  }
  const std::string whole = disk.contents("manifest-000001");
  const auto ends = frame_ends(whole);
  REQUIRE(ends.size() == states.size());

  for (size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    disk.write("manifest-000001", whole.substr(0, size));
    const auto frames = std::upper_bound(ends.begin(), ends.end(), size) - ends.begin();
    if (frames == 0) {
      CHECK(disk.read().code() == Code::kCorrupt);
    } else {
      CHECK(disk.state() == states[static_cast<size_t>(frames - 1)]);
    }
  }
}

TEST_CASE("a flipped bit anywhere is found, or costs nothing but the end frame") {
  Disk disk;
  auto state = sample_state();
  auto manifest = disk.start(state);
  add(*manifest, flush_of(state), state);
  add(*manifest, flush_of(state), state);
  const uint64_t edits_end = manifest->bytes();
  const std::string whole = disk.contents("manifest-000001");
  const auto ends = frame_ends(whole);

  for (size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    disk.write("manifest-000001", damaged);
    const bool is_frame =
        at < ends[0] || (at >= 4096 && at < ends[1]) || (at >= 8192 && at < ends[2]);
    if (is_frame) {
      CHECK(disk.read().code() == Code::kCorrupt);
    } else {
      CHECK(disk.state() == state);
      CHECK((*disk.read())->has_end == (at < edits_end));
    }
  }
}

TEST_CASE("a damaged CURRENT, or one that names what is not there, is corrupt") {
  Disk disk;
  disk.start(sample_state());
  const std::string whole = disk.contents("CURRENT");
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    disk.write("CURRENT", damaged);
    CHECK(disk.read().code() == Code::kCorrupt);
  }
  disk.write("CURRENT", std::string(5000, 'x'));
  CHECK(disk.read().code() == Code::kCorrupt);
  disk.write("CURRENT", whole);
  REQUIRE(disk.files.remove(disk.path("manifest-000001")).is_ok());
  CHECK(disk.read().code() == Code::kCorrupt);
}

TEST_CASE("another manifest's bytes under this name are corrupt") {
  Disk disk;
  disk.start(sample_state());
  const std::string first = disk.contents("manifest-000001");
  disk.start(sample_state());

  disk.write("manifest-000002", first);

  CHECK(disk.read().code() == Code::kCorrupt);
}

TEST_CASE("a file is long when its edits outweigh the state it began with") {
  Disk disk;
  StoreState state;
  auto manifest = disk.start(state);

  // Runs of many tables come and go, so that edits are large and the state stays small.
  while (!manifest->is_long()) {
    REQUIRE(manifest->bytes() < (5 << 20));
    auto edit = flush_of(state);
    auto& put = edit.puts[0];
    put.run.tables.clear();
    for (uint64_t table = 0; table < 500; ++table) {
      put.run.tables.push_back(table_of(state.next_file.value() + table, {table, table}));
    }
    edit.next_file = FileId(state.next_file.value() + 500);
    if (!state.spaces[0].empty()) put.replaces = {state.spaces[0][0].id};
    add(*manifest, edit, state);
  }
  manifest = disk.start(state);

  CHECK_FALSE(manifest->is_long());
  CHECK(disk.state() == state);
}

TEST_CASE("names are parsed only in the form they are written") {
  CHECK(table_name(FileId(12)) == "000012.sst");
  CHECK(table_name(FileId(12345678)) == "12345678.sst");
  CHECK(parse_table_name("000012.sst") == FileId(12));
  CHECK(parse_table_name("18446744073709551615.sst") == FileId(UINT64_MAX));
  for (const char* name : {"12.sst", "0000012.sst", "00001x.sst", ".sst", "000012.ss", "-00012.sst",
                           "18446744073709551616.sst", "manifest-000001"}) {
    CHECK_FALSE(parse_table_name(name));
  }
  CHECK(manifest_name(3) == "manifest-000003");
  CHECK(parse_manifest_name("manifest-000003") == 3);
  CHECK_FALSE(parse_manifest_name("manifest-3"));
  CHECK_FALSE(parse_manifest_name("000003"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
