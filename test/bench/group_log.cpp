#include "group_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace {

constexpr size_t kFileBytes = 32 << 20;
constexpr size_t kPageBytes = 4096;
alignas(kPageBytes) std::array<char, 1 << 20> zeros;

void require(bool is_done, const char* what) {
  if (is_done) return;
  std::perror(what);
  std::exit(1);
}

}  // namespace

GroupLog::GroupLog(uv_loop_t& loop, const std::string& path,
                   std::function<void(size_t bytes)> synced)
    : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
      synced_callback_(std::move(synced)) {
  require(file_ >= 0, "echo_server: cannot make its log");
  for (size_t at = 0; at < kFileBytes; at += zeros.size()) {
    require(pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(at)) ==
                static_cast<ssize_t>(zeros.size()),
            "echo_server: cannot fill its log");
  }
  require(fsync(file_) == 0, "echo_server: cannot sync its log");
  wake_loop_.data = this;
  uv_async_init(&loop, &wake_loop_, [](uv_async_t* async) {
    auto* const self = static_cast<GroupLog*>(async->data);
    std::unique_lock lock(self->mutex_);
    const size_t bytes = std::exchange(self->synced_, 0);
    lock.unlock();
    if (bytes > 0) self->synced_callback_(bytes);
  });
  thread_ = std::thread([this] { run(); });
}

void GroupLog::write_out() {
  if (appended_ == 0) return;
  const std::lock_guard lock(mutex_);
  ready_ += std::exchange(appended_, 0);
  is_ready_.notify_one();
}

void GroupLog::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    is_ready_.wait(lock, [this] { return ready_ > 0; });
    const size_t bytes = std::exchange(ready_, 0);
    lock.unlock();
    write(bytes);
    require(fdatasync(file_) == 0, "echo_server: cannot sync its log");
    lock.lock();
    synced_ += bytes;
    lock.unlock();
    uv_async_send(&wake_loop_);
  }
}

void GroupLog::write(size_t bytes) {
  while (bytes > 0) {
    const size_t part = std::min(bytes, zeros.size());
    const size_t padded = (part + kPageBytes - 1) / kPageBytes * kPageBytes;
    if (offset_ + padded > kFileBytes) offset_ = 0;
    require(pwrite(file_, zeros.data(), padded, static_cast<off_t>(offset_)) ==
                static_cast<ssize_t>(padded),
            "echo_server: cannot write its log");
    offset_ += padded;
    bytes -= part;
  }
}
