#include "storage/lsm/power/scenario.h"

#include <string>

#include "base/check.h"
#include "storage/lsm/power/life.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr size_t kOperations = 120;  // Of the first life: some flushes and merges.
constexpr size_t kLaterOperations = 25;
constexpr int kRecoveriesMax = 3;  // Cut short in a row.

class Play {
 public:
  explicit Play(const Scenario& scenario)
      : scenario_(scenario),
        rng_(scenario.seed * 1000003 + scenario.cut_at),
        world_(scenario.seed),
        disk_(world_.disk) {
    prepare(world_, scenario.seed);
  }

  Outcome run() {
    if (scenario_.cut_at > 0) disk_.stop_at(scenario_.cut_at);
    live(kOperations, scenario_.seed);
    outcome_.operations = disk_.operations();
    if (scenario_.cut_at == 0) return outcome_;
    recover("after the first cut");
    // Recovering once more must show the same, though nothing was written in between.
    recover("after the second recovery");
    disk_.stop_at(disk_.operations() + rng_.between(1, 120));
    live(kLaterOperations, rng_.next());
    recover("after the later life");
    open_copies();
    return outcome_;
  }

 private:
  bool has_failed() const { return outcome_.complaint.has_value(); }
  void complain(const std::string& when, const std::string& what) {
    if (!has_failed()) outcome_.complaint = when + ": " + what;
  }

  void live(size_t operations, uint64_t seed) {
    if (has_failed()) return;
    {
      Life life(world_, scenario_.seed, seed);
      if (life.open()) {
        life.work(operations);
        outcome_.bytes_flushed += life.engine().maintenance().bytes_flushed();
        outcome_.bytes_merged += life.engine().maintenance().bytes_merged();
        if (!disk_.is_down() && rng_.chance(0.5)) (void)life.settle();
        if (!disk_.is_down() && rng_.chance(0.3)) (void)life.close();
      } else if (!disk_.is_down()) {
        complain("opening to work", life.error().to_string());
      }
    }
    disk_.crash(rng_);
  }

  // Opens and reads; the power may go again meanwhile, a few times.
  void recover(const std::string& when) {
    for (int cuts = 0; !has_failed(); ++cuts) {
      if (cuts < kRecoveriesMax && rng_.chance(0.4)) {
        disk_.stop_at(disk_.operations() + rng_.between(1, 60));
      }
      const bool is_over = try_recover(when);
      disk_.crash(rng_);
      if (is_over) return;
    }
  }

  bool try_recover(const std::string& when) {
    Life life(world_, scenario_.seed, rng_.next());
    const bool is_open = life.open();
    const Found found = is_open ? life.read_all(world_.history) : Found{};
    if (!life.error().is_ok()) {
      if (!disk_.is_down()) complain(when, life.error().to_string());
      return !disk_.is_down();
    }
    if (const auto wrong = world_.history.complaint(found)) {
      complain(when, *wrong);
      return true;
    }
    world_.history.resume(found);
    return true;
  }

  void open_copies() {
    for (const Copy& copy : world_.copies) {
      if (has_failed()) return;
      if (const auto wrong = complaint_of(world_, scenario_.seed, copy)) complain("copy", *wrong);
    }
  }

  Scenario scenario_;
  base::Rng rng_;
  World world_;
  io::test::SimFileSystem& disk_;
  Outcome outcome_;
};

}  // namespace

void prepare(World& world, uint64_t seed) {
  world.disk.set_cached_reads(seed % 3 == 0   ? io::test::CachedReads::kAlways
                              : seed % 3 == 1 ? io::test::CachedReads::kNever
                                              : io::test::CachedReads::kRandom);
  DISTKV_CHECK(world.disk.make_directory(Life::kCopies).is_ok());
  DISTKV_CHECK(world.disk.sync_directory("/").is_ok());
}

std::optional<std::string> complaint_of(World& world, uint64_t seed, const Copy& copy) {
  Life life(world, seed, seed);
  const Found found = life.open(copy.directory) ? life.read_all(copy.history) : Found{};
  if (!life.error().is_ok()) return life.error().to_string();
  return copy.history.complaint(found);
}

Outcome play(const Scenario& scenario) { return Play(scenario).run(); }

}  // namespace distkv::storage::lsm::test
