#include "bench/engine/machine.h"

#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace distkv::bench {
namespace {

// What stands after the colon in the first line of `path` that begins with `name`.
std::string line_value(const char* path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string::npos) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "unknown";
}

// "ext4 on /dev/vda": the mount with the longest path above `directory`.
std::string file_system_of(const std::string& directory) {
  const std::string path = std::filesystem::weakly_canonical(directory).string() + "/";
  std::ifstream in("/proc/self/mounts");
  std::string longest;
  std::string found = "unknown";
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string device;
    std::string mount;
    std::string type;
    words >> device >> mount >> type;
    const std::string prefix = mount == "/" ? mount : mount + "/";
    if (path.starts_with(prefix) && prefix.size() >= longest.size()) {
      longest = prefix;
      found = type + " on " + device;
    }
  }
  return found;
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

}  // namespace

std::string describe_machine(const std::string& directory) {
  utsname system{};
  ::uname(&system);
  std::ostringstream out;
  out << "machine  " << line_value("/proc/cpuinfo", "model name") << ", "
      << std::thread::hardware_concurrency() << " cores, memory "
      << line_value("/proc/meminfo", "MemTotal") << ", " << system.sysname << ' ' << system.release
      << ", " << file_system_of(directory) << "\n";
  out << "program  compiler " << __VERSION__ << ", " << date() << "\n";
#ifndef __OPTIMIZE__
  out << "WARNING  built without optimisation: these figures say nothing\n";
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  out << "WARNING  built with a sanitizer: these figures say nothing\n";
#endif
  return out.str();
}

}  // namespace distkv::bench
