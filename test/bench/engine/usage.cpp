#include "bench/engine/usage.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace distkv::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The number after `name` in a file of "name: number" lines; 0 if there is none.
uint64_t field(const char* path, const std::string& name) {
  std::ifstream in(path);
  for (std::string word; in >> word;) {
    uint64_t value = 0;
    if (word == name && in >> value) return value;
  }
  return 0;
}

// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, … in ticks.
double machine_seconds() {
  std::ifstream in("/proc/stat");
  std::string name;
  double user = 0;
  double nice = 0;
  double system = 0;
  in >> name >> user >> nice >> system;
  return (user + nice + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

Usage usage_now() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return {.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime),
          .machine_seconds = machine_seconds(),
          // Not write_bytes: it counts whole folios, a megabyte for a page in one (Linux 6.18).
          .written_bytes = field("/proc/self/io", "wchar:")};
}

void reset_peak() {
  constexpr const char* kForgetPeak = "5";  // proc(5), /proc/pid/clear_refs.
  std::ofstream("/proc/self/clear_refs") << kForgetPeak;
}

uint64_t peak_bytes() {
  constexpr uint64_t kKib = 1024;
  return field("/proc/self/status", "VmHWM:") * kKib;
}

uint64_t disk_bytes(const std::string& directory) {
  constexpr uint64_t kBlockBytes = 512;  // stat(2), st_blocks.
  uint64_t bytes = 0;
  std::error_code ignored;  // A file may go between the listing and the look.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0 && entry.is_regular_file(ignored)) {
      bytes += static_cast<uint64_t>(status.st_blocks) * kBlockBytes;
    }
  }
  return bytes;
}

void settle(Store& store) {
  constexpr std::chrono::milliseconds kStep(100);
  constexpr int kQuietSteps = 5;
  constexpr int kStepsMax = 1200;
  constexpr double kQuietSeconds = 0.005;  // Of CPU in a step: timers and looking at it.
  Usage before = usage_now();
  int quiet = 0;
  for (int step = 0; quiet < kQuietSteps; ++step) {
    if (step == kStepsMax) {
      std::fprintf(stderr, "engine_bench: background work goes on after two minutes\n");
      return;
    }
    store.rest(kStep);
    const Usage now = usage_now();
    const bool is_quiet = now.cpu_seconds - before.cpu_seconds < kQuietSeconds &&
                          now.written_bytes == before.written_bytes;
    quiet = is_quiet ? quiet + 1 : 0;
    before = now;
  }
}

}  // namespace distkv::bench
