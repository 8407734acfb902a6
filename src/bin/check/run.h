// A whole run of `distkv-client check`: clients at work, replicas becoming equal, a last read of
// every key, the verdict, and the keys removed again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bin/check/options.h"
#include "bin/check/worker.h"
#include "history/check.h"

namespace distkv::bin::check {

// How the replicas of one key compare.
enum class Equality { kEqual, kDifferent, kUnanswered };
// `why` is set where a replica could not be asked.
Equality compare(const Explanation& explanation, std::string& why);

// How those of all keys compared in the end.
struct Convergence {
  uint64_t keys_different = 0;         // All replicas answered, and they differ.
  uint64_t keys_unanswered = 0;        // Some replica could not be asked.
  std::string why;                     // The last reason for that.
  std::chrono::milliseconds after{0};  // From the end of the work to the last look.
  bool is_equal() const { return keys_different + keys_unanswered == 0; }
};

struct Report {
  std::string run;  // Random, in every key and value of this run.
  uint64_t seed = 0;
  Figures reads;
  Figures writes;
  uint64_t keys = 0;         // Used over the whole run.
  uint64_t keys_unread = 0;  // Could not be read at the end: nothing is known of them.
  uint64_t keys_left = 0;    // Not removed.
  uint64_t contexts_unreadable = 0;
  bool was_full = false;  // kOperationsMax was reached before the time was over.
  Consistency last_level = Consistency::kQuorum;  // Of the last reads.
  Convergence convergence;
  history::History history;
  history::Verdict verdict;

  bool is_well() const { return verdict.total() + contexts_unreadable == 0; }
  // Something was written, read, and every key was read at the end.
  bool says_anything() const;
};

// Told now and then how it goes: one line.
using Progress = std::function<void(const std::string&)>;

// Blocks for the duration, and up to `settle` and some seconds beyond it.
Report run(const Options& options, const Progress& progress);

}  // namespace distkv::bin::check
