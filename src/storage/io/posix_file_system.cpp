#include "storage/io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "storage/io/posix_file.h"

namespace distkv::storage::io {

namespace {
// Less the umask.
constexpr mode_t kDirectoryMode = 0755;

int flags_of(Access access) {
  switch (access) {
    case Access::kRead:
      return O_RDONLY;
    case Access::kReadWrite:
      return O_RDWR;
    case Access::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

// Ok for 0, the answer of a call that succeeded.
base::Status status_of(int answer, const std::string& path, const char* call) {
  return answer == 0 ? base::Status::ok() : system_failure(path, call, errno);
}

bool is_directory(const std::string& path) {
  struct stat answer {};
  return ::stat(path.c_str(), &answer) == 0 && S_ISDIR(answer.st_mode);
}

std::unique_ptr<DIR, int (*)(DIR*)> open_listing(const std::string& directory) {
  return {::opendir(directory.c_str()), [](DIR* listing) { return ::closedir(listing); }};
}

// flock binds the lock to the open file, not to the process: a second open conflicts too, and the
// kernel lets go with the last descriptor, however the process ends.
class PosixLock : public Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};
}  // namespace

base::Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, Access access) {
  auto descriptor = open_descriptor(path, flags_of(access));
  if (!descriptor.is_ok()) return descriptor.status();
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, std::move(*descriptor)));
}

base::Result<bool> PosixFileSystem::exists(const std::string& path) {
  struct stat answer {};
  if (::stat(path.c_str(), &answer) == 0) return true;
  if (errno == ENOENT) return false;
  return system_failure(path, "stat", errno);
}

base::Result<std::vector<std::string>> PosixFileSystem::list(const std::string& directory) {
  const auto listing = open_listing(directory);
  if (listing == nullptr) return system_failure(directory, "opendir", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return system_failure(directory, "readdir", errno);
  std::sort(names.begin(), names.end());
  return names;
}

base::Status PosixFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0) return base::Status::ok();
  const int error = errno;
  if (error == EEXIST && is_directory(path)) return base::Status::ok();
  return system_failure(path, "mkdir", error);
}

base::Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  return status_of(std::rename(from.c_str(), to.c_str()), from + " to " + to, "rename");
}

base::Status PosixFileSystem::link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return base::Status::ok();
  if (errno == EEXIST) return {base::Code::kInvalidArgument, to + ": link: it exists already"};
  return system_failure(from + " to " + to, "link", errno);
}

base::Status PosixFileSystem::remove(const std::string& path) {
  return status_of(::unlink(path.c_str()), path, "unlink");
}

base::Status PosixFileSystem::sync_directory(const std::string& directory) {
  const auto descriptor = open_descriptor(directory, O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_ok()) return descriptor.status();
  return status_of(::fsync((*descriptor).number()), directory, "fsync");
}

base::Result<uint64_t> PosixFileSystem::free_bytes(const std::string& directory) {
  struct statvfs answer {};
  if (::statvfs(directory.c_str(), &answer) != 0) {
    return system_failure(directory, "statvfs", errno);
  }
  return static_cast<uint64_t>(answer.f_bavail) * answer.f_frsize;
}

base::Result<std::unique_ptr<Lock>> PosixFileSystem::lock(const std::string& path) {
  auto descriptor = open_descriptor(path, O_RDWR | O_CREAT);
  if (!descriptor.is_ok()) return descriptor.status();
  if (::flock((*descriptor).number(), LOCK_EX | LOCK_NB) == 0) {
    return std::unique_ptr<Lock>(std::make_unique<PosixLock>(std::move(*descriptor)));
  }
  if (errno == EWOULDBLOCK) {
    return base::Status(base::Code::kUnavailable, path + ": already in use by another process");
  }
  return system_failure(path, "flock", errno);
}

}  // namespace distkv::storage::io
