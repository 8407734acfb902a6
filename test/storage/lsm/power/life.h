// One life of a store on a simulated disk: it is opened, told things at random, and ends when its
// time is up, or when the disk goes down under it. The seed decides everything.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/rng.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"
#include "storage/lsm/power/history.h"

namespace distkv::storage::lsm::test {

using distkv::storage::test::LsmHost;

class Life {
 public:
  static constexpr const char* kDirectory = "/store";

  // `options_seed` is the same in all lives of a store. `history` outlives this.
  Life(io::test::SimFileSystem& disk, uint64_t options_seed, uint64_t seed, History& history);
  ~Life();

  // False: it could not be opened, see error().
  bool open();
  const base::Status& error() const { return error_; }
  const LsmEngine& engine() const { return *engine_; }
  // All that is in the store; nullopt if it reports damage or dies: see error().
  std::optional<State> read_all();
  // Asks for `operations` things, in no hurry; returns when they are asked or the disk is down.
  void work(size_t operations);
  // Lets everything asked for come to its end.
  void settle();
  base::Status close();

 private:
  void ask();
  void update(const KeyRef& key, Durability durability);
  void batch(Durability durability);
  void get(const KeyRef& key);
  void scan();
  KeyRef random_key();
  std::string random_value();
  void run_a_little();

  io::test::SimFileSystem& disk_;
  History& history_;
  base::Rng rng_;
  LsmHost host_;
  std::unique_ptr<LsmEngine> engine_;
  std::unique_ptr<Snapshot> snapshot_;
  base::Status error_;
  std::string key_;
  size_t undecided_ = 0;  // Updates whose place in the order is not known yet.
};

}  // namespace distkv::storage::lsm::test
