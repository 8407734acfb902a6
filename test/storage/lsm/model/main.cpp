// Random operations over random options give the same answers on lsm, leveldb and map.
//
//   storage_model [--operations N] [--seed S] [--life N] [--engines lsm,leveldb]
//
// A life is a new store that is asked --life operations (20000); lives have the seeds S, S+1, ...
// until N operations are done. Without --seed: seed 1, then as much again from a fresh seed, which
// is printed. At the first difference it prints the operation, both answers and the command that
// repeats it, and exits with 1.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "storage/lsm/model/run.h"

namespace {

using distkv::storage::lsm::test::make_leveldb_store;
using distkv::storage::lsm::test::make_lsm_store;
using distkv::storage::lsm::test::make_map_store;
using distkv::storage::lsm::test::Operations;
using distkv::storage::lsm::test::Run;
using distkv::storage::lsm::test::Store;
using Plan = Run::Plan;

struct Wanted {
  uint64_t operations = 200'000;
  uint64_t seed = 0;  // 0: see above.
  uint64_t life = 20'000;
  std::string engines = "lsm,leveldb";
};

constexpr uint64_t kFreshSeedMax = 1'000'000'000;  // Short enough to type again.
constexpr uint64_t kLivesBetweenReports = 100;

bool parse(int argc, char** argv, Wanted& wanted) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const char* value = argv[i + 1];
    uint64_t* number = flag == "--operations" ? &wanted.operations
                       : flag == "--seed"     ? &wanted.seed
                       : flag == "--life"     ? &wanted.life
                                              : nullptr;
    if (flag == "--engines") {
      wanted.engines = value;
    } else if (number == nullptr ||
               std::from_chars(value, value + std::strlen(value), *number).ec != std::errc()) {
      return false;
    }
  }
  return argc % 2 == 1 && wanted.life > 0;
}

std::unique_ptr<Store> make(const std::string& engine, uint64_t seed) {
  if (engine == "lsm") return make_lsm_store(seed);
  if (engine == "leveldb") return make_leveldb_store();
  return make_map_store();
}

class Comparison {
 public:
  explicit Comparison(Wanted wanted) : wanted_(std::move(wanted)) {}

  // False: there was a difference, and it was printed.
  bool run(uint64_t first_seed) {
    const auto start = std::chrono::steady_clock::now();
    uint64_t lives = 0;
    uint64_t operations = 0;
    for (; operations < wanted_.operations; operations += wanted_.life, ++lives) {
      if (!run_life(first_seed + lives)) return false;
      if (lives % kLivesBetweenReports == kLivesBetweenReports - 1) report(lives + 1, start);
    }
    report(lives, start);
    std::printf("agreed: lsm, leveldb and map\n");
    return true;
  }

 private:
  using Start = std::chrono::steady_clock::time_point;

  void report(uint64_t lives, Start start) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("lives %llu, operations %llu, %.1f s (lsm %.1f, leveldb %.1f)\n",
                static_cast<unsigned long long>(lives),
                static_cast<unsigned long long>(lives * wanted_.life), took.count(), lsm_seconds_,
                leveldb_seconds_);
    std::fflush(stdout);
  }

  bool run_life(uint64_t seed) {
    const Plan plan{seed, wanted_.life, std::nullopt};
    const auto expected = Run(*make("map", seed), plan).answers();
    for (const std::string engine : {"lsm", "leveldb"}) {
      if (wanted_.engines.find(engine) == std::string::npos) continue;
      const auto start = std::chrono::steady_clock::now();
      const auto answers = Run(*make(engine, seed), plan).answers();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      (engine == "lsm" ? lsm_seconds_ : leveldb_seconds_) += took.count();
      for (size_t at = 0; at < answers.size(); ++at) {
        if (answers[at] != expected[at]) return print_difference(engine, seed, at);
      }
    }
    return true;
  }

  std::string text_at(const std::string& engine, uint64_t seed, size_t at) const {
    const auto store = make(engine, seed);
    Run run(*store, {seed, wanted_.life, at});
    run.answers();
    return run.watched_text();
  }

  bool print_difference(const std::string& engine, uint64_t seed, size_t at) const {
    Operations operations(seed);
    auto operation = operations.next();
    while (operation.at < at) operation = operations.next();
    std::printf("DIFFERENCE at operation %zu, %s\n  map: %s\n  %s: %s\n", at,
                text_of(operation).c_str(), text_at("map", seed, at).c_str(), engine.c_str(),
                text_at(engine, seed, at).c_str());
    std::printf("replay: storage_model --seed %llu --operations %llu --life %llu --engines %s\n",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(wanted_.life),
                static_cast<unsigned long long>(wanted_.life), engine.c_str());
    return false;
  }

  Wanted wanted_;
  double lsm_seconds_ = 0;
  double leveldb_seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (!parse(argc, argv, wanted)) {
    std::fputs(
        "usage: storage_model [--operations N] [--seed S] [--life N] [--engines lsm,leveldb]\n",
        stderr);
    return 2;
  }
  Comparison comparison(wanted);
  if (wanted.seed != 0) return comparison.run(wanted.seed) ? 0 : 1;
  const uint64_t fresh = 1 + std::random_device{}() % kFreshSeedMax;
  std::printf("fresh seed %llu after seed 1\n", static_cast<unsigned long long>(fresh));
  return comparison.run(1) && comparison.run(fresh) ? 0 : 1;
}
