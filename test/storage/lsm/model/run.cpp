#include "storage/lsm/model/run.h"

#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace distkv::storage::lsm::test {

using base::Code;
using base::Status;
using Kind = Operation::Kind;

namespace {

// Asked and not answered; enough for batches, drops and fetches to get into each other's way.
constexpr size_t kUnderWayMax = 64;
// Steps to wait for one answer: more than any scenario takes, so that a lost one is reported.
constexpr size_t kPatience = 10'000'000;

std::string shown(const EntryView* entry) {
  if (entry == nullptr) return "(absent)";
  return std::string(entry->meta) + "=" + std::string(entry->value);
}

// Tells of what it replaced, and never the same twice.
Entry next_entry(const Operation& operation, const EntryView* before) {
  const uint64_t seen = before == nullptr ? 1 : base::hash64(before->value);
  Entry entry{std::to_string(seen), std::to_string(operation.at)};
  if (operation.value_bytes == 0) return {{}, {}};
  entry.value.append(operation.value_bytes, static_cast<char>('a' + operation.at % 26));
  return entry;
}

}  // namespace

Run::Run(Store& store, const Plan& plan)
    : store_(store),
      plan_(plan),
      rng_(plan.seed + 1),
      operations_(plan.seed),
      answers_(plan.operations) {}

std::vector<uint64_t> Run::answers() {
  for (size_t i = 0; i < plan_.operations; ++i) {
    const Operation operation = operations_.next();
    ask(operation);
    for (uint64_t steps = rng_.below(4); steps > 0; --steps) store_.step();
  }
  drain();
  snapshot_.reset();
  say_everything(store_.engine(), plan_.operations - 1);
  return answers_;
}

void Run::say(size_t at, std::string_view text) {
  answers_[at] = base::hash64(text, answers_[at] + 1);
  if (plan_.watched == at) watched_text_.append(text).append(" | ");
}

Done Run::answer(size_t at) {
  ++under_way_;
  return [this, at](const Status& status) {
    --under_way_;
    if (is_asking_ && status.code() == Code::kOverloaded) {
      is_refused_ = true;
      return;
    }
    say(at, status.to_string());
  };
}

void Run::wait_until(const std::function<bool()>& is_done) {
  for (size_t steps = 0; !is_done(); ++steps) {
    DISTKV_CHECK(steps < kPatience);
    store_.step();
  }
}

void Run::drain() {
  // First, since what is not decided yet is not what a sync is for.
  wait_for_answers(0);
  bool is_synced = false;
  store_.engine().sync([&is_synced](const Status& status) {
    DISTKV_CHECK(status.is_ok());
    is_synced = true;
  });
  wait_until([&is_synced] { return is_synced; });
}

void Run::wait_for_answers(size_t under_way_max) {
  for (size_t steps = 0; under_way_ > under_way_max; ++steps) {
    DISTKV_CHECK(steps < kPatience);
    store_.step();
  }
}

void Run::ask(const Operation& operation) {
  wait_for_answers(kUnderWayMax);
  for (size_t tries = 0; !try_ask(operation); ++tries) {
    DISTKV_CHECK(tries < kPatience);
    store_.step();
  }
}

bool Run::try_ask(const Operation& operation) {
  is_asking_ = true;
  is_refused_ = false;
  switch (operation.kind) {
    case Kind::kPut:
    case Kind::kErase:
    case Kind::kKeep:
      update(operation);
      break;
    case Kind::kBatch:
      batch(operation);
      break;
    case Kind::kGet:
    case Kind::kHead:
      get(operation);
      break;
    case Kind::kScan:
    case Kind::kScanSnapshot:
      scan(operation);
      break;
    case Kind::kTakeSnapshot:
      drain();
      snapshot_ = store_.engine().take_snapshot({operation.space, {}, base::Token{UINT64_MAX}});
      snapshot_space_ = operation.space;
      break;
    case Kind::kDropSnapshot:
      snapshot_.reset();
      break;
    case Kind::kDropRange:
      drop(operation);
      break;
    case Kind::kSync:
      store_.engine().sync(answer(operation.at));
      break;
    case Kind::kMerge:
      drain();
      store_.merge();
      break;
    case Kind::kCheckpoint:
      checkpoint(operation);
      break;
    case Kind::kReopen:
      reopen(operation);
      break;
  }
  is_asking_ = false;
  return !is_refused_;
}

void Run::update(const Operation& operation) {
  Update update;
  update.key = {operation.space, operation.token, operation.key};
  update.durability = operation.durability;
  update.decide = [this, operation](const EntryView* current) {
    say(operation.at, shown(current));
    if (operation.kind == Kind::kKeep) return Decision{};
    if (operation.kind == Kind::kErase) return Decision{Decision::Action::kErase, {}};
    return Decision{Decision::Action::kPut, next_entry(operation, current)};
  };
  update.durable = answer(operation.at);
  store_.engine().update(std::move(update));
}

void Run::batch(const Operation& operation) {
  std::vector<Write> writes;
  const Space other = operation.space == Space::kData ? Space::kHints : Space::kData;
  writes.push_back({operation.space, operation.token, operation.key, std::nullopt});
  if (operation.chance % 4 > 0) writes.back().entry = next_entry(operation, nullptr);
  writes.push_back({other, operation.token, operation.key, Entry{"b", operation.key}});
  writes.push_back({operation.space, operation.range.last, "k0", std::nullopt});
  // The last word on a key counts.
  if (operation.chance % 16 > 13) writes.push_back(writes.front());
  store_.engine().write(std::move(writes), operation.durability, answer(operation.at));
}

void Run::get(const Operation& operation) {
  const KeyRef key{operation.space, operation.token, operation.key};
  const bool is_head = operation.kind == Kind::kHead;
  const Part part = is_head ? Part::kMeta : Part::kAll;
  const auto tell = [this, at = operation.at, is_head](const EntryView* entry) {
    say(at, entry != nullptr && is_head ? std::string(entry->meta) : shown(entry));
  };
  // Half of them ask for what memory has first.
  EntryView found;
  const auto lookup = operation.chance % 2 == 0 ? store_.engine().try_get(key, part, found)
                                                : base::Result<Lookup>(Lookup::kWouldBlock);
  if (!lookup.is_ok()) return say(operation.at, lookup.status().to_string());
  if (*lookup == Lookup::kFound) return tell(&found);
  if (*lookup == Lookup::kAbsent) return tell(nullptr);
  ++under_way_;
  store_.engine().get(key, part, [this, at = operation.at, tell](const auto& entry) {
    --under_way_;
    if (!entry.is_ok()) return say(at, entry.status().to_string());
    tell(*entry ? &**entry : nullptr);
  });
}

void Run::say_page(size_t at, const Page& page, Part part, size_t& items_left) {
  for (const Item& item : page.items) {
    if (items_left == 0) return;
    --items_left;
    std::string text = std::to_string(item.token.value()) + "/" + item.key + ":" + item.entry.meta;
    if (part == Part::kAll) text += "=" + item.entry.value;
    say(at, text);
  }
}

void Run::say_items(Engine& engine, size_t at, Scan scan, size_t items_wanted) {
  bool is_last = false;
  while (!is_last && items_wanted > 0) {
    bool is_done = false;
    engine.scan(scan, [&](base::Result<Page> page) {
      is_done = is_last = true;
      if (!page.is_ok()) return say(at, page.status().to_string());
      say_page(at, *page, scan.part, items_wanted);
      is_last = page->is_last;
      scan.after = page->last;
    });
    wait_until([&is_done] { return is_done; });
  }
  if (items_wanted > 0) say(at, "end");
}

void Run::say_everything(Engine& engine, size_t at) {
  for (const Space space : {Space::kData, Space::kHints, Space::kNode}) {
    Scan scan;
    scan.range.space = space;
    say_items(engine, at, scan, SIZE_MAX);
  }
}

void Run::scan(const Operation& operation) {
  Scan scan;
  scan.range = operation.range;
  scan.items_max = operation.items_per_page;
  scan.bytes_max = operation.bytes_per_page;
  scan.part = operation.part;
  if (operation.kind == Kind::kScanSnapshot) {
    if (snapshot_ == nullptr) return;
    scan.snapshot = snapshot_.get();
    scan.range.space = snapshot_space_;
  } else {
    drain();
  }
  say_items(store_.engine(), operation.at, scan, operation.items_wanted);
}

void Run::drop(const Operation& operation) {
  store_.engine().drop_range(operation.range, answer(operation.at));
}

void Run::checkpoint(const Operation& operation) {
  drain();
  const auto look = [&](Engine& copy) { say_everything(copy, operation.at); };
  if (const auto wrong = store_.with_checkpoint(look); !wrong.empty()) say(operation.at, wrong);
}

void Run::reopen(const Operation& operation) {
  drain();
  snapshot_.reset();
  if (const auto wrong = store_.reopen(operation.chance); !wrong.empty()) {
    say(operation.at, wrong);
  }
}

}  // namespace distkv::storage::lsm::test
