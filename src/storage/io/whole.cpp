#include "storage/io/whole.h"

namespace distkv::storage::io {

namespace {
// Calls in a row that move nothing. Signals come a few a second; a system that accepts nothing so
// often never will.
constexpr int kIdleCallsMax = 1000;

base::Status gave_up(const File& file, const char* call, uint64_t offset) {
  return {base::Code::kIo,
          file.path() + ": " + call + ": nothing moves at offset " + std::to_string(offset)};
}

base::Status ended(const File& file, uint64_t offset) {
  return {base::Code::kCorrupt, file.path() + ": the file ends at offset " +
                                    std::to_string(offset) + ", in the middle of what is read"};
}

base::Status write_and_sync(FileSystem& files, const std::string& path, std::string_view bytes) {
  auto file = files.open(path, Access::kCreate);
  if (!file.is_ok()) return file.status();
  base::Status written = write_fully(**file, 0, bytes);
  return written.is_ok() ? (*file)->sync() : written;
}

base::Status remove_if_there(FileSystem& files, const std::string& path) {
  const auto is_there = files.exists(path);
  if (!is_there.is_ok()) return is_there.status();
  return *is_there ? files.remove(path) : base::Status::ok();
}
}  // namespace

base::Status read_fully(File& file, uint64_t offset, std::span<char> into) {
  int idle_calls = 0;
  while (!into.empty()) {
    const auto moved = file.read_some(offset, into);
    if (!moved.is_ok()) return moved.status();
    if (moved->is_interrupted) {
      if (++idle_calls == kIdleCallsMax) return gave_up(file, "read", offset);
      continue;
    }
    if (moved->bytes == 0) return ended(file, offset);
    idle_calls = 0;
    offset += moved->bytes;
    into = into.subspan(moved->bytes);
  }
  return base::Status::ok();
}

base::Status write_fully(File& file, uint64_t offset, std::string_view bytes) {
  int idle_calls = 0;
  while (!bytes.empty()) {
    const auto moved = file.write_some(offset, bytes);
    if (!moved.is_ok()) return moved.status();
    if (moved->is_interrupted || moved->bytes == 0) {
      if (++idle_calls == kIdleCallsMax) return gave_up(file, "write", offset);
      continue;
    }
    idle_calls = 0;
    offset += moved->bytes;
    bytes.remove_prefix(moved->bytes);
  }
  return base::Status::ok();
}

base::Result<std::string> read_file(FileSystem& files, const std::string& path, size_t bytes_max) {
  auto file = files.open(path, Access::kRead);
  if (!file.is_ok()) return file.status();
  const auto size = (*file)->size();
  if (!size.is_ok()) return size.status();
  if (*size > bytes_max) {
    return base::Status(base::Code::kTooLarge, path + ": has " + std::to_string(*size) +
                                                   " bytes, at most " + std::to_string(bytes_max) +
                                                   " are expected");
  }
  std::string bytes(static_cast<size_t>(*size), '\0');
  base::Status read = read_fully(**file, 0, bytes);
  if (!read.is_ok()) return read;
  return bytes;
}

base::Status replace_file(FileSystem& files, const std::string& directory, const std::string& name,
                          std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string beside = path + ".new";
  // One left behind by a crash was never renamed: nobody needs it.
  base::Status status = remove_if_there(files, beside);
  if (!status.is_ok()) return status;
  status = write_and_sync(files, beside, bytes);
  if (status.is_ok()) status = files.rename(beside, path);
  if (status.is_ok()) return files.sync_directory(directory);
  // The first failure is what the caller must hear; this only gives the space back.
  static_cast<void>(remove_if_there(files, beside));
  return status;
}

}  // namespace distkv::storage::io
