#include "storage/lsm/power/life.h"

#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm::test {

using base::Status;

Life::Life(io::test::SimFileSystem& disk, uint64_t options_seed, uint64_t seed, History& history)
    : disk_(disk), history_(history), rng_(seed), host_(options_seed, false, &disk) {}

Life::~Life() {
  // Whatever was under way dies with the program.
  snapshot_.reset();
  host_.forget();
  engine_.reset();
}

bool Life::open() {
  auto engine = host_.try_open(kDirectory);
  if (!engine.is_ok()) {
    error_ = engine.status();
    return false;
  }
  engine_ = std::move(*engine);
  return true;
}

void Life::run_a_little() {
  for (uint64_t steps = rng_.below(8); steps > 0 && !disk_.is_down(); --steps) host_.step();
  if (rng_.chance(0.1)) host_.clock.time += std::chrono::milliseconds(rng_.below(12));
}

void Life::work(size_t operations) {
  for (size_t i = 0; i < operations && !disk_.is_down(); ++i) {
    ask();
    run_a_little();
  }
}

void Life::settle() { host_.settle(); }

Status Life::close() {
  snapshot_.reset();
  return host_.close(*engine_);
}

KeyRef Life::random_key() {
  // Few places, so that versions pile up; some share a token.
  key_ = std::string(1, static_cast<char>('a' + rng_.below(4)));
  const uint64_t token = rng_.below(12) << 60 | rng_.below(2);
  const Space space = rng_.chance(0.8) ? Space::kData : space_at(rng_.below(kSpaces));
  return {space, base::Token{token}, key_};
}

std::string Life::random_value() {
  const size_t bytes = rng_.chance(0.03) ? rng_.between(2000, 9000) : rng_.below(300);
  std::string value(bytes, static_cast<char>('A' + rng_.below(26)));
  // Unlike all others, so that each state has one history.
  return std::to_string(rng_.next()) + value;
}

void Life::update(const KeyRef& key, Durability durability) {
  const auto number = std::make_shared<size_t>(0);
  const Place place{key.space, key.token, std::string(key.key)};
  ++undecided_;
  Update update;
  update.key = key;
  update.durability = durability;
  const uint64_t what = rng_.below(10);
  update.decide = [this, place, number, what, durability,
                   value = random_value()](const EntryView*) {
    --undecided_;
    // What it saw is answered with it.
    *number = history_.writer_of(place);
    if (what == 0) return Decision{};
    Decision decision{Decision::Action::kErase, {}};
    if (what > 2) decision = {Decision::Action::kPut, {value.substr(0, value.size() / 4), value}};
    const auto& [space, token, name] = place;
    std::optional<Entry> entry;
    if (what > 2) entry = decision.entry;
    *number = history_.add({{space, token, name, entry}}, durability);
    return decision;
  };
  update.durable = [this, number, durability](const Status& status) {
    if (status.is_ok() && durability == Durability::kGroup) history_.promise(*number);
  };
  engine_->update(std::move(update));
}

void Life::batch(Durability durability) {
  std::vector<Write> writes;
  for (uint64_t left = rng_.between(1, 4); left > 0; --left) {
    const KeyRef key = random_key();
    std::optional<Entry> entry;
    if (rng_.chance(0.8)) entry = Entry{"m", random_value()};
    writes.push_back({key.space, key.token, std::string(key.key), entry});
  }
  const size_t number = history_.commits() + 1;
  const auto is_refused = std::make_shared<bool>(false);
  engine_->write(writes, durability, [this, number, durability, is_refused](const Status& status) {
    *is_refused = !status.is_ok();
    if (status.is_ok() && durability == Durability::kGroup) history_.promise(number);
  });
  if (!*is_refused) history_.add(writes, durability);
}

void Life::get(const KeyRef& key) {
  const Place place{key.space, key.token, std::string(key.key)};
  engine_->get(key, Part::kAll, [this, place](const auto& found) {
    if (found.is_ok() && found->has_value()) history_.promise_shown(place, **found);
  });
}

void Life::scan() {
  Scan scan;
  scan.range.space = rng_.chance(0.8) ? Space::kData : Space::kHints;
  scan.items_max = rng_.between(1, 10);
  if (snapshot_ && rng_.chance(0.5)) scan.snapshot = snapshot_.get();
  engine_->scan(scan, [](const auto&) {});
}

void Life::ask() {
  const Durability durability = rng_.chance(0.6) ? Durability::kGroup : Durability::kMemory;
  const uint64_t what = rng_.below(100);
  if (what < 70) return update(random_key(), durability);
  if (what < 80 && undecided_ == 0) return batch(durability);
  if (what < 88) return get(random_key());
  if (what < 92) return scan();
  if (what < 94) {
    snapshot_ = engine_->take_snapshot({});
    return;
  }
  if (what < 96) return snapshot_.reset();
  if (what < 98) {
    const size_t visible = history_.commits();
    return engine_->sync([this, visible](const Status& status) {
      if (status.is_ok()) history_.promise(visible);
    });
  }
  settle();
}

std::optional<State> Life::read_all() {
  State state;
  for (size_t i = 0; i < kSpaces; ++i) {
    Scan scan;
    scan.range.space = space_at(i);
    bool is_last = false;
    while (!is_last) {
      std::optional<base::Result<Page>> page;
      engine_->scan(scan, [&page](auto result) { page.emplace(std::move(result)); });
      host_.settle();
      DISTKV_CHECK(page.has_value());
      if (!page->is_ok()) {
        error_ = page->status();
        return std::nullopt;
      }
      for (Item& item : (*page)->items) {
        state[{space_at(i), item.token, std::move(item.key)}] = std::move(item.entry);
      }
      is_last = (*page)->is_last;
      scan.after = std::move((*page)->last);
    }
  }
  return state;
}

}  // namespace distkv::storage::lsm::test
