// Any of distkv's engines as a store: the calling thread is its owner, waits for each answer, and
// keeps as many durable writes in flight as a load has lanes. A call the engine refuses because it
// has fallen behind is waited out and repeated, within the latency that is measured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/engine/owner_threads.h"
#include "bench/engine/store.h"
#include "storage/engine.h"

namespace distkv::bench {

class EngineStore : public Store {
 public:
  // `engine` was given executors of `threads`.
  EngineStore(std::unique_ptr<OwnerThreads> threads, std::unique_ptr<storage::Engine> engine);
  // Syncs, drains the threads, then lets the engine go.
  ~EngineStore() override;

  void put(std::string_view key, std::string_view value) override;
  std::optional<std::string_view> get(std::string_view key) override;
  void erase(std::string_view key) override;
  void update(std::string_view key, const Change& change) override;
  uint64_t scan(std::string_view first, uint64_t count_max, const Visit& visit) override;
  void put_durably(DurableLoad& load) override;
  void put_batch(std::span<const Record> batch) override;
  void rest(std::chrono::milliseconds time) override;

 private:
  class LaneWrites;

  void write(std::string_view key, const std::string_view* value);
  // Takes the place of a call's callback; await() then waits for its turn.
  storage::Done answer();
  // The call's status; false, after a wait, if it must be repeated.
  bool await();
  void read_slowly(const storage::KeyRef& key);
  // One page after `after`; false if it was the last.
  bool scan_page(storage::Scan& scan, const Visit& visit, uint64_t& count);

  std::unique_ptr<OwnerThreads> threads_;
  std::unique_ptr<storage::Engine> engine_;
  bool is_answered_ = false;
  base::Status status_;
  std::string found_;
  bool is_found_ = false;
};

}  // namespace distkv::bench
