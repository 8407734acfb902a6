#include "storage/lsm/power/life.h"

#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm::test {

using base::Code;
using base::Status;

namespace {

// Far above what any life needs; beyond it the store is taken to run in circles.
constexpr int kStepsMax = 200'000;

}  // namespace

struct Life::Asked {
  Place place;
  Durability durability;
  Decision decision;
  size_t number = 0;  // The commit it stands for, or that wrote what it saw.
  bool is_decided = false;
  bool is_visible = false;
};

Life::Life(World& world, uint64_t options_seed, uint64_t seed)
    : world_(world), history_(world.history), rng_(seed), host_(options_seed, false, &world.disk) {}

Life::~Life() {
  snapshot_.reset();
  host_.forget();
  engine_.reset();
}

bool Life::open(const std::string& directory) {
  auto engine = host_.try_open(directory);
  if (!engine.is_ok()) {
    error_ = engine.status();
    return false;
  }
  engine_ = std::move(*engine);
  return true;
}

void Life::run_a_little() {
  for (uint64_t steps = rng_.below(8); steps > 0 && !world_.disk.is_down(); --steps) host_.step();
  if (rng_.chance(0.1)) host_.clock.time += std::chrono::milliseconds(rng_.below(12));
}

void Life::work(size_t operations) {
  for (size_t i = 0; i < operations && !world_.disk.is_down(); ++i) {
    ask();
    run_a_little();
  }
}

bool Life::settle() {
  // Above every delay but the tick's: gathering, pacing, the end of a turn.
  constexpr int kQuietMilliseconds = 30;
  int steps = 0;
  for (int quiet = 0; quiet < kQuietMilliseconds; ++quiet) {
    while (host_.step()) {
      quiet = 0;
      if (++steps == kStepsMax) return false;
    }
    host_.clock.time += std::chrono::milliseconds(1);
  }
  return true;
}

void Life::wait() {
  // Each longer than the engine's time between two attempts, all than its look at the disk.
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    host_.clock.time += std::chrono::milliseconds(600);
    if (!settle()) return;
  }
}

Status Life::close() {
  snapshot_.reset();
  std::optional<Status> closed;
  engine_->close([&closed](const Status& status) { closed = status; });
  if (!settle()) return {Code::kTimedOut, "the store never comes to rest"};
  if (!closed) wait();
  if (!closed) return {Code::kTimedOut, "the store does not close"};
  if (closed->is_ok() && !drop_first_) history_.promise(history_.commits());
  return *closed;
}

std::optional<std::string> Life::complaint() const {
  if (tickets_->repeated() > 0) return std::to_string(tickets_->repeated()) + " answered twice";
  if (tickets_->open() > 0) return std::to_string(tickets_->open()) + " never answered";
  return std::nullopt;
}

Done Life::expect(Done done) {
  return [this, ticket = Tickets::take(tickets_), done = std::move(done)](const Status& status) {
    ticket.answer();
    const Code code = status.code();
    const bool is_of_disk = code == Code::kIo || code == Code::kCorrupt || code == Code::kNoSpace;
    if (is_of_disk && seen_.is_ok()) seen_ = status;
    done(status);
  };
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

Decision Life::random_decision() {
  const uint64_t what = rng_.below(10);
  const std::string value = random_value();
  if (what == 0) return {};
  if (what <= 2) return {Decision::Action::kErase, {}};
  return {Decision::Action::kPut, {value.substr(0, value.size() / 4), value}};
}

void Life::update(const KeyRef& key, Durability durability) {
  const auto asked = std::make_shared<Asked>();
  asked->place = {key.space, key.token, std::string(key.key)};
  asked->durability = durability;
  asked->decision = random_decision();
  ++undecided_;
  Update update;
  update.key = key;
  update.durability = durability;
  update.decide = [this, asked](const EntryView*) { return decide(*asked); };
  update.visible = [asked] { asked->is_visible = true; };
  update.durable = expect([this, asked](const Status& status) { answered(*asked, status); });
  engine_->update(std::move(update));
}

Decision Life::decide(Asked& asked) {
  --undecided_;
  asked.is_decided = true;
  // What it saw is answered with it.
  asked.number = history_.writer_of(asked.place);
  const Decision& decision = asked.decision;
  if (decision.action == Decision::Action::kKeep) return decision;
  const auto& [space, token, key] = asked.place;
  std::optional<Entry> entry;
  if (decision.action == Decision::Action::kPut) entry = decision.entry;
  asked.number = history_.add({{space, token, key, entry}}, asked.durability);
  return decision;
}

void Life::answered(Asked& asked, const Status& status) {
  const bool is_write = asked.decision.action != Decision::Action::kKeep;
  if (!asked.is_decided) --undecided_;
  // Refused although it was asked what to write.
  if (asked.is_decided && is_write && !asked.is_visible) history_.take_back(asked.number);
  asked.is_decided = true;
  if (status.is_ok() && asked.durability == Durability::kGroup) history_.promise(asked.number);
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
  engine_->write(writes, durability,
                 expect([this, number, durability, is_refused](const Status& status) {
                   *is_refused = !status.is_ok();
                   if (status.is_ok() && durability == Durability::kGroup) history_.promise(number);
                 }));
  if (!*is_refused) history_.add(writes, durability);
}

void Life::get(const KeyRef& key) {
  const Place place{key.space, key.token, std::string(key.key)};
  EntryView seen;
  const auto at_once = engine_->try_get(key, Part::kAll, seen);
  if (at_once.is_ok() && *at_once == Lookup::kFound) history_.promise_shown(place, seen);
  const Done answered = expect([](const Status&) {});
  engine_->get(key, Part::kAll, [this, place, answered](const auto& found) {
    answered(found.status());
    if (found.is_ok() && found->has_value()) history_.promise_shown(place, **found);
  });
}

void Life::scan() {
  Scan scan;
  scan.range.space = rng_.chance(0.8) ? Space::kData : Space::kHints;
  scan.items_max = rng_.between(1, 10);
  if (snapshot_ && rng_.chance(0.5)) scan.snapshot = snapshot_.get();
  const Done answered = expect([](const Status&) {});
  engine_->scan(scan, [this, answered, space = scan.range.space](const auto& page) {
    answered(page.status());
    if (!page.is_ok()) return;
    for (const Item& item : page->items) {
      history_.promise_shown({space, item.token, item.key}, {item.entry.meta, item.entry.value});
    }
  });
}

// Not atomic: key by key, in order. Whatever is asked for meanwhile waits behind it.
void Life::drop() {
  Range range;
  range.space = rng_.chance(0.8) ? Space::kData : Space::kHints;
  range.first = base::Token{rng_.below(12) << 60};
  range.last = base::Token{range.first.value() + (rng_.below(4) << 60)};
  const size_t first = history_.commits() + 1;
  for (const auto& [place, entry] : history_.visible()) {
    const auto& [space, token, key] = place;
    const bool is_in = space == range.space && token >= range.first && token <= range.last;
    if (is_in) history_.add({{space, token, key, std::nullopt}}, Durability::kGroup);
  }
  drop_first_ = first;
  const size_t last = history_.commits();
  engine_->drop_range(range, expect([this, first, last](const Status& status) {
                        drop_first_.reset();
                        // Where there was nothing, nothing was written.
                        if (status.is_ok() && last >= first) history_.promise(last);
                        if (status.is_ok()) return;
                        // A store that stopped may have written it, and writes nothing else.
                        if (status.message().find("has stopped") != std::string::npos) return;
                        history_.take_back(first);
                      }));
}

void Life::checkpoint() {
  const std::string directory = kCopies + std::string("/c") + std::to_string(rng_.next());
  const size_t promised = history_.promised();
  engine_->checkpoint(directory, expect([this, directory, promised](const Status& status) {
                        if (!status.is_ok()) return;
                        world_.copies.push_back({directory, history_.promising(promised)});
                      }));
}

void Life::sync() {
  const size_t visible = drop_first_.value_or(history_.commits() + 1) - 1;
  engine_->sync(expect([this, visible](const Status& status) {
    if (status.is_ok()) history_.promise(visible);
  }));
}

void Life::ask() {
  const Durability durability = rng_.chance(0.6) ? Durability::kGroup : Durability::kMemory;
  const bool is_order_known = undecided_ == 0 && !drop_first_;
  const uint64_t what = rng_.below(200);
  if (what < 140) return update(random_key(), durability);
  if (what < 160 && is_order_known) return batch(durability);
  if (what < 176) return get(random_key());
  if (what < 182) return scan();
  if (what < 184 && is_order_known) return drop();
  ask_rarely(what);
}

void Life::ask_rarely(uint64_t what) {
  if (what < 188) {
    snapshot_ = engine_->take_snapshot({});
  } else if (what < 192) {
    snapshot_.reset();
  } else if (what < 195) {
    sync();
  } else if (what < 198 && *world_.disk.exists(kCopies)) {
    checkpoint();
  } else {
    (void)settle();
  }
}

Status Life::put() {
  const std::string key = "put";
  const std::string value = random_value();
  const Write write{Space::kData, base::Token{1}, key, Entry{"m", value}};
  std::optional<Status> answer;
  const size_t number = history_.add({write}, Durability::kGroup);
  engine_->write({write}, Durability::kGroup, [&answer](const Status& status) { answer = status; });
  if (!settle() || !answer) return {Code::kTimedOut, "a write is never answered"};
  if (answer->is_ok()) history_.promise(number);
  return *answer;
}

bool Life::read_space(Space space, State& entries) {
  Scan scan;
  scan.range.space = space;
  for (bool is_last = false; !is_last;) {
    std::optional<base::Result<Page>> page;
    engine_->scan(scan, [&page](auto result) { page.emplace(std::move(result)); });
    (void)settle();
    DISTKV_CHECK(page.has_value());
    if (!page->is_ok()) {
      error_ = page->status();
      return false;
    }
    for (Item& item : (*page)->items) {
      entries[{space, item.token, std::move(item.key)}] = std::move(item.entry);
    }
    is_last = (*page)->is_last;
    scan.after = std::move((*page)->last);
  }
  return true;
}

Found Life::read_all(const History& written) {
  Found found;
  error_ = {};
  for (size_t i = 0; i < kSpaces; ++i) {
    if (!read_space(space_at(i), found.entries)) return read_one_by_one(written.places());
  }
  return found;
}

Found Life::read_one_by_one(const std::set<Place>& places) {
  Found found;
  for (const Place& place : places) {
    const auto& [space, token, key] = place;
    engine_->get({space, token, key}, Part::kAll, [&found, &place](const auto& entry) {
      if (!entry.is_ok()) {
        found.unreadable.insert(place);
      } else if (entry->has_value()) {
        found.entries[place] = {std::string((*entry)->meta), std::string((*entry)->value)};
      }
    });
    (void)settle();
  }
  return found;
}

}  // namespace distkv::storage::lsm::test
