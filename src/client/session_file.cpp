#include "client/session_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

namespace distkv::client {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr mode_t kMode = 0600;  // Keys are the user's own business.
// No session is larger: what is, is another file, and not read whole to find out.
constexpr size_t kFileBytesMax = 2 * kSeenBytesMax;

Status failure(const std::string& path, std::string_view what) {
  return {Code::kIo, "session " + path + ": cannot " + std::string(what) + ": " +
                         std::generic_category().message(errno)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

Result<std::string> read_whole(const std::string& path, int file) {
  std::string bytes;
  char buffer[65536];
  while (true) {
    const ssize_t size = ::read(file, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure(path, "read it");
    if (size == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(size));
    if (bytes.size() > kFileBytesMax) {
      return Status(Code::kInvalidArgument, "session " + path + ": no session is so large");
    }
  }
}

Status write_whole(const std::string& path, int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure(path, "write it");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::ok();
}

Status lock(const std::string& path, int file) {
  const auto until = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return failure(path, "lock it");
    if (std::chrono::steady_clock::now() >= until) {
      return {Code::kOverloaded,
              "session " + path + ": another process holds " + path + ".lock; try again"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Status::ok();
}

// So that the new name is on disk as well.
Status sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0) return failure(path, "sync its folder");
  return Status::ok();
}

Status replace(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
    if (!file.is_open()) return failure(path, "make " + fresh);
    if (Status written = write_whole(path, file.number(), bytes); !written.is_ok()) return written;
    if (::fsync(file.number()) != 0) return failure(path, "sync it");
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failure(path, "replace it");
  return sync_directory_of(path);
}

}  // namespace

Status load_session(const std::string& path, SeenKeys& seen) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return errno == ENOENT ? Status::ok() : failure(path, "open it");
  const Result<std::string> bytes = read_whole(path, file.number());
  if (!bytes.is_ok()) return bytes.status();
  const Result<SeenKeys> read = SeenKeys::decode(*bytes);
  if (!read.is_ok()) {
    return {Code::kInvalidArgument, "session " + path + ": " + read.status().message() +
                                        "; remove it to begin a new session"};
  }
  seen.merge(*read);
  return Status::ok();
}

Status save_session(const std::string& path, SeenKeys& seen) {
  const Descriptor file(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
  if (!file.is_open()) return failure(path, "make " + path + ".lock");
  if (Status locked = lock(path, file.number()); !locked.is_ok()) return locked;
  if (Status loaded = load_session(path, seen); !loaded.is_ok()) return loaded;
  return replace(path, seen.encode());
}

}  // namespace distkv::client
