// What merges cost under random overwrites, by option: a table pinned in amplification.txt, from
// which the defaults are chosen. DISTKV_REWRITE=1 writes it anew.
#include <doctest/doctest.h>
#include <stdio.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "model.h"
#include "text_file.h"

namespace distkv::storage::lsm {
namespace {

// 16-byte keys and 100-byte values, compressed to 63 %; memtables of 64 MiB.
constexpr uint64_t kRowBytes = 73;
constexpr double kRowsPerMemtable = 64.0 * 1048576 / 116;

struct Setting {
  double keys = 0;
  size_t fan_out = 4;
  double merge_ratio = 0.5;
  // Bytes merged for each byte flushed; 0: as many as the picker finds.
  double merge_speed = 0;
};

struct Cost {
  double load = 0;       // Bytes written per byte flushed, while as many rows as keys come.
  double overwrite = 0;  // Likewise while each key is overwritten five times.
  size_t runs_max = 0;   // Base included.
  double space_max = 0;  // Bytes in tables over those of the keys alone.
  double debt_max = 0;
};

class Simulation {
 public:
  explicit Simulation(const Setting& setting)
      : setting_(setting), model_({.keys = setting.keys, .row_bytes = kRowBytes}) {
    options_.fan_out = setting.fan_out;
    options_.merge_ratio = setting.merge_ratio;
  }

  Cost cost() {
    // Keys are drawn at random, so some are met again while others are still missing.
    for (double rows = 0; rows < setting_.keys; rows += kRowsPerMemtable) flush(kRowsPerMemtable);
    cost_.load = amplification();
    model_.forget_bytes();
    const double distinct = setting_.keys * (1 - std::exp(-kRowsPerMemtable / setting_.keys));
    for (double rows = 0; rows < 5 * setting_.keys; rows += kRowsPerMemtable) {
      flush(distinct);
      cost_.runs_max = std::max(cost_.runs_max, model_.runs(Space::kData));
      const double live = setting_.keys * static_cast<double>(kRowBytes);
      cost_.space_max = std::max(cost_.space_max, static_cast<double>(model_.bytes()) / live);
      const Debt debt = debt_of(model_.state(), options_, {});
      cost_.debt_max = std::max({cost_.debt_max, debt.runs, debt.bytes});
    }
    cost_.overwrite = amplification();
    return cost_;
  }

 private:
  double amplification() const {
    const auto flushed = static_cast<double>(model_.bytes_flushed());
    return (flushed + static_cast<double>(model_.bytes_merged())) / flushed;
  }

  void flush(double rows) {
    const auto before = model_.bytes_flushed();
    model_.flush(Space::kData, {static_cast<uint64_t>(rows), 0}, {});
    budget_ += setting_.merge_speed * static_cast<double>(model_.bytes_flushed() - before);
    while (setting_.merge_speed == 0 || budget_ > 0) {
      const auto merge = pick(model_.state(), options_, {});
      if (!merge) {
        budget_ = 0;
        return;
      }
      budget_ -= static_cast<double>(model_.run(*merge));
    }
  }

  Setting setting_;
  CompactionModel model_;
  PickerOptions options_{.base_bytes_min = 0, .debt_bytes_min = 0};
  Cost cost_;
  double budget_ = 0;
};

std::string line_of(const Setting& setting) {
  const Cost cost = Simulation(setting).cost();
  char line[160];
  snprintf(line, sizeof line, "%5.0fM %8zu %12.2f %6.0f %6.2f %10.2f %9zu %10.2f %9.2f\n",
           setting.keys / 1e6, setting.fan_out, setting.merge_ratio, setting.merge_speed, cost.load,
           cost.overwrite, cost.runs_max, cost.space_max, cost.debt_max);
  return line;
}

TEST_SUITE_BEGIN("amplification");

TEST_CASE("the cost of merging is what the table says") {
  std::string table =
      "# Random overwrites of 116-byte rows, 64 MiB memtables. speed: bytes merged per byte\n"
      "# flushed, 0 for no bound. Bytes written per byte flushed: load, overwrite.\n"
      "  keys  fan_out  merge_ratio  speed   load  overwrite  runs_max  space_max  debt_max\n";
  for (const double keys : {5e6, 100e6}) {
    for (const double speed : {0.0, 4.0, 6.0}) {
      for (const size_t fan_out : {4, 8}) {
        for (const double ratio : {0.5, 0.75, 1.0}) {
          table += line_of({keys, fan_out, ratio, speed});
        }
      }
    }
  }
  check_text_file("amplification.txt", table);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
