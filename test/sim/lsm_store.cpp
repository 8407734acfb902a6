#include "sim/lsm_store.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sim/store_reader.h"

namespace distkv::sim {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using storage::io::test::CachedReads;
using storage::io::test::SimFileSystem;

constexpr const char* kDirectory = "/store";
constexpr size_t kReaders = 3;

constexpr Spread kUsualSync{microseconds(80), microseconds(400)};
constexpr Spread kUsualWork{microseconds(500), milliseconds(5)};
constexpr Spread kUsualRead{microseconds(50), microseconds(300)};
constexpr Spread kSlowSync{milliseconds(20), milliseconds(300)};
constexpr Spread kSlowWork{milliseconds(20), milliseconds(800)};
constexpr Spread kSlowRead{milliseconds(2), milliseconds(100)};

// Half of a segment is the largest record. Where values are small a record has some hundred
// siblings at worst; where one in a hundred is of 200 KB, some of these.
constexpr uint64_t kSmallSegmentBytes = 192 << 10;
constexpr uint64_t kLargeSegmentBytes = 4 << 20;
// Small, for many flushes; yet a record of four memtables would make a store refuse all that comes
// after its next start.
constexpr uint64_t kSmallMemtableBytes = 8 << 10;
constexpr uint64_t kLargeMemtableBytes = 256 << 10;
// Small: a full disk must hold two.
constexpr uint64_t kBallastBytes = 64 << 10;

constexpr uint64_t kNoOperation = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kRoomForAll = uint64_t{1} << 40;
constexpr Chance kRecoveryIsCut{100000};
constexpr int kRecoveriesCutMax = 3;
constexpr uint64_t kRecoveryOperationsMax = 40;
constexpr uint64_t kSyncsToFailureMax = 30;
constexpr uint64_t kRoomLeftMax = 512 << 10;

storage::lsm::Options draw_options(const StorePlan& plan, base::Rng& rng) {
  storage::lsm::Options options;
  options.directory = kDirectory;
  options.new_store = storage::lsm::StoreId{rng.next_id()};
  options.memtable_bytes = plan.has_large_values ? kLargeMemtableBytes << rng.below(2)
                                                 : kSmallMemtableBytes << rng.below(5);
  options.segment_bytes = plan.has_large_values ? kLargeSegmentBytes : kSmallSegmentBytes;
  options.log_pack_bytes_min = rng.below(2) == 0 ? 200 : 64 << 10;
  options.cache_bytes = rng.below(3) == 0 ? 0 : rng.between(1, 64) << 10;
  options.table_bytes = 1024ull << rng.below(6);
  options.table.block_bytes = rng.between(64, 4096);
  options.table.value_apart_min = rng.between(32, 4096);
  options.table.filter_bits_per_key = rng.below(5) == 0 ? 0 : 10;
  options.table.is_compressed = rng.below(4) > 0;
  options.picker.fan_out = rng.between(2, 6);
  options.picker.debt_bytes_min = 1 << 20;
  options.picker.base_bytes_min = rng.below(2) == 0 ? 0 : rng.between(1, 32) << 10;
  options.picker.merge_ratio = rng.below(2) == 0 ? 0.5 : 1.0;
  options.picker.stretch_bytes = 512ull << rng.below(7);
  options.ballast_bytes = kBallastBytes;
  return options;
}

CachedReads draw_cached_reads(base::Rng& rng) {
  constexpr CachedReads kChoices[] = {CachedReads::kAlways, CachedReads::kNever,
                                      CachedReads::kRandom};
  return kChoices[rng.below(std::size(kChoices))];
}

}  // namespace

LsmStore::LsmStore(const StorePlan& plan, const StoreHost& host, base::Rng rng)
    : SimStore(host, rng),
      options_(draw_options(plan, rng_)),
      cached_reads_(draw_cached_reads(rng_)),
      log_thread_(host_.scheduler, rng_.fork(), 1, host_.hand),
      background_(host_.scheduler, rng_.fork(), 1, host_.hand),
      readers_(host_.scheduler, rng_.fork(), kReaders, host_.hand) {
  lay_in_disk();
  set_slow(false);
}

void LsmStore::lay_in_disk() {
  files_ = std::make_unique<SimFileSystem>(rng_.next());
  files_->set_cached_reads(cached_reads_);
  ailment_ = Ailment::kNone;
}

void LsmStore::clear() {
  lay_in_disk();
  options_.new_store = storage::lsm::StoreId{rng_.next_id()};
}

void LsmStore::keep_copy() {
  if (ailment_ == Ailment::kNone) copy_ = files_->copy();
}

void LsmStore::lay_in_copy() {
  files_ = copy_->copy();
  ailment_ = Ailment::kNone;
}

void LsmStore::set_slow(bool is_slow) {
  log_thread_.set_delay(is_slow ? kSlowSync : kUsualSync);
  background_.set_delay(is_slow ? kSlowWork : kUsualWork);
  readers_.set_delay(is_slow ? kSlowRead : kUsualRead);
}

void LsmStore::set_all_cached(bool is_all_cached) {
  files_->set_cached_reads(is_all_cached ? CachedReads::kAlways : cached_reads_);
}

void LsmStore::cut_power_in(uint64_t operations) {
  files_->stop_at(files_->operations() + operations);
}

void LsmStore::keep_power() { files_->stop_at(kNoOperation); }

base::Result<std::unique_ptr<storage::Engine>> LsmStore::open_engine(base::Timers& timers) {
  for (int cuts = 0;; ++cuts) {
    if (cuts < kRecoveriesCutMax && happens(rng_, kRecoveryIsCut)) {
      cut_power_in(rng_.between(1, kRecoveryOperationsMax));
    }
    auto engine = storage::lsm::LsmEngine::open(
        {*files_, log_thread_, background_, readers_, timers, host_.clock, host_.log}, options_);
    // A failed sync leaves pages that only look written; nothing is safe before they are gone.
    const bool has_failed = !engine.is_ok() && ailment_ == Ailment::kFailingSync;
    if (!files_->is_down() && !has_failed) {
      keep_power();
      if (!engine.is_ok()) return engine.status();
      return std::unique_ptr<storage::Engine>(std::move(*engine));
    }
    engine = base::Status(base::Code::kIo, "the machine is down");
    die(Ending::kPowerCut);
    judge();
  }
}

base::Result<Found> LsmStore::read_all() {
  return read_store(*files_, options_, account_.places());
}

void LsmStore::forget_work() {
  log_thread_.forget();
  background_.forget();
  readers_.forget();
}

void LsmStore::die(Ending ending) {
  forget_work();
  keep_power();
  const bool must_crash = files_->is_down() || ailment_ == Ailment::kFailingSync;
  if (ending == Ending::kPowerCut || must_crash) files_->crash(rng_);
}

void LsmStore::ail(Ailment ailment) {
  const bool rots_on = ailment == Ailment::kRotten && ailment_ == Ailment::kRotten;
  if (ailment_ != Ailment::kNone && !rots_on) return;
  switch (ailment) {
    case Ailment::kNone:
      return;
    case Ailment::kFailingSync:
      files_->add_fault({.operations = {storage::io::test::Operation::kSync},
                         .path_part = "/log-",
                         .nth = rng_.between(1, kSyncsToFailureMax)});
      break;
    case Ailment::kFull:
      files_->set_capacity(files_->used_bytes() + rng_.below(kRoomLeftMax));
      break;
    case Ailment::kRotten:
      if (!rot_table()) return;
      break;
  }
  ailment_ = ailment;
}

void LsmStore::fail_call(uint64_t nth) {
  using storage::io::test::Operation;
  files_->add_fault(
      {.operations = {Operation::kRead, Operation::kWrite, Operation::kSync, Operation::kReserve,
                      Operation::kCreate, Operation::kRename, Operation::kLink, Operation::kRemove,
                      Operation::kSyncDirectory, Operation::kMakeDirectory},
       .nth = nth});
  ailment_ = Ailment::kFailingSync;
}

// Every byte of every table is as likely as any other.
bool LsmStore::rot_table() {
  std::vector<std::pair<std::string, size_t>> tables;
  size_t bytes = 0;
  for (std::string& path : files_->paths()) {
    if (!path.ends_with(".sst")) continue;
    const size_t size = files_->contents(path).size();
    bytes += size;
    tables.emplace_back(std::move(path), size);
  }
  if (bytes == 0) return false;
  uint64_t offset = rng_.below(bytes);
  const auto mask = static_cast<char>(1U << rng_.below(8));
  for (const auto& [path, size] : tables) {
    if (offset < size) {
      files_->corrupt(path, offset, mask);
      return true;
    }
    offset -= size;
  }
  return false;
}

void LsmStore::mend() {
  files_->clear_faults();
  files_->set_capacity(kRoomForAll);
  if (ailment_ != Ailment::kRotten) ailment_ = Ailment::kNone;
}

}  // namespace distkv::sim
