// The least a durable answer takes: a thread that writes and syncs whatever gathered meanwhile,
// again and again, over blocks that were written before, with no engine behind it. What a node's
// durable put costs above this is its own.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

class GroupLog {
 public:
  // Makes the file `path`, filled and synced. `synced` runs on the loop with how many bytes more
  // are on disk. Ends the process, saying why, where the disk fails. Lives until the process ends.
  GroupLog(uv_loop_t& loop, const std::string& path, std::function<void(size_t bytes)> synced);

  // The next `bytes` of what was received; loop thread only. What they are does not matter here.
  void append(size_t bytes) { appended_ += bytes; }
  // Hands what was appended to the thread.
  void write_out();

 private:
  [[noreturn]] void run();
  void write(size_t bytes);

  int file_;
  size_t offset_ = 0;
  std::function<void(size_t)> synced_callback_;
  uv_async_t wake_loop_{};
  size_t appended_ = 0;
  std::mutex mutex_;
  std::condition_variable is_ready_;
  size_t ready_ = 0;   // Handed over, not yet taken by the thread.
  size_t synced_ = 0;  // On disk, not yet told.
  std::thread thread_;
};
