// Cuts the power at every disk operation of scenario after scenario; or lets the disk fail in every
// way at every operation.
//
//   lsm_power [--until-failure] [--seeds FIRST-LAST] [--stride N] [--cut N]
//   lsm_power --faults [--until-failure] [--seeds FIRST-LAST] [--stride N] [--kind NAME] [--nth N]
//
// --stride N tries every N-th operation only, rare kinds more often (each seed begins at another
// one); --cut, --nth replay one. Prints one line a failure, with the command that repeats it, and a
// summary; exits with 1 if there was a failure.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "storage/lsm/power/fault_scenario.h"
#include "storage/lsm/power/scenario.h"

namespace {

using distkv::storage::io::test::Operation;
using distkv::storage::lsm::test::fault_kinds;
using distkv::storage::lsm::test::FaultKind;
using distkv::storage::lsm::test::play;
using distkv::storage::lsm::test::play_fault;

struct Wanted {
  bool is_faults = false;
  bool ends_at_failure = false;
  uint64_t first = 1;
  uint64_t last = 20;
  uint64_t stride = 1;
  uint64_t one = 0;  // The cut or the fault to replay.
  std::string kind;  // Empty: all.
};

uint64_t number_in(const char*& text) {
  uint64_t number = 0;
  text = std::from_chars(text, text + std::strlen(text), number).ptr;
  return number;
}

bool parse(int argc, char** argv, Wanted& wanted) {
  int i = 1;
  for (; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--faults") {
      wanted.is_faults = true;
      continue;
    }
    if (flag == "--until-failure") {
      wanted.ends_at_failure = true;
      continue;
    }
    if (++i == argc) return false;
    const char* value = argv[i];
    if (flag == "--seeds") {
      wanted.first = wanted.last = number_in(value);
      if (*value == '-') wanted.last = number_in(++value);
    } else if (flag == "--stride") {
      wanted.stride = number_in(value);
    } else if (flag == "--cut" || flag == "--nth") {
      wanted.one = number_in(value);
    } else if (flag == "--kind") {
      wanted.kind = value;
    } else {
      return false;
    }
  }
  return wanted.stride > 0 && wanted.first > 0;
}

unsigned long long printable(uint64_t number) { return number; }

uint64_t cut_power(const Wanted& wanted) {
  uint64_t cuts = 0;
  uint64_t failures = 0;
  uint64_t flushed = 0;
  uint64_t merged = 0;
  for (uint64_t seed = wanted.first; seed <= wanted.last; ++seed) {
    const auto measured = play({seed, 0});
    const uint64_t operations = measured.operations;
    flushed += measured.bytes_flushed;
    merged += measured.bytes_merged;
    const uint64_t start = wanted.one > 0 ? wanted.one : 1 + seed % wanted.stride;
    const uint64_t end = wanted.one > 0 ? wanted.one : operations;
    for (uint64_t cut = start; cut <= end; cut += wanted.stride, ++cuts) {
      const auto outcome = play({seed, cut});
      if (!outcome.complaint) continue;
      ++failures;
      std::printf("FAILED lsm_power --seeds %llu --cut %llu: %s\n", printable(seed), printable(cut),
                  outcome.complaint->c_str());
      if (wanted.ends_at_failure) return failures;
    }
  }
  std::printf("scenarios %llu (%llu bytes flushed, %llu merged), power cuts %llu, failed %llu\n",
              printable(wanted.last - wanted.first + 1), printable(flushed), printable(merged),
              printable(cuts), printable(failures));
  return failures;
}

struct Counts {
  uint64_t faults = 0;
  uint64_t stops = 0;
  uint64_t reports = 0;
  uint64_t failures = 0;
};

// A store reads, writes and syncs some ten times as often as it does anything else.
bool is_frequent(const FaultKind& kind) {
  return kind.operation == Operation::kWrite || kind.operation == Operation::kSync ||
         kind.operation == Operation::kRead;
}

void fail_disk(const Wanted& wanted, const FaultKind& kind, uint64_t seed, Counts& counts) {
  const uint64_t stride = is_frequent(kind) ? wanted.stride : 1 + wanted.stride / 10;
  const uint64_t start = wanted.one > 0 ? wanted.one : 1 + seed % stride;
  for (uint64_t nth = start; wanted.one == 0 || nth == start; nth += stride) {
    const auto outcome = play_fault({seed, kind, nth});
    counts.stops += outcome.has_stopped ? 1 : 0;
    counts.reports += outcome.is_reported ? 1 : 0;
    if (outcome.complaint) {
      ++counts.failures;
      std::printf("FAILED lsm_power --faults --seeds %llu --kind %s --nth %llu: %s\n",
                  printable(seed), kind.name, printable(nth), outcome.complaint->c_str());
      if (wanted.ends_at_failure) return;
    }
    if (!outcome.has_struck) return;  // Nor would a later one.
    ++counts.faults;
  }
}

uint64_t fail_disk(const Wanted& wanted) {
  uint64_t failures = 0;
  for (const FaultKind& kind : fault_kinds()) {
    if (wanted.kind.empty() ? kind.has_power : wanted.kind != kind.name) continue;
    Counts counts;
    for (uint64_t seed = wanted.first; seed <= wanted.last; ++seed) {
      fail_disk(wanted, kind, seed, counts);
      if (wanted.ends_at_failure && counts.failures > 0) break;
    }
    std::printf("%-26s faults %6llu, stopped the store %6llu, damage reported %6llu, failed %llu\n",
                kind.name, printable(counts.faults), printable(counts.stops),
                printable(counts.reports), printable(counts.failures));
    failures += counts.failures;
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (!parse(argc, argv, wanted)) {
    std::fputs(
        "usage: lsm_power [--until-failure] [--seeds FIRST-LAST] [--stride N] [--cut N]\n"
        "       lsm_power --faults [--until-failure] [--seeds FIRST-LAST] [--stride N]\n"
        "                 [--kind NAME] [--nth N]\n",
        stderr);
    return 2;
  }
  const uint64_t failures = wanted.is_faults ? fail_disk(wanted) : cut_power(wanted);
  return failures == 0 ? 0 : 1;
}
