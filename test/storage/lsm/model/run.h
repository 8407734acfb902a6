// One life of one store: asks it what the seed says and keeps a hash of each answer. Two engines
// agree if their answers have the same hashes.
//
// Updates, writes, reads and drops run on without waiting for one another, and scans of a snapshot
// among them. What depends on how far those have come (a scan of the present, taking a snapshot, a
// copy, reopening) waits for their answers and a sync first. kOverloaded is waited out and asked
// again: when it comes is nobody's promise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "storage/lsm/model/operations.h"
#include "storage/lsm/model/store.h"

namespace distkv::storage::lsm::test {

class Run {
 public:
  struct Plan {
    uint64_t seed = 1;
    size_t operations = 0;
    std::optional<size_t> watched;  // The operation whose answer is kept as text.
  };
  // `store` is new and outlives this.
  Run(Store& store, const Plan& plan);

  // Answers of all operations, in their order.
  std::vector<uint64_t> answers();
  const std::string& watched_text() const { return watched_text_; }

 private:
  void ask(const Operation& operation);
  // False: refused for now.
  bool try_ask(const Operation& operation);
  void update(const Operation& operation);
  void batch(const Operation& operation);
  void get(const Operation& operation);
  void scan(const Operation& operation);
  void drop(const Operation& operation);
  void checkpoint(const Operation& operation);
  void reopen(const Operation& operation);

  void say(size_t at, std::string_view text);
  void say_page(size_t at, const Page& page, Part part, size_t& items_left);
  // Reads pages until `items_wanted` are seen.
  void say_items(Engine& engine, size_t at, Scan scan, size_t items_wanted);
  void say_everything(Engine& engine, size_t at);
  Done answer(size_t at);
  // Everything asked for is answered and durable.
  void drain();
  void wait_until(const std::function<bool()>& is_done);
  void wait_for_answers(size_t under_way_max);

  Store& store_;
  Plan plan_;
  base::Rng rng_;
  Operations operations_;
  std::vector<uint64_t> answers_;
  std::string watched_text_;
  std::unique_ptr<Snapshot> snapshot_;
  Space snapshot_space_ = Space::kData;
  size_t under_way_ = 0;
  bool is_asking_ = false;
  bool is_refused_ = false;
};

}  // namespace distkv::storage::lsm::test
