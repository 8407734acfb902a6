#include "storage/io/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace distkv::storage::io {

namespace {
// Less the umask: who may read a store is the operator's decision.
constexpr mode_t kFileMode = 0644;
// An open waits only on devices and network file systems; a signal storm must not hold it forever.
constexpr int kInterruptionsMax = 1000;
}  // namespace

Descriptor::~Descriptor() {
  if (number_ != kNone) ::close(number_);
}

base::Result<Descriptor> open_descriptor(const std::string& path, int flags) {
  for (int attempt = 0; attempt < kInterruptionsMax; ++attempt) {
    const int number = ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
    if (number >= 0) return Descriptor(number);
    if (errno != EINTR) break;
  }
  return system_failure(path, "open", errno);
}

base::Status system_failure(const std::string& path, const char* call, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return {is_full ? base::Code::kNoSpace : base::Code::kIo,
          path + ": " + call + ": " + std::system_category().message(error)};
}

}  // namespace distkv::storage::io
