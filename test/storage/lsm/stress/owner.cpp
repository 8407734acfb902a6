#include "storage/lsm/stress/owner.h"

#include <algorithm>
#include <charconv>
#include <thread>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "storage/lsm/lsm_host.h"

namespace distkv::storage::lsm::test {

using base::Status;

namespace {

constexpr uint64_t kKeys = 2000;
// So many wait for an answer before the owner goes on asking.
constexpr uint64_t kOutstandingMax = 200;

std::string key_of(uint64_t number) { return "key" + std::to_string(number); }
// Some keys share a token.
base::Token token_of(uint64_t number) { return base::Token{(number / 2) << 52}; }

uint64_t version_in(std::string_view value) {
  uint64_t version = 0;
  std::from_chars(value.data(), value.data() + value.size(), version);
  return version;
}

}  // namespace

Owner::Owner(uint64_t seed) : rng_(seed) {
  options_ = storage::test::random_options(rng_);
  options_.memtable_bytes = 64 << 10;
  options_.table_bytes = 32 << 10;
}

Owner::~Owner() { DISTKV_CHECK(engine_ == nullptr); }

void Owner::open(const std::string& directory) {
  directory_ = directory;
  options_.directory = directory;
  auto engine = LsmEngine::open({files_, log_thread_, background_, readers_, timers_, clock_, log_},
                                options_);
  DISTKV_CHECK(engine.is_ok());
  engine_ = std::move(*engine);
}

void Owner::close() {
  while (snapshot_scans_ > 0) turn();
  snapshot_.reset();
  bool is_closed = false;
  engine_->close([&is_closed](const Status& status) {
    DISTKV_CHECK(status.is_ok());
    is_closed = true;
  });
  settle();
  while (!is_closed || !log_thread_.is_idle() || !background_.is_idle() || !readers_.is_idle()) {
    turn();
  }
  bytes_merged_ += engine_->maintenance().bytes_merged();
  engine_.reset();
}

void Owner::live(const std::string& directory, size_t operations) {
  open(directory);
  for (size_t i = 0; i < operations; ++i) {
    ask();
    if (rng_.chance(0.3)) turn();
    while (asked_ - answers_ > kOutstandingMax) turn();
  }
  // Half the time much is still under way when it closes.
  if (rng_.chance(0.5)) settle();
  close();
}

size_t Owner::count(const std::string& directory) {
  open(directory);
  size_t items = 0;
  Scan scan;
  for (bool is_last = false; !is_last;) {
    engine_->scan(scan, [&, done = answered()](auto page) {
      done(page.status());
      DISTKV_CHECK(page.is_ok());
      items += page->items.size();
      is_last = page->is_last;
      scan.after = page->last;
    });
    settle();
  }
  close();
  return items;
}

void Owner::turn() {
  bool is_any = log_thread_.run_finished();
  is_any = background_.run_finished() || is_any;
  is_any = readers_.run_finished() || is_any;
  is_any = timers_.run_due() > 0 || is_any;
  clock_.time += std::chrono::milliseconds(1);
  if (!is_any) std::this_thread::yield();
}

void Owner::settle() {
  while (answers_ < asked_) turn();
}

Done Owner::answered() {
  ++asked_;
  return [this](const Status&) { ++answers_; };
}

void Owner::ask() {
  const uint64_t number = rng_.below(kKeys);
  const uint64_t what = rng_.below(100);
  if (what < 60) return update(number);
  if (what < 90) return get(number);
  if (what < 95) return scan();
  ask_rarely();
}

void Owner::ask_rarely() {
  const uint64_t what = rng_.below(100);
  if (what < 40) {
    if (snapshot_scans_ == 0) snapshot_ = engine_->take_snapshot({});
  } else if (what < 60) {
    if (snapshot_scans_ == 0) snapshot_.reset();
  } else if (what < 90) {
    engine_->sync(answered());
  } else if (what < 95) {
    checkpoint();
  } else {
    drop();
  }
}

void Owner::update(uint64_t number) {
  const std::string key = key_of(number);
  const Durability durability = rng_.chance(0.5) ? Durability::kGroup : Durability::kMemory;
  const auto version = std::make_shared<uint64_t>(0);
  Update update;
  update.key = {Space::kData, token_of(number), key};
  update.durability = durability;
  update.decide = [this, number, version, bytes = rng_.below(400)](const EntryView* current) {
    Versions& versions = versions_[number];
    if (current != nullptr) judge(number, versions.written, *current);
    *version = ++versions.written;
    const std::string value = std::to_string(*version) + std::string(bytes, ' ');
    return Decision{Decision::Action::kPut, {"meta", value}};
  };
  update.durable = [this, number, version, done = answered()](const Status& status) {
    done(status);
    Versions& versions = versions_[number];
    if (status.is_ok()) versions.acknowledged = std::max(versions.acknowledged, *version);
    // Refused when it had decided already: as the store closes.
    if (!status.is_ok() && *version > 0) --versions.written;
  };
  engine_->update(std::move(update));
}

void Owner::judge(uint64_t number, uint64_t least, const EntryView& entry) {
  const uint64_t version = version_in(entry.value);
  if (version < least || version > versions_[number].written) ++wrong_;
}

void Owner::get(uint64_t number) {
  const std::string key = key_of(number);
  const uint64_t least = versions_[number].acknowledged;
  engine_->get({Space::kData, token_of(number), key}, Part::kAll,
               [this, number, least, done = answered()](const auto& found) {
                 done(found.status());
                 if (found.is_ok() && found->has_value()) judge(number, least, **found);
               });
}

void Owner::scan() {
  Scan scan;
  scan.range.first = base::Token{rng_.next()};
  const bool is_of_snapshot = snapshot_ != nullptr && rng_.chance(0.5);
  if (is_of_snapshot) scan.snapshot = snapshot_.get();
  snapshot_scans_ += is_of_snapshot ? 1 : 0;
  engine_->scan(scan, [this, is_of_snapshot, done = answered()](const auto& page) {
    done(page.status());
    snapshot_scans_ -= is_of_snapshot ? 1 : 0;
    if (!page.is_ok()) return;
    for (size_t i = 1; i < page->items.size(); ++i) {
      const Item& before = page->items[i - 1];
      const Item& item = page->items[i];
      if (std::tie(before.token, before.key) >= std::tie(item.token, item.key)) ++wrong_;
    }
  });
}

void Owner::drop() {
  Range range;
  range.first = base::Token{rng_.next()};
  range.last = base::Token{range.first.value() | (uint64_t{1} << 55)};
  engine_->drop_range(range, answered());
}

void Owner::checkpoint() {
  const std::string directory = directory_ + "-copy" + std::to_string(asked_);
  engine_->checkpoint(directory, [this, directory, done = answered()](const Status& status) {
    done(status);
    if (status.is_ok()) copies_.push_back(directory);
  });
}

}  // namespace distkv::storage::lsm::test
