// All an LSM engine stands on, under a test's hand: its threads, its clock, and options drawn from
// a seed.
#pragma once

#include <memory>
#include <string>

#include "base/rng.h"
#include "base/timers.h"
#include "storage/executors.h"
#include "storage/io/posix_file_system.h"
#include "storage/lsm/lsm_engine.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::storage::test {

// Small sizes, so that a few hundred writes reach every part; some drawn by chance.
lsm::Options random_options(base::Rng& rng);

class LsmHost {
 public:
  // `files` null: the system's.
  LsmHost(uint64_t seed, bool is_inline, io::FileSystem* files = nullptr);

  base::Result<std::unique_ptr<lsm::LsmEngine>> try_open(const std::string& directory);
  // Must succeed.
  std::unique_ptr<lsm::LsmEngine> open(const std::string& directory);
  // One half of an item of one thread, or time moves on a little. False: nothing left for now.
  bool step();
  // Lets threads and timers go on until nothing is left to do but what waits for the tick.
  void settle();
  base::Status close(lsm::LsmEngine& engine);
  // The program has died: nothing it asked of its threads goes on.
  void forget();

  lsm::Options options;
  distkv::test::HandClock clock;
  distkv::test::SilentLog log;

 private:
  lsm::LsmEngine::Host host();
  bool is_idle() const;

  base::Rng rng_;
  bool is_inline_;
  io::PosixFileSystem posix_;
  io::FileSystem& files_;
  InlineExecutor inline_;
  SteppedExecutor log_thread_{1};
  SteppedExecutor background_{1};
  SteppedExecutor readers_{3};
  std::unique_ptr<base::Timers> timers_ = std::make_unique<base::Timers>(clock);
};

}  // namespace distkv::storage::test
