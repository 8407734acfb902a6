#include "bench/engine/judged_peer.h"

#include <array>
#include <cstdio>

namespace distkv::bench {
namespace {

struct Factor {
  const char* workload;
  double small;   // Values of 100 bytes.
  double medium;  // Values of 1 KiB; 0: not measured.
};

// RocksDB 11.9 beside LevelDB 1.23, 5 million keys of 100 bytes and 1 million of 1 KiB, 2 cores.
constexpr std::array kFactors = {
    Factor{"fillseq", 0.79, 0},         Factor{"fillrandom", 0.85, 0.98},
    Factor{"overwrite", 0.88, 1.44},    Factor{"readrandom", 0.96, 1.11},
    Factor{"readmissing", 1.74, 2.5},   Factor{"readwhilewriting", 1.23, 1.33},
    Factor{"fillsync-1", 0.91, 0},      Factor{"fillsync-16", 0.83, 0.79},
    Factor{"fillsync-256", 0.83, 0.79}, Factor{"reopen", 1 / 1.14, 0},
    Factor{"seqread", 0.71, 0},         Factor{"rangescan", 0.53, 0},
};

constexpr uint64_t kSmallBytesMax = 512;
constexpr uint64_t kMediumBytesMax = 8192;

std::string text_of(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

}  // namespace

std::optional<double> release_factor(const std::string& workload, uint64_t value_bytes) {
  if (value_bytes > kMediumBytesMax) return std::nullopt;
  for (const Factor& factor : kFactors) {
    if (workload != factor.workload) continue;
    const bool is_medium = value_bytes > kSmallBytesMax && factor.medium > 0;
    return is_medium ? factor.medium : factor.small;
  }
  return std::nullopt;
}

std::optional<JudgedPeer> judged_peer(const std::map<std::string, double>& rates,
                                      std::optional<double> factor) {
  JudgedPeer best;
  const auto consider = [&best](double rate, const std::string& origin) {
    if (rate > best.rate) best = {rate, origin};
  };
  if (const auto leveldb = rates.find("leveldb"); leveldb != rates.end()) {
    consider(leveldb->second, "leveldb");
    if (factor) {
      consider(leveldb->second * *factor,
               "rocksdb's release build, as leveldb x " + text_of(*factor));
    }
  }
  if (const auto rocksdb = rates.find("rocksdb"); rocksdb != rates.end()) {
    consider(rocksdb->second, "rocksdb as measured");
  }
  if (best.rate <= 0) return std::nullopt;
  return best;
}

}  // namespace distkv::bench
