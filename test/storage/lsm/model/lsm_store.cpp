// The LSM on a simulated disk, with its threads inline or in turns, its sizes drawn by chance.
#include <array>
#include <optional>
#include <utility>

#include "base/check.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"
#include "storage/lsm/model/store.h"

namespace distkv::storage::lsm::test {

namespace {

using distkv::storage::test::LsmHost;
using io::test::CachedReads;

class LsmStore : public Store {
 public:
  explicit LsmStore(uint64_t seed)
      : rng_(seed), disk_(rng_.next()), host_(rng_.next(), rng_.chance(0.3), &disk_) {
    constexpr std::array<CachedReads, 3> kPolicies = {CachedReads::kAlways, CachedReads::kNever,
                                                      CachedReads::kRandom};
    disk_.set_cached_reads(kPolicies[rng_.below(kPolicies.size())]);
    if (rng_.chance(0.3)) host_.options.sync_interval = std::chrono::milliseconds(5);
    engine_ = host_.open("/store");
  }
  ~LsmStore() override {
    host_.forget();
    engine_.reset();
  }

  Engine& engine() override { return *engine_; }

  void step() override {
    if (!host_.step()) host_.clock.time += std::chrono::milliseconds(1);
  }

  void merge() override {
    bool is_merged = false;
    engine_->settle([&is_merged] { is_merged = true; });
    while (!is_merged) step();
    host_.settle();
  }

  std::string reopen(uint64_t chance) override {
    if (const std::string error = first_error(); !error.empty()) return error;
    // Closed in order; or the program dies; or the power goes.
    const uint64_t way = chance % 3;
    if (way == 0) {
      if (const auto closed = host_.close(*engine_); !closed.is_ok()) return closed.to_string();
    }
    host_.forget();
    engine_.reset();
    if (way == 2) disk_.crash(rng_);
    auto opened = host_.try_open("/store");
    if (!opened.is_ok()) return opened.status().to_string();
    engine_ = std::move(*opened);
    return {};
  }

  std::string with_checkpoint(const std::function<void(Engine&)>& look) override {
    if (const std::string error = first_error(); !error.empty()) return error;
    const std::string path = "/copy" + std::to_string(++copies_);
    std::optional<base::Status> made;
    engine_->checkpoint(path, [&made](const base::Status& status) { made = status; });
    while (!made) step();
    if (!made->is_ok()) return made->to_string();
    auto copy = host_.try_open(path);
    if (!copy.is_ok()) return copy.status().to_string();
    look(**copy);
    const auto closed = host_.close(**copy);
    copy->reset();
    const auto names = disk_.list(path);
    for (const std::string& name : *names) {
      DISTKV_CHECK(disk_.remove(path + "/" + name).is_ok());
    }
    return closed.is_ok() ? "" : closed.to_string();
  }

 private:
  // Nothing here is damaged, full or failing, so nothing may ask for a person.
  std::string first_error() const {
    for (const std::string& line : host_.log.lines) {
      if (line.find("level=error") != std::string::npos) return line;
    }
    return {};
  }

  base::Rng rng_;
  io::test::SimFileSystem disk_;
  LsmHost host_;
  std::unique_ptr<LsmEngine> engine_;
  int copies_ = 0;
};

}  // namespace

std::unique_ptr<Store> make_lsm_store(uint64_t seed) { return std::make_unique<LsmStore>(seed); }

}  // namespace distkv::storage::lsm::test
