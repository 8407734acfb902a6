// The seam between the storage engine and the operating system: the few calls an engine needs,
// each answering for itself. Two stand behind it: PosixFileSystem and the tests' simulated disk,
// which crashes, lies, tears and fills up on demand.
//
// Errors are kIo with the path, the call and the system's reason; kNoSpace when the disk or a quota
// is full. Every call may block and may come from any thread; one File has at most one writer at a
// time, beside any number of readers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace distkv::storage::io {

// How far one call came. Neither a short count nor an interruption is an error: go on from there.
struct Moved {
  size_t bytes = 0;
  bool is_interrupted = false;  // A signal came first (EINTR); `bytes` is 0 and means nothing.
};

class File {
 public:
  virtual ~File() = default;

  // Reads at most into.size() bytes at `offset`, perhaps fewer; 0 uninterrupted bytes of a
  // non-empty `into` is the end of the file.
  virtual base::Result<Moved> read_some(uint64_t offset, std::span<char> into) = 0;
  // Reads all of `into`, but only from memory: false if any of it would have to come from the
  // device, lies beyond the end, or the system cannot tell. Never blocks (preadv2, RWF_NOWAIT).
  virtual base::Result<bool> read_cached(uint64_t offset, std::span<char> into) = 0;
  // Writes a beginning of `bytes` at `offset`, perhaps not all; the file grows as needed.
  virtual base::Result<Moved> write_some(uint64_t offset, std::string_view bytes) = 0;
  // All that was written, and the size, is on disk (fdatasync). After an error nothing is known
  // of what was written since the last success, and repeating it proves nothing.
  virtual base::Status sync() = 0;
  // Starts writing out a range without waiting for it (sync_file_range); only a hint.
  virtual void start_write_out(uint64_t offset, uint64_t bytes) = 0;
  // Reserves disk space for the first `bytes` of the file; their contents may read as zero.
  virtual base::Status reserve(uint64_t bytes) = 0;
  virtual base::Result<uint64_t> size() = 0;
  virtual const std::string& path() const = 0;
};

// Held for as long as the object lives; released when the process ends, however it ends.
class Lock {
 public:
  virtual ~Lock() = default;
};

enum class Access : uint8_t {
  kRead,       // Must exist.
  kReadWrite,  // Must exist.
  kCreate,     // Must not exist; read and write. Its name is durable after sync_directory.
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual base::Result<std::unique_ptr<File>> open(const std::string& path, Access access) = 0;
  virtual base::Result<bool> exists(const std::string& path) = 0;
  // Names in a directory (without . and ..), sorted.
  virtual base::Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Makes one directory; its parent must exist. Ok if it is there already.
  virtual base::Status make_directory(const std::string& path) = 0;
  // Replaces `to` if it exists; atomic, and durable after sync_directory.
  virtual base::Status rename(const std::string& from, const std::string& to) = 0;
  // A second name of one file. kInvalidArgument if `to` exists.
  virtual base::Status link(const std::string& from, const std::string& to) = 0;
  virtual base::Status remove(const std::string& path) = 0;
  // The names in the directory are on disk as they are now.
  virtual base::Status sync_directory(const std::string& directory) = 0;
  // Bytes a program without privileges may still allocate on the directory's file system.
  virtual base::Result<uint64_t> free_bytes(const std::string& directory) = 0;
  // kUnavailable, naming the path, if another process (or another object of this one) holds it.
  // Makes the file if it is missing.
  virtual base::Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
};

}  // namespace distkv::storage::io
