// One life of a store on a simulated disk: it is opened, told things at random, and ends when its
// time is up, or when the disk goes down under it. The seed decides everything.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"
#include "storage/lsm/power/history.h"
#include "storage/lsm/power/tickets.h"

namespace distkv::storage::lsm::test {

using distkv::storage::test::LsmHost;

// What lives write into, and what they leave.
struct World {
  explicit World(uint64_t seed) : disk(seed) {}
  io::test::SimFileSystem disk;
  History history;
  std::vector<Copy> copies;
};

class Life {
 public:
  static constexpr const char* kDirectory = "/store";
  static constexpr const char* kCopies = "/copies";  // Checkpoints go there, if it exists.

  // `options_seed` is the same in all lives of a store. `world` outlives this.
  Life(World& world, uint64_t options_seed, uint64_t seed);
  // Whatever is under way dies with the program.
  ~Life();

  // False: it could not be opened, see error().
  bool open(const std::string& directory = kDirectory);
  const base::Status& error() const { return error_; }
  const LsmEngine& engine() const { return *engine_; }
  // All that is in the store. With damage: everything ever written that can be read one by one,
  // and error() says why not the rest.
  Found read_all(const History& written);
  // Asks for `operations` things, in no hurry; returns when they are asked or the disk is down.
  void work(size_t operations);
  // Lets everything asked for come to its end. False: it went on and on.
  bool settle();
  // Time passes, so that what waits to try again does.
  void wait();
  // Writes one entry and waits for the answer; kUnknown if there is none.
  base::Status put();
  base::Status close();
  // What was asked and not answered, or answered twice; after settle().
  std::optional<std::string> complaint() const;
  // The first answer that spoke of the disk: kIo, kCorrupt, kNoSpace.
  const base::Status& seen() const { return seen_; }

 private:
  struct Asked;  // One update on its way.

  void ask();
  void ask_rarely(uint64_t what);
  void update(const KeyRef& key, Durability durability);
  Decision decide(Asked& asked);
  void answered(Asked& asked, const base::Status& status);
  void batch(Durability durability);
  void get(const KeyRef& key);
  void scan();
  void drop();
  void checkpoint();
  void sync();
  KeyRef random_key();
  std::string random_value();
  Decision random_decision();
  void run_a_little();
  bool read_space(Space space, State& entries);
  Found read_one_by_one(const std::set<Place>& places);
  // Wraps an answer: counts it, and looks at its status.
  Done expect(Done done);

  World& world_;
  History& history_;
  base::Rng rng_;
  LsmHost host_;
  std::shared_ptr<Tickets> tickets_ = std::make_shared<Tickets>();
  std::unique_ptr<LsmEngine> engine_;
  std::unique_ptr<Snapshot> snapshot_;
  base::Status error_;
  base::Status seen_;
  std::string key_;
  size_t undecided_ = 0;              // Updates whose place in the order is not known yet.
  std::optional<size_t> drop_first_;  // A drop is under way; its first commit, if it ever is.
};

}  // namespace distkv::storage::lsm::test
