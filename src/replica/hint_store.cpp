#include "replica/hint_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "ring/token.h"

namespace distkv::replica {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;

namespace {

// All hints of one target lie together: its hash is their token.
base::Token token_of(const NodeId& target) { return base::Token{base::hash64(target.value())}; }

uint64_t bytes_of(size_t key, size_t meta, uint64_t values) { return key + meta + values; }

struct Stored {
  HintMeta meta;
  RecordView record;
};

Result<Stored> parse(const storage::EntryView& entry) {
  const Result<HintMeta> meta = decode_hint_meta(entry.meta);
  if (!meta.is_ok()) return meta.status();
  if (meta->values_bytes != entry.value.size()) {
    return Status(Code::kCorrupt, "a hint's value is not of the size its header says");
  }
  return Stored{*meta, {meta->record_meta, entry.value}};
}

Result<Hint> hint_of(std::string key, const storage::EntryView& entry, const HintStamp& frontier) {
  const Result<Stored> stored = parse(entry);
  if (!stored.is_ok()) return stored.status();
  return Hint{std::move(key),
              {std::string(stored->record.meta), std::string(stored->record.values)},
              stored->meta.header,
              frontier};
}

Result<HintHead> head_of(const storage::Item& item) {
  Result<HintPlace> place = decode_hint_key(item.key);
  if (!place.is_ok()) return place.status();
  const Result<HintMeta> meta = decode_hint_meta(item.entry.meta);
  if (!meta.is_ok()) return meta.status();
  return HintHead{std::move(place->target), std::move(place->key), meta->header,
                  bytes_of(item.key.size(), item.entry.meta.size(), meta->values_bytes)};
}

Result<RecordBytes> joined(const RecordView& kept, const RecordView& incoming) {
  const auto older = decode(kept);
  if (!older.is_ok()) return older.status();
  const auto newer = decode(incoming);
  if (!newer.is_ok()) return newer.status();
  return encode(causality::merge(*older, *newer));
}

storage::Decision put_hint(const HintHeader& header, const RecordView& record) {
  return {storage::Decision::Action::kPut,
          {encode_hint_meta(header, record), std::string(record.values)}};
}

}  // namespace

// One add from its call to its end.
struct HintStore::Add {
  NodeId target;
  std::string key;
  size_t stored_key_bytes = 0;
  RecordBytes incoming;
  HintStamp stamp;
  HintHeader header;
  HintChange change;
  Status refused;
  storage::Done done;
};

// One removal or expiry likewise.
struct HintStore::Removal {
  NodeId target;
  size_t stored_key_bytes = 0;
  // What was delivered; none: expiry.
  std::optional<std::string> record_meta;
  HintStamp frontier;
  HintChange change;
};

HintStore::HintStore(storage::Engine& engine, const base::Clock& clock, base::Log& log,
                     const HintLimits& limits, OnDropped on_dropped)
    : engine_(engine),
      clock_(clock),
      log_(log),
      limits_(limits),
      on_dropped_(std::move(on_dropped)),
      started_(clock.now()),
      started_wall_(clock.wall_now()) {}

base::WallTime HintStore::now() const {
  return started_wall_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - started_);
}

bool HintStore::is_expired(const HintHeader& header) const {
  return now() - header.oldest.at >= limits_.age_max;
}

HintStamp HintStore::frontier() const {
  if (adding_.empty()) return {last_sequence_ + 1, now()};
  return {adding_.begin()->first, adding_.begin()->second};
}

// ---- Counting.

void HintStore::count(const NodeId& target, const HintChange& change) {
  ledger_.count(target, change);
  if (!recount_) return;
  HintChange& counted = recount_->counted[target];
  counted.hints += change.hints;
  counted.bytes += change.bytes;
  counted.at = std::min(counted.at, change.at);
}

void HintStore::note_dropped(const NodeId& target, std::optional<base::Token> token,
                             const std::string& why) {
  ledger_.count_dropped(target);
  log_.debug("hint_dropped", {{"target", target.value()}, {"why", why}});
  on_dropped_(token);
  const base::MonotonicTime now = clock_.now();
  if (drop_logged_ && now - *drop_logged_ < kHintDropLogInterval) return;
  drop_logged_ = now;
  log_.warn("hints_dropped", {{"target", target.value()},
                              {"dropped", ledger_.total().dropped},
                              {"pending", ledger_.pending()},
                              {"bytes", ledger_.bytes()},
                              {"why", why}});
}

void HintStore::load(storage::Done done) {
  DISTKV_CHECK(!recount_ && adding_.empty());
  ledger_ = {};
  recount_.emplace();
  recount_page(std::nullopt, std::move(done));
}

// The snapshot shows exactly the hints whose counting came before it.
void HintStore::recount(storage::Done done) {
  if (recount_) return done({Code::kOverloaded, "hints are being counted already"});
  recount_.emplace();
  recount_->snapshot = engine_.take_snapshot({storage::Space::kHints, {}});
  recount_page(std::nullopt, std::move(done));
}

void HintStore::recount_page(std::optional<storage::Cursor> after, storage::Done done) {
  storage::Scan scan;
  scan.range.space = storage::Space::kHints;
  scan.snapshot = recount_->snapshot.get();
  scan.after = std::move(after);
  scan.part = storage::Part::kMeta;
  engine_.scan(scan, [this, done = std::move(done)](Result<storage::Page> page) {
    if (!page.is_ok()) return finish_recount(page.status(), done);
    for (const storage::Item& item : page->items) {
      const Result<HintHead> head = head_of(item);
      if (!head.is_ok()) return finish_recount(head.status(), done);
      last_sequence_ = std::max(last_sequence_, head->header.oldest.sequence);
      HintChange& counted = recount_->counted[head->target];
      ++counted.hints;
      counted.bytes += static_cast<int64_t>(head->bytes);
      counted.at = std::min(counted.at, head->header.oldest.at);
    }
    if (page->is_last) return finish_recount(Status::ok(), done);
    recount_page(std::move(page->last), done);
  });
}

void HintStore::finish_recount(const Status& status, const storage::Done& done) {
  const Recount recounted = std::move(*recount_);
  recount_.reset();
  // Damage may also have brought back an older state of a hint, which no count tells.
  if (recounted.snapshot != nullptr) on_dropped_(std::nullopt);
  if (status.is_ok()) ledger_.replace_pending(recounted.counted);
  done(status);
}

// ---- Keeping.

void HintStore::add(const NodeId& target, std::string_view key, const RecordView& record,
                    base::LayoutVersion layout, storage::Done done) {
  if (adding_.size() >= kHintAddsMax) {
    Status refused(Code::kOverloaded, "too many hints wait for the disk");
    note_dropped(target, ring::token_of(key), refused.message());
    return done(std::move(refused));
  }
  const HintStamp stamp{++last_sequence_, now()};
  adding_.emplace(stamp.sequence, stamp.at);
  const std::string stored = encode_hint_key(target, key);
  auto add = std::make_shared<Add>();
  add->target = target;
  add->key = std::string(key);
  add->stored_key_bytes = stored.size();
  add->incoming = {std::string(record.meta), std::string(record.values)};
  add->stamp = stamp;
  add->header = {layout, stamp};
  add->done = std::move(done);
  storage::Update update;
  update.key = {storage::Space::kHints, token_of(target), stored};
  update.frees_space = is_deletion(record);
  update.decide = [this, add](const storage::EntryView* kept) { return decide_add(*add, kept); };
  update.visible = [this, add] {
    if (add->refused.is_ok()) count(add->target, add->change);
  };
  update.durable = [this, add](const Status& status) { finish_add(*add, status); };
  engine_.update(std::move(update));
}

storage::Decision HintStore::decide_add(Add& add, const storage::EntryView* kept) {
  RecordBytes record = std::move(add.incoming);
  uint64_t bytes_before = 0;
  if (kept != nullptr) {
    const Result<Stored> older = parse(*kept);
    Result<RecordBytes> both =
        older.is_ok() ? joined(older->record, record.view()) : Result<RecordBytes>(older.status());
    if (!both.is_ok()) return add.refused = both.status(), storage::Decision{};
    record = std::move(*both);
    log_.debug("hint_coalesced", {{"target", add.target.value()}});
    add.header.layout = std::max(add.header.layout, older->meta.header.layout);
    add.header.oldest = older->meta.header.oldest;
    bytes_before = bytes_of(add.stored_key_bytes, kept->meta.size(), kept->value.size());
  }
  storage::Decision decision = put_hint(add.header, record.view());
  const uint64_t bytes =
      bytes_of(add.stored_key_bytes, decision.entry.meta.size(), decision.entry.value.size());
  add.change = {kept == nullptr ? 1 : 0,
                static_cast<int64_t>(bytes) - static_cast<int64_t>(bytes_before),
                add.header.oldest.at};
  add.refused = judge_room(add.target, add.change);
  return add.refused.is_ok() ? std::move(decision) : storage::Decision{};
}

// What makes a hint smaller is always taken.
Status HintStore::judge_room(const NodeId& target, const HintChange& change) const {
  const uint64_t held = ledger_.bytes();
  if (change.bytes > 0 && held + static_cast<uint64_t>(change.bytes) > limits_.bytes_max) {
    return {Code::kOverloaded, "hints hold " + std::to_string(held) + " bytes of at most " +
                                   std::to_string(limits_.bytes_max)};
  }
  if (change.hints == 0) return Status::ok();
  if (ledger_.pending() >= kHintsMax) return {Code::kOverloaded, "too many hints are pending"};
  if (ledger_.has_room_for(target)) return Status::ok();
  return {Code::kOverloaded, "hints are pending for too many nodes"};
}

void HintStore::finish_add(Add& add, const Status& status) {
  adding_.erase(add.stamp.sequence);
  const Status& outcome = add.refused.is_ok() ? status : add.refused;
  if (!outcome.is_ok()) note_dropped(add.target, ring::token_of(add.key), outcome.message());
  add.done(outcome);
}

// ---- Letting go.

void HintStore::remove(const NodeId& target, const Hint& delivered, storage::Done done) {
  ledger_.count_delivered(target);
  const std::string stored = encode_hint_key(target, delivered.key);
  auto removal = std::make_shared<Removal>(
      Removal{target, stored.size(), delivered.record.meta, delivered.frontier, {}});
  storage::Update update;
  update.key = {storage::Space::kHints, token_of(target), stored};
  update.frees_space = true;
  update.decide = [this, removal](const storage::EntryView* kept) {
    return decide_removal(*removal, kept);
  };
  update.visible = [this, removal] { count(removal->target, removal->change); };
  update.durable = std::move(done);
  engine_.update(std::move(update));
}

void HintStore::expire(const HintHead& head, storage::Done done) {
  const std::string stored = encode_hint_key(head.target, head.key);
  auto removal = std::make_shared<Removal>(Removal{head.target, stored.size(), {}, {}, {}});
  storage::Update update;
  update.key = {storage::Space::kHints, token_of(head.target), stored};
  update.frees_space = true;
  update.decide = [this, removal](const storage::EntryView* kept) {
    return decide_removal(*removal, kept);
  };
  update.visible = [this, removal, token = ring::token_of(head.key)] {
    count(removal->target, removal->change);
    if (removal->change.hints == 0) return;
    note_dropped(removal->target, token, "it was not delivered in time");
  };
  update.durable = std::move(done);
  engine_.update(std::move(update));
}

storage::Decision HintStore::decide_removal(Removal& removal, const storage::EntryView* kept) {
  const Result<Stored> stored =
      kept != nullptr ? parse(*kept) : Result<Stored>(Status(Code::kCorrupt, "there is none"));
  if (!stored.is_ok()) return {};
  HintHeader header = stored->meta.header;
  const bool goes =
      removal.record_meta ? stored->record.meta == *removal.record_meta : is_expired(header);
  if (goes) {
    const uint64_t bytes =
        bytes_of(removal.stored_key_bytes, kept->meta.size(), kept->value.size());
    removal.change = {-1, -static_cast<int64_t>(bytes), {}};
    return {storage::Decision::Action::kErase, {}};
  }
  // It grew while it was delivered: what is left was kept after that was read.
  if (removal.record_meta) log_.debug("hint_grew", {{"target", removal.target.value()}});
  if (header.oldest.sequence >= removal.frontier.sequence) return {};
  header.oldest = removal.frontier;
  return put_hint(header, stored->record);
}

// ---- Looking.

void HintStore::list(const NodeId& target, const std::optional<std::string>& after,
                     const HintPageLimit& limit,
                     std::function<void(Result<std::vector<Hint>>)> done) {
  storage::Scan scan;
  scan.range = {storage::Space::kHints, token_of(target), token_of(target)};
  scan.items_max = limit.hints;
  scan.bytes_max = limit.bytes;
  if (after) scan.after = storage::Cursor{token_of(target), encode_hint_key(target, *after)};
  list_page(target, std::move(scan), frontier(), std::move(done));
}

void HintStore::list_page(const NodeId& target, storage::Scan scan, HintStamp frontier,
                          std::function<void(Result<std::vector<Hint>>)> done) {
  engine_.scan(scan, [this, target, scan, frontier,
                      done = std::move(done)](const Result<storage::Page>& page) {
    if (!page.is_ok()) return done(page.status());
    std::vector<Hint> hints;
    for (const storage::Item& item : page->items) {
      const Result<HintPlace> place = decode_hint_key(item.key);
      if (!place.is_ok()) return done(place.status());
      // Two targets may share a hash; each sees only its own.
      if (place->target != target) continue;
      Result<Hint> hint = hint_of(place->key, {item.entry.meta, item.entry.value}, frontier);
      if (!hint.is_ok()) return done(hint.status());
      hints.push_back(std::move(*hint));
    }
    if (!hints.empty() || page->is_last) return done(std::move(hints));
    // Only erased or others' hints so far; none at all would mean the end.
    storage::Scan next = scan;
    next.after = page->last;
    list_page(target, std::move(next), frontier, done);
  });
}

void HintStore::walk(const std::optional<NodeId>& target, std::optional<storage::Cursor> after,
                     std::function<void(Result<HintHeads>)> done) {
  storage::Scan scan;
  scan.range.space = storage::Space::kHints;
  if (target) scan.range.first = scan.range.last = token_of(*target);
  scan.after = std::move(after);
  scan.part = storage::Part::kMeta;
  engine_.scan(scan, [target, done = std::move(done)](Result<storage::Page> page) {
    if (!page.is_ok()) return done(page.status());
    HintHeads found;
    for (const storage::Item& item : page->items) {
      Result<HintHead> head = head_of(item);
      if (!head.is_ok()) return done(head.status());
      if (!target || head->target == *target) found.heads.push_back(std::move(*head));
    }
    if (!page->is_last) found.next = std::move(page->last);
    done(std::move(found));
  });
}

void HintStore::find(const NodeId& target, std::string_view key,
                     std::function<void(Result<std::optional<Hint>>)> done) {
  const std::string stored = encode_hint_key(target, key);
  engine_.get({storage::Space::kHints, token_of(target), stored}, storage::Part::kAll,
              [key = std::string(key), frontier = frontier(),
               done = std::move(done)](const Result<std::optional<storage::EntryView>>& entry) {
                if (!entry.is_ok()) return done(entry.status());
                if (!entry->has_value()) return done(std::optional<Hint>());
                Result<Hint> hint = hint_of(key, **entry, frontier);
                if (!hint.is_ok()) return done(hint.status());
                done(std::optional(std::move(*hint)));
              });
}

void HintStore::contains(const NodeId& target, std::string_view key,
                         std::function<void(Result<bool>)> done) {
  const std::string stored = encode_hint_key(target, key);
  engine_.get({storage::Space::kHints, token_of(target), stored}, storage::Part::kMeta,
              [done = std::move(done)](Result<std::optional<storage::EntryView>> entry) {
                if (!entry.is_ok()) return done(entry.status());
                done(entry->has_value());
              });
}

}  // namespace distkv::replica
