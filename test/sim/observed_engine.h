// An engine seen from outside: forwards every call and enters into an account what became visible,
// in the order in which it did, and what the answers promise. Nothing is known of the inside but
// the count of writes in sample().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/store_account.h"
#include "storage/engine.h"

namespace distkv::sim {

class ObservedEngine : public storage::Engine {
 public:
  // `account` outlives this. `committed` runs after each commit has become visible.
  ObservedEngine(std::unique_ptr<storage::Engine> engine, StoreAccount& account,
                 std::function<void()> committed);
  // The program is dead: nothing is forwarded any more, the account is complete.
  ~ObservedEngine() override;

  base::Result<storage::Lookup> try_get(const storage::KeyRef& key, storage::Part part,
                                        storage::EntryView& found) override;
  void get(const storage::KeyRef& key, storage::Part part, storage::GetDone done) override;
  void update(storage::Update update) override;
  void write(std::vector<storage::Write> batch, storage::Durability durability,
             storage::Done done) override;
  std::unique_ptr<storage::Snapshot> take_snapshot(const storage::Range& range) override;
  void scan(const storage::Scan& scan, storage::ScanDone done) override;
  // No node asks for it: kInvalidArgument.
  void drop_range(const storage::Range& range, storage::Done done) override;
  void sync(storage::Done done) override;
  void close(storage::Done done) override;
  void checkpoint(const std::string& directory, storage::Done done) override;
  std::vector<storage::DamagedRange> damaged() const override { return engine_->damaged(); }
  void heal(std::vector<uint64_t> ids, storage::Done done) override;
  base::Persistence persistence(storage::Durability durability) const override {
    return engine_->persistence(durability);
  }
  double pressure() const override { return engine_->pressure(); }
  storage::Sample sample() const override { return engine_->sample(); }

 private:
  struct Asked;
  // A batch that is not visible yet: it may wait for the keys that an update before it holds.
  struct Batch {
    std::vector<storage::Write> writes;
    CommitNumber number = 0;
  };

  // Enters the batches that became visible meanwhile, but for the last `fresh` writes.
  void catch_up(uint64_t fresh = 0);
  CommitNumber enter(std::vector<storage::Write> writes);

  std::unique_ptr<storage::Engine> engine_;
  StoreAccount& account_;
  std::function<void()> committed_;
  uint64_t entered_;  // Of the engine's count of writes.
  std::deque<std::shared_ptr<Batch>> waiting_;
};

}  // namespace distkv::sim
