#include "storage/lsm/manifest/manifest.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/hash.h"
#include "storage/io/whole.h"
#include "storage/lsm/manifest/codec.h"
#include "storage/lsm/manifest/frames.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr const char* kCurrentName = "CURRENT";
constexpr size_t kCurrentBytesMax = 256;  // A name, a checksum, and room to see that it is wrong.
// Far above what a state and the edits before the next file come to; bounds what is read.
constexpr size_t kFileBytesMax = size_t{1} << 30;
// Below this a file is read in some milliseconds, whatever it holds; beyond, a new one pays when
// the state is a quarter of it at most: writing states then costs a third of writing edits.
constexpr uint64_t kLongBytesMin = 4 << 20;
constexpr uint64_t kLongGrowth = 4;

// "manifest-000003 0123456789abcdef\n": the name and its XXH3-64.
std::string current_line(const std::string& name) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(base::hash64(name)));
  return name + " " + digits.data() + "\n";
}

Status corrupt(const std::string& path, const std::string& what) {
  return {Code::kCorrupt, path + ": " + what};
}

// Without CURRENT a directory is new, unless tables show that it was not.
Status check_new(io::FileSystem& files, const std::string& directory) {
  const auto names = files.list(directory);
  if (!names.is_ok()) return names.status();
  for (const auto& name : *names) {
    if (parse_table_name(name)) {
      return corrupt(directory + "/" + kCurrentName, "is missing, but there is " + name);
    }
  }
  return Status::ok();
}

// The name that CURRENT holds.
Result<std::string> read_current(io::FileSystem& files, const std::string& path) {
  auto line = io::read_file(files, path, kCurrentBytesMax);
  if (line.code() == Code::kTooLarge) return corrupt(path, line.status().message());
  if (!line.is_ok()) return line.status();
  const std::string name = line->substr(0, line->find(' '));
  if (current_line(name) != *line || !parse_manifest_name(name)) {
    return corrupt(path, "fails its checksum");
  }
  return name;
}

Result<Manifest::Found> decode(const ManifestBytes& parsed) {
  auto state = decode_state(parsed.frames.front().body);
  if (!state.is_ok()) return state.status();
  for (size_t i = 1; i < parsed.frames.size(); ++i) {
    const auto& frame = parsed.frames[i];
    const auto edit = decode_edit(frame.body);
    const Status status = edit.is_ok() ? apply(*edit, *state) : edit.status();
    if (!status.is_ok()) {
      return Status(Code::kCorrupt,
                    "offset " + std::to_string(frame.offset) + ": " + status.message());
    }
  }
  return Manifest::Found{parsed.store, std::move(*state), parsed.has_end};
}

}  // namespace

Result<std::optional<Manifest::Found>> Manifest::read(io::FileSystem& files,
                                                      const std::string& directory) {
  const std::string current = directory + "/" + kCurrentName;
  const auto is_there = files.exists(current);
  if (!is_there.is_ok()) return is_there.status();
  if (!*is_there) {
    if (auto status = check_new(files, directory); !status.is_ok()) return status;
    return std::optional<Found>();
  }
  const auto name = read_current(files, current);
  if (!name.is_ok()) return name.status();
  const std::string path = directory + "/" + *name;
  const auto has_file = files.exists(path);
  if (!has_file.is_ok()) return has_file.status();
  if (!*has_file) return corrupt(path, "is missing, but CURRENT names it");
  const auto bytes = io::read_file(files, path, kFileBytesMax);
  if (!bytes.is_ok()) return bytes.status();
  const auto parsed = parse_manifest(*bytes, *parse_manifest_name(*name));
  if (!parsed.is_ok()) return corrupt(path, parsed.status().message());
  auto found = decode(*parsed);
  if (!found.is_ok()) return corrupt(path, found.status().message());
  return std::optional<Found>(std::move(*found));
}

Manifest::Manifest(Started, io::FileSystem& files, std::string directory, StoreId store,
                   StoreState state)
    : files_(files), directory_(std::move(directory)), store_(store), state_(std::move(state)) {}

Result<std::unique_ptr<Manifest>> Manifest::start(io::FileSystem& files,
                                                  const std::string& directory, StoreId store,
                                                  const StoreState& state) {
  if (auto status = check(state); !status.is_ok()) return status;
  auto manifest = std::make_unique<Manifest>(Started(), files, directory, store, state);
  if (auto status = manifest->start_file(); !status.is_ok()) return status;
  return manifest;
}

std::string Manifest::path_of(const std::string& name) const { return directory_ + "/" + name; }

// A crash before CURRENT changes leaves the old file current and whole; after, the new one.
Status Manifest::start_file() {
  Status status = create_file();
  if (status.is_ok()) status = file_->sync();
  if (status.is_ok()) status = files_.sync_directory(directory_);
  if (!status.is_ok()) return status;
  status = io::replace_file(files_, directory_, kCurrentName, current_line(manifest_name(number_)));
  return status.is_ok() ? remove_others() : status;
}

// Its number is above that of every manifest there, current or left by a crash.
Status Manifest::create_file() {
  const auto names = files_.list(directory_);
  if (!names.is_ok()) return names.status();
  for (const auto& name : *names)
    number_ = std::max(number_, parse_manifest_name(name).value_or(0));
  if (number_ == UINT64_MAX) return corrupt(directory_, "the manifests' numbers have run out");
  ++number_;
  const ManifestIdentity identity{store_, number_};
  std::string bytes = encode_header(identity);
  bytes += encode_frame(identity, bytes.size(), FrameKind::kState, encode(state_));
  pad_to_block(bytes);
  end_ = bytes_at_start_ = bytes.size();
  bytes += encode_frame(identity, end_, FrameKind::kEnd, {});
  if (bytes.size() > kFileBytesMax) return {Code::kTooLarge, "manifest: the state is too large"};
  auto file = files_.open(path_of(manifest_name(number_)), io::Access::kCreate);
  if (!file.is_ok()) return file.status();
  file_ = std::move(*file);
  return io::write_fully(*file_, 0, bytes);
}

Status Manifest::remove_others() {
  const auto names = files_.list(directory_);
  if (!names.is_ok()) return names.status();
  for (const auto& name : *names) {
    const auto number = parse_manifest_name(name);
    if (!number || *number == number_) continue;
    if (auto status = files_.remove(path_of(name)); !status.is_ok()) return status;
  }
  return Status::ok();
}

Status Manifest::add(const Edit& edit) {
  if (!failure_.is_ok()) return failure_;
  StoreState next = state_;
  if (auto status = apply(edit, next); !status.is_ok()) return status;
  failure_ = append(edit);
  if (failure_.is_ok()) state_ = std::move(next);
  return failure_;
}

bool Manifest::is_long() const {
  return end_ >= kLongBytesMin && end_ >= kLongGrowth * bytes_at_start_;
}

// The end frame follows the sync of what it speaks for, and waits for no sync of its own: it is
// there after the death of the program, and after a loss of power some seconds later. The next edit
// goes over it, so that a torn end frame never stands before a whole edit.
Status Manifest::append(const Edit& edit) {
  const ManifestIdentity identity{store_, number_};
  std::string frame = encode_frame(identity, end_, FrameKind::kEdit, encode(edit));
  pad_to_block(frame);
  Status status = io::write_fully(*file_, end_, frame);
  if (status.is_ok()) status = file_->sync();
  if (!status.is_ok()) return status;
  end_ += frame.size();
  return io::write_fully(*file_, end_, encode_frame(identity, end_, FrameKind::kEnd, {}));
}

Status Manifest::close() {
  if (failure_.is_ok()) failure_ = file_->sync();
  return failure_;
}

}  // namespace distkv::storage::lsm
