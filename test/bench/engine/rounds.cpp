#include "bench/engine/rounds.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>

namespace distkv::bench {
namespace {

namespace fs = std::filesystem;

// What a child has printed, and how it ended (waitpid).
struct Ending {
  std::string output;
  int status = 0;
};

[[noreturn]] void become_child(const Options& options, int output) {
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  std::vector<std::string> words = to_arguments(options);
  words.insert(words.begin(), self);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::dup2(output, STDOUT_FILENO);
  ::execv(self.c_str(), arguments.data());
  ::_exit(1);
}

Ending run_process(const Options& options) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) stop("cannot make a pipe");
  const pid_t child = ::fork();
  if (child < 0) stop("cannot fork");
  if (child == 0) become_child(options, ends[1]);
  ::close(ends[1]);
  Ending ending;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(ends[0], buffer.data(), buffer.size())) > 0) {
    ending.output.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(ends[0]);
  ::waitpid(child, &ending.status, 0);
  return ending;
}

Sample run_child_for(const Options& options) {
  // What others left in the page cache is written on their account, not in this run.
  ::sync();
  const Ending ending = run_process(options);
  const auto sample = decode(ending.output);
  if (ending.status != 0 || !sample) {
    stop(options.stores.front() + " failed at " + options.workloads.front());
  }
  return *sample;
}

void crash_in(Options options) {
  options.role = Role::kCrash;
  const Ending ending = run_process(options);
  if (!WIFSIGNALED(ending.status) || WTERMSIG(ending.status) != SIGKILL) {
    stop(options.stores.front() + " failed before its crash");
  }
}

class Rounds {
 public:
  Rounds(const Options& options, const std::vector<StoreKind>& stores) : options_(options) {
    stores_ = stores;
  }

  void run(const Workload& workload, uint64_t round) {
    std::vector<StoreKind> order = stores_;
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(round % order.size()),
                order.end());
    if (workload.matches_peers) {
      std::stable_partition(order.begin(), order.end(),
                            [](const StoreKind& kind) { return !kind.has_one_owner; });
    }
    double writer_rate = 0;
    for (const StoreKind& kind : order) {
      if (workload.name == kReopen && !kind.is_persistent) continue;
      const Sample sample = measure(workload, kind, writer_rate);
      if (!kind.has_one_owner) writer_rate = std::max(writer_rate, sample.side_per_second);
      std::fprintf(stderr, "round %llu  %-16s %-8s %12.0f ops/s\n",
                   static_cast<unsigned long long>(round + 1), workload.name.c_str(),
                   kind.name.c_str(), sample.per_second());
      samples_[workload.name][kind.name].push_back(sample);
    }
  }

  const Samples& samples() const { return samples_; }

 private:
  Sample measure(const Workload& workload, const StoreKind& kind, double writer_rate) const {
    const bool is_scratch = workload.start == Start::kScratch;
    Options child = options_;
    child.role = Role::kRun;
    child.stores = {kind.name};
    child.workloads = {workload.name};
    child.parameters.writer_rate = writer_rate;
    child.directory = options_.directory + "/" + kind.name + (is_scratch ? ".scratch" : "");
    if (workload.start != Start::kFilled) fs::remove_all(child.directory);
    fs::create_directories(child.directory);
    if (workload.name == kReopen) crash_in(child);
    const Sample sample = run_child_for(child);
    if (is_scratch) fs::remove_all(child.directory);
    return sample;
  }

  const Options& options_;
  std::vector<StoreKind> stores_;
  Samples samples_;
};

// A whole name means that workload alone, another the workloads that begin with it.
bool is_named(const Workload& workload, const std::string& name) {
  if (find_workload(name) != nullptr) return workload.name == name;
  return name == "all" || workload.name.starts_with(name);
}

}  // namespace

std::vector<Workload> chosen_workloads(const std::vector<std::string>& names) {
  const auto is_asked_for = [&](const Workload& workload) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return is_named(workload, name); });
  };
  for (const std::string& name : names) {
    const bool is_known =
        std::any_of(workloads().begin(), workloads().end(),
                    [&](const Workload& workload) { return is_named(workload, name); });
    if (!is_known) stop("there is no workload " + name);
  }
  const bool needs_records =
      std::any_of(workloads().begin(), workloads().end(), [&](const Workload& workload) {
        return workload.start == Start::kFilled && is_asked_for(workload);
      });
  std::vector<Workload> chosen;
  for (const Workload& workload : workloads()) {
    const bool is_needed = needs_records && workload.start == Start::kFilling;
    if (is_needed || is_asked_for(workload)) chosen.push_back(workload);
  }
  return chosen;
}

std::vector<StoreKind> chosen_stores(const std::vector<std::string>& names) {
  std::vector<StoreKind> chosen;
  for (const std::string& name : names) {
    if (const auto kind = find_store_kind(name)) {
      chosen.push_back(*kind);
    } else {
      std::fprintf(stderr, "engine_bench: this build has no %s; left out\n", name.c_str());
    }
  }
  if (chosen.empty()) stop("no store is left");
  return chosen;
}

Samples run_rounds(const Options& options, const std::vector<StoreKind>& stores,
                   const std::vector<Workload>& workloads) {
  Rounds rounds(options, stores);
  for (uint64_t round = 0; round < options.rounds; ++round) {
    for (const Workload& workload : workloads) rounds.run(workload, round);
  }
  for (const StoreKind& kind : stores) {
    fs::remove_all(options.directory + "/" + kind.name);
  }
  return rounds.samples();
}

}  // namespace distkv::bench
