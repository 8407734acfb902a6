#include "storage/lsm/lsm_host.h"

#include <array>
#include <optional>
#include <utility>

#include "base/check.h"

namespace distkv::storage::test {

lsm::Options random_options(base::Rng& rng) {
  lsm::Options options;
  options.new_store = lsm::StoreId{rng.next_id()};
  options.memtable_bytes = 1024ull << rng.below(6);
  options.segment_bytes = rng.between(4, 16) * (64 << 10);
  options.log_pack_bytes_min = rng.chance(0.5) ? 200 : 64 << 10;
  options.cache_bytes = rng.chance(0.3) ? 0 : rng.between(1, 64) << 10;
  options.table_bytes = 512ull << rng.below(6);
  options.table.block_bytes = rng.between(64, 4096);
  options.table.value_apart_min = rng.between(32, 4096);
  options.table.filter_bits_per_key = rng.chance(0.2) ? 0 : 10;
  options.table.is_compressed = rng.chance(0.7);
  options.picker.fan_out = rng.between(2, 4);
  options.picker.debt_bytes_min = 64 << 10;
  options.picker.base_bytes_min = rng.chance(0.5) ? 0 : rng.between(1, 32) << 10;
  options.picker.merge_ratio = rng.chance(0.5) ? 0.5 : 1.0;
  options.picker.stretch_bytes = 512ull << rng.below(7);
  options.ballast_bytes = 64 << 10;
  return options;
}

LsmHost::LsmHost(uint64_t seed, bool is_inline, io::FileSystem* files)
    : rng_(seed), is_inline_(is_inline), files_(files == nullptr ? posix_ : *files) {
  options = random_options(rng_);
}

lsm::LsmEngine::Host LsmHost::host() {
  if (is_inline_) return {files_, inline_, inline_, inline_, *timers_, clock, log};
  return {files_, log_thread_, background_, readers_, *timers_, clock, log};
}

base::Result<std::unique_ptr<lsm::LsmEngine>> LsmHost::try_open(const std::string& directory) {
  options.directory = directory;
  return lsm::LsmEngine::open(host(), options);
}

std::unique_ptr<lsm::LsmEngine> LsmHost::open(const std::string& directory) {
  auto engine = try_open(directory);
  DISTKV_CHECK(engine.is_ok());
  return std::move(*engine);
}

bool LsmHost::is_idle() const {
  return log_thread_.is_idle() && background_.is_idle() && readers_.is_idle();
}

bool LsmHost::step() {
  std::array<SteppedExecutor*, 3> threads = {&log_thread_, &background_, &readers_};
  SteppedExecutor& thread = *threads[rng_.below(threads.size())];
  // Timers of this turn fire in between, as they would on a loop.
  if (thread.is_idle() || rng_.chance(0.2)) timers_->run_due();
  if (!thread.is_idle()) thread.step(rng_);
  return !is_idle() || timers_->next_deadline().value_or(base::MonotonicTime::max()) <= clock.now();
}

void LsmHost::settle() {
  // Above every delay but the tick's: gathering, pacing, the end of a turn.
  constexpr int kQuietMilliseconds = 30;
  for (int quiet = 0; quiet < kQuietMilliseconds; ++quiet) {
    while (step()) quiet = 0;
    clock.time += std::chrono::milliseconds(1);
  }
}

base::Status LsmHost::close(lsm::LsmEngine& engine) {
  std::optional<base::Status> closed;
  engine.close([&closed](const base::Status& status) { closed = status; });
  while (!closed) settle();
  return *closed;
}

void LsmHost::forget() {
  log_thread_.clear();
  background_.clear();
  readers_.clear();
}

}  // namespace distkv::storage::test
