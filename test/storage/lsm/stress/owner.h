// The owner's half of the stress: an engine on real threads and a real disk, told things at random
// for a number of operations. Each value carries its key's count of writes, so that an answer can
// be judged: at least what was acknowledged when it was asked for, at most what was written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/io/posix_file_system.h"
#include "storage/lsm/lsm_engine.h"
#include "storage/lsm/stress/threads.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::storage::lsm::test {

class Owner {
 public:
  explicit Owner(uint64_t seed);
  ~Owner();

  // Opens the store, asks for `operations` things and closes it again.
  void live(const std::string& directory, size_t operations);
  // Opens a store, reads everything, and closes it: the entries of kData.
  size_t count(const std::string& directory);
  uint64_t answers() const { return answers_; }
  uint64_t wrong() const { return wrong_; }  // Answers that cannot be.
  uint64_t bytes_merged() const { return bytes_merged_; }
  const std::vector<std::string>& copies() const { return copies_; }

 private:
  struct Versions {
    uint64_t written = 0;
    uint64_t acknowledged = 0;
  };

  void open(const std::string& directory);
  void close();
  void ask();
  void ask_rarely();
  void update(uint64_t number);
  void get(uint64_t number);
  void scan();
  void drop();
  void checkpoint();
  // A turn of the loop: what has finished, timers, a little time.
  void turn();
  // Turns until everything asked for is answered.
  void settle();
  void judge(uint64_t number, uint64_t least, const EntryView& entry);
  Done answered();

  base::Rng rng_;
  io::PosixFileSystem files_;
  distkv::test::HandClock clock_;
  distkv::test::SilentLog log_;
  base::Timers timers_{clock_};
  Threads log_thread_{1};
  Threads background_{1};
  Threads readers_{3};
  Options options_;
  std::unique_ptr<LsmEngine> engine_;
  std::unique_ptr<Snapshot> snapshot_;
  size_t snapshot_scans_ = 0;  // Under way; the snapshot must outlive them.
  std::string directory_;
  std::map<uint64_t, Versions> versions_;
  std::vector<std::string> copies_;
  uint64_t asked_ = 0;
  uint64_t answers_ = 0;
  uint64_t wrong_ = 0;
  uint64_t bytes_merged_ = 0;
};

}  // namespace distkv::storage::lsm::test
