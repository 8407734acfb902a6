#include "replica/hint_store.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"

namespace distkv::replica {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;

namespace {

// All hints of one target lie together: its hash is their token.
base::Token token_of(const NodeId& target) { return base::Token{base::hash64(target.value())}; }

std::string key_of(const NodeId& target, std::string_view key) {
  std::string stored;
  base::Writer writer(stored);
  writer.bytes(target.value());
  writer.raw(key);
  return stored;
}

struct StoredKey {
  NodeId target;
  std::string key;
};

Result<StoredKey> parse_key(std::string_view stored) {
  base::Reader reader(stored);
  const NodeId target{std::string(reader.bytes(base::kNodeIdBytesMax))};
  const std::string_view key = reader.raw(reader.remaining());
  if (reader.has_failed()) return Status(Code::kCorrupt, "a hint's key names no target");
  return StoredKey{target, std::string(key)};
}

// The entry after adding `incoming`, given what is kept already.
Result<RecordBytes> joined(const storage::EntryView* kept, const RecordView& incoming) {
  if (kept == nullptr) return RecordBytes{std::string(incoming.meta), std::string(incoming.values)};
  const auto older = decode(RecordView{kept->meta, kept->value});
  if (!older.is_ok()) return older.status();
  const auto newer = decode(incoming);
  if (!newer.is_ok()) return newer.status();
  return encode(causality::merge(*older, *newer));
}

}  // namespace

void HintStore::count(const NodeId& target, int64_t change) {
  uint64_t& kept = pending_[target];
  DISTKV_CHECK(change >= 0 || kept > 0);
  kept += static_cast<uint64_t>(change);
  total_ += static_cast<uint64_t>(change);
  if (kept == 0) pending_.erase(target);
  if (recount_) recount_->counts[target] += change;
}

void HintStore::load(storage::Done done) {
  pending_.clear();
  total_ = 0;
  load_page(std::nullopt, std::move(done));
}

void HintStore::load_page(std::optional<storage::Cursor> after, storage::Done done) {
  storage::Scan scan;
  scan.range.space = storage::Space::kHints;
  scan.after = std::move(after);
  scan.part = storage::Part::kMeta;
  engine_.scan(scan, [this, done = std::move(done)](Result<storage::Page> page) {
    if (!page.is_ok()) return done(page.status());
    for (const storage::Item& item : page->items) {
      const auto stored = parse_key(item.key);
      if (!stored.is_ok()) return done(stored.status());
      count(stored->target, 1);
    }
    if (page->is_last) return done(Status::ok());
    load_page(std::move(page->last), done);
  });
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
      const auto stored = parse_key(item.key);
      if (!stored.is_ok()) return finish_recount(stored.status(), done);
      ++recount_->counts[stored->target];
    }
    if (page->is_last) return finish_recount(Status::ok(), done);
    recount_page(std::move(page->last), done);
  });
}

void HintStore::finish_recount(const Status& status, const storage::Done& done) {
  const Recount found = std::move(*recount_);
  recount_.reset();
  if (!status.is_ok()) return done(status);
  pending_.clear();
  total_ = 0;
  for (const auto& [target, kept] : found.counts) {
    DISTKV_CHECK(kept >= 0);
    if (kept > 0) count(target, kept);
  }
  done(status);
}

void HintStore::add(const NodeId& target, std::string_view key, const RecordView& record,
                    storage::Done done) {
  if (total_ >= kHintsMax) {
    ++dropped_;
    log_.warn("hint_dropped", {{"target", target.value()}, {"pending", total_}});
    return done(Status(Code::kOverloaded, "too many hints are pending"));
  }
  const std::string stored = key_of(target, key);
  auto incoming = std::make_shared<RecordBytes>(
      RecordBytes{std::string(record.meta), std::string(record.values)});
  auto refused = std::make_shared<Status>();
  storage::Update update;
  update.key = {storage::Space::kHints, token_of(target), stored};
  update.frees_space = is_deletion(record);
  update.decide = [this, target, incoming, refused](const storage::EntryView* kept) {
    const auto entry = joined(kept, incoming->view());
    if (!entry.is_ok()) {
      *refused = entry.status();
      return storage::Decision{};
    }
    if (kept == nullptr) count(target, 1);
    return storage::Decision{storage::Decision::Action::kPut, {entry->meta, entry->values}};
  };
  update.durable = [refused, done = std::move(done)](Status status) {
    done(refused->is_ok() ? std::move(status) : *refused);
  };
  engine_.update(std::move(update));
}

void HintStore::remove(const NodeId& target, const Hint& delivered, storage::Done done) {
  const std::string stored = key_of(target, delivered.key);
  storage::Update update;
  update.key = {storage::Space::kHints, token_of(target), stored};
  update.frees_space = true;
  update.decide = [this, target, meta = delivered.record.meta](const storage::EntryView* kept) {
    if (kept == nullptr || kept->meta != meta) return storage::Decision{};
    count(target, -1);
    return storage::Decision{storage::Decision::Action::kErase, {}};
  };
  update.durable = std::move(done);
  engine_.update(std::move(update));
}

void HintStore::list(const NodeId& target, const std::optional<std::string>& after, size_t max,
                     std::function<void(Result<std::vector<Hint>>)> done) {
  storage::Scan scan;
  scan.range = {storage::Space::kHints, token_of(target), token_of(target)};
  scan.items_max = max;
  if (after) scan.after = storage::Cursor{token_of(target), key_of(target, *after)};
  list_page(target, std::move(scan), std::move(done));
}

void HintStore::list_page(const NodeId& target, storage::Scan scan,
                          std::function<void(Result<std::vector<Hint>>)> done) {
  engine_.scan(scan, [this, target, scan, done = std::move(done)](Result<storage::Page> page) {
    if (!page.is_ok()) return done(page.status());
    std::vector<Hint> hints;
    for (storage::Item& item : page->items) {
      const auto stored = parse_key(item.key);
      if (!stored.is_ok()) return done(stored.status());
      // Two targets may share a hash; each sees only its own.
      if (stored->target != target) continue;
      hints.push_back({stored->key, {std::move(item.entry.meta), std::move(item.entry.value)}});
    }
    if (!hints.empty() || page->is_last) return done(std::move(hints));
    // Only erased or others' hints so far; none at all would mean the end.
    storage::Scan next = scan;
    next.after = std::move(page->last);
    list_page(target, std::move(next), done);
  });
}

void HintStore::contains(const NodeId& target, std::string_view key,
                         std::function<void(Result<bool>)> done) {
  const std::string stored = key_of(target, key);
  engine_.get({storage::Space::kHints, token_of(target), stored}, storage::Part::kMeta,
              [done = std::move(done)](Result<std::optional<storage::EntryView>> entry) {
                if (!entry.is_ok()) return done(entry.status());
                done(entry->has_value());
              });
}

}  // namespace distkv::replica
