#include "storage/io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace distkv::storage::io {

namespace {
// Reserving may take a while and be interrupted; a signal storm must not hold it forever.
constexpr int kInterruptionsMax = 1000;
}  // namespace

base::Result<Moved> PosixFile::moved(int64_t answer, const char* call) const {
  if (answer >= 0) return Moved{.bytes = static_cast<size_t>(answer)};
  if (errno == EINTR) return Moved{.is_interrupted = true};
  return system_failure(path_, call, errno);
}

base::Result<Moved> PosixFile::read_some(uint64_t offset, std::span<char> into) {
  return moved(::pread(descriptor_.number(), into.data(), into.size(), static_cast<off_t>(offset)),
               "pread");
}

base::Result<bool> PosixFile::read_cached(uint64_t offset, std::span<char> into) {
  const iovec part{.iov_base = into.data(), .iov_len = into.size()};
  const ssize_t answer =
      ::preadv2(descriptor_.number(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (answer >= 0) return static_cast<size_t>(answer) == into.size();
  // Everything else (EAGAIN, EINTR, a kernel or file system without RWF_NOWAIT) means: ask
  // read_some, which will answer for itself.
  if (errno == EIO) return system_failure(path_, "preadv2", errno);
  return false;
}

base::Result<Moved> PosixFile::write_some(uint64_t offset, std::string_view bytes) {
  return moved(
      ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset)),
      "pwrite");
}

base::Status PosixFile::sync() {
  // Never repeated, not even after EINTR: Linux marks the pages clean when a sync fails, so a
  // second one may succeed with the bytes lost (Rebello et al., "Can Applications Recover from
  // fsync Failures?", 2020).
  if (::fdatasync(descriptor_.number()) == 0) return base::Status::ok();
  return system_failure(path_, "fdatasync", errno);
}

void PosixFile::start_write_out(uint64_t offset, uint64_t bytes) {
  if (bytes == 0) return;  // The system would take it for "to the end of the file".
  ::sync_file_range(descriptor_.number(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                    SYNC_FILE_RANGE_WRITE);
}

base::Status PosixFile::reserve(uint64_t bytes) {
  if (bytes == 0) return base::Status::ok();
  for (int attempt = 0; attempt < kInterruptionsMax; ++attempt) {
    if (::fallocate(descriptor_.number(), 0, 0, static_cast<off_t>(bytes)) == 0) {
      return base::Status::ok();
    }
    if (errno != EINTR) break;
  }
  if (errno == EOPNOTSUPP || errno == ENOSYS) return base::Status::ok();
  return system_failure(path_, "fallocate", errno);
}

base::Result<uint64_t> PosixFile::size() {
  struct stat answer {};
  if (::fstat(descriptor_.number(), &answer) != 0) return system_failure(path_, "fstat", errno);
  return static_cast<uint64_t>(answer.st_size);
}

}  // namespace distkv::storage::io
