// Cuts the power at every disk operation of scenario after scenario.
//
//   lsm_power [--seeds FIRST-LAST] [--stride N] [--cut N]
//
// --stride N tries every N-th operation only (each seed begins at another one); --cut replays one.
// Prints one line a failure, with the command that repeats it, and a summary; exits with 1 if there
// was a failure.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "storage/lsm/power/scenario.h"

namespace {

using distkv::storage::lsm::test::play;

struct Wanted {
  uint64_t first = 1;
  uint64_t last = 20;
  uint64_t stride = 1;
  uint64_t cut = 0;
};

uint64_t number_in(const char*& text) {
  uint64_t number = 0;
  text = std::from_chars(text, text + std::strlen(text), number).ptr;
  return number;
}

bool parse(int argc, char** argv, Wanted& wanted) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const char* value = argv[i + 1];
    if (flag == "--seeds") {
      wanted.first = wanted.last = number_in(value);
      if (*value == '-') wanted.last = number_in(++value);
    } else if (flag == "--stride") {
      wanted.stride = number_in(value);
    } else if (flag == "--cut") {
      wanted.cut = number_in(value);
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && wanted.stride > 0 && wanted.first > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (!parse(argc, argv, wanted)) {
    std::fputs("usage: lsm_power [--seeds FIRST-LAST] [--stride N] [--cut N]\n", stderr);
    return 2;
  }
  uint64_t cuts = 0;
  uint64_t failures = 0;
  uint64_t flushed = 0;
  uint64_t merged = 0;
  for (uint64_t seed = wanted.first; seed <= wanted.last; ++seed) {
    const auto measured = play({seed, 0});
    const uint64_t operations = measured.operations;
    flushed += measured.bytes_flushed;
    merged += measured.bytes_merged;
    const uint64_t start = wanted.cut > 0 ? wanted.cut : 1 + seed % wanted.stride;
    const uint64_t end = wanted.cut > 0 ? wanted.cut : operations;
    for (uint64_t cut = start; cut <= end; cut += wanted.stride, ++cuts) {
      const auto outcome = play({seed, cut});
      if (!outcome.complaint) continue;
      ++failures;
      std::printf("FAILED lsm_power --seeds %llu --cut %llu: %s\n",
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(cut),
                  outcome.complaint->c_str());
    }
  }
  std::printf("scenarios %llu (%llu bytes flushed, %llu merged), power cuts %llu, failed %llu\n",
              static_cast<unsigned long long>(wanted.last - wanted.first + 1),
              static_cast<unsigned long long>(flushed), static_cast<unsigned long long>(merged),
              static_cast<unsigned long long>(cuts), static_cast<unsigned long long>(failures));
  return failures == 0 ? 0 : 1;
}
