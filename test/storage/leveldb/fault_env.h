// For tests: the system's files with faults. Appends and syncs fail on command and syncs are
// counted. A sync does nothing else, because no test here cuts the power.
#pragma once

#include <atomic>
#include <memory>

namespace leveldb {
class Env;
}  // namespace leveldb

namespace distkv::storage::leveldb {

// LevelDB's own thread reads and counts too.
struct Faults {
  std::atomic<bool> fails_syncs{false};
  std::atomic<bool> is_full{false};
  std::atomic<int> log_syncs{0};
};

class FaultEnv : public Faults {
 public:
  FaultEnv();
  ~FaultEnv();
  FaultEnv(const FaultEnv&) = delete;
  FaultEnv& operator=(const FaultEnv&) = delete;
  // For Options::env; owned by this.
  ::leveldb::Env* get() { return env_.get(); }

 private:
  std::unique_ptr<::leveldb::Env> env_;
};

}  // namespace distkv::storage::leveldb
