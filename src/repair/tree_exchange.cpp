#include "repair/tree_exchange.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "causality/horizon.h"
#include "repair/repeat.h"
#include "repair/spent.h"
#include "ring/token.h"

namespace distkv::repair {

using base::Code;
using base::Result;
using base::Status;
using causality::Record;
using replica::Leaf;

namespace {

bool is_after(const storage::Item& item, const std::string& end) {
  const base::Token token = ring::token_of(end);
  return std::tie(item.token, item.key) > std::tie(token, end);
}

Status senseless(const std::string& what) {
  return {Code::kCorrupt, "the peer's answer makes no sense: " + what};
}

Result<Record> state_of(std::string_view meta) {
  if (meta.empty()) return Record{};
  return causality::decode_causal_state(meta);
}

// Whether a side with this horizon, which holds `known`, learns something from `record`. What is
// left of an obsolete record says no more than the horizon.
bool is_news(const Record& record, const Record& known, base::Counter horizon) {
  if (record.versions.empty() && causality::is_below(record, horizon)) return false;
  return !causality::includes(known, record);
}

}  // namespace

Result<Direction> direction_of(std::string_view own_meta, std::string_view peer_meta,
                               const Horizons& horizons) {
  if (own_meta == peer_meta) return Direction{};
  const auto own = state_of(own_meta);
  if (!own.is_ok()) return own.status();
  const auto peer = state_of(peer_meta);
  if (!peer.is_ok()) return peer.status();
  Record to_send = *own;
  Record to_fetch = *peer;
  Direction direction;
  direction.is_settled = causality::drop_obsolete(to_send, *peer, horizons.peer);
  causality::drop_obsolete(to_fetch, *own, horizons.own);
  direction.is_fetched = is_news(to_fetch, *own, horizons.own);
  direction.is_sent = is_news(to_send, *peer, horizons.peer);
  return direction;
}

TreeExchange::TreeExchange(const Host& host, Task task, std::function<void(const Exchanged&)> done)
    : host_(host),
      task_(std::move(task)),
      done_(std::move(done)),
      asked_(leaves_of(*task_.layout, task_.partition)),
      bytes_paced_(host_.replicas.bytes_asked()) {}

template <typename Callback>
auto TreeExchange::guarded(Callback callback) {
  return [life = std::weak_ptr<bool>(life_), callback = std::move(callback)](auto&&... arguments) {
    if (!life.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
  };
}

template <typename Reply, typename Request, typename Done>
void TreeExchange::ask(const Request& request, Done done) {
  host_.replicas.ask<Reply>(task_.peer, request, task_.replica_timeout,
                            guarded([this, done](const Result<Reply>& reply) {
                              if (!reply.is_ok()) return fail(reply.status());
                              done(*reply);
                            }));
}

void TreeExchange::go_on(void (TreeExchange::*step)()) {
  const uint64_t bytes = host_.replicas.bytes_asked() - bytes_paced_;
  bytes_paced_ += bytes;
  base::Duration delay = std::chrono::nanoseconds(bytes * 1'000'000'000 / kExchangeBytesPerSecond);
  if (host_.engine.pressure() > kExchangePressureMax) delay += kExchangeYield;
  timer_ = host_.timers.start(delay, [this, step] { (this->*step)(); });
}

void TreeExchange::compare_leaves() {
  wire::LeavesRequest request{task_.layout->version, task_.partition, {}, horizons().own};
  if (passes_ > 0) request.leaves = asked_;
  ask<wire::LeavesReply>(request, [this](const wire::LeavesReply& reply) { on_leaves(reply); });
}

void TreeExchange::on_leaves(const wire::LeavesReply& reply) {
  if (reply.hashes.size() != asked_.size()) return fail(senseless("not every leaf"));
  differing_.clear();
  for (size_t i = 0; i < asked_.size(); ++i) {
    if (host_.tree.leaf(asked_[i]) != reply.hashes[i]) differing_.push_back(asked_[i]);
  }
  result_.horizon = reply.horizon;
  result_.is_equal = differing_.empty();
  result_.is_shared = result_.is_shared || result_.is_equal;
  if (differing_.empty() || passes_++ == kExchangePassesMax) return finish();
  left_ = differing_;
  next_batch();
}

void TreeExchange::next_batch() {
  batch_ = {};
  if (left_.empty()) {
    result_.is_shared = true;
    asked_ = differing_;
    return compare_leaves();
  }
  const size_t count = std::min(left_.size(), kExchangeLeaves);
  batch_.leaves.assign(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(count));
  walk();
}

void TreeExchange::walk() {
  walk_leaves(host_.engine, {batch_.leaves, after_, ""}, kExchangeRecords,
              guarded([this](Result<WalkedPage> page) {
                if (!page.is_ok()) return fail(page.status());
                collect_spent(host_.local, horizons().own, std::move(*page),
                              guarded([this](WalkedPage rest, size_t collected) {
                                result_.collected += collected;
                                batch_.own = std::move(rest);
                                compare_keys();
                              }));
              }));
}

void TreeExchange::compare_keys() {
  const uint64_t salt = replica::record_hash(task_.salt + ++requests_, "salt");
  wire::KeysRequest request{task_.layout->version, batch_.leaves, after_,
                            batch_.own.last,       salt,          {}};
  for (const storage::Item& item : batch_.own.items) {
    request.tags.push_back(replica::tag_of(replica::record_hash(item.key, item.entry.meta), salt));
  }
  ask<wire::KeysReply>(request, [this](const wire::KeysReply& reply) { on_keys(reply); });
}

// A record here that the peer lacks, or has in another state, is `missing` there; one there that is
// unknown here in that state is `surplus`. A key in both lists is decided by its two states.
void TreeExchange::on_keys(const wire::KeysReply& reply) {
  batch_.end = reply.last.empty() ? batch_.own.last : std::string(reply.last);
  std::map<std::string_view, std::string_view> own;
  for (const storage::Item& item : batch_.own.items) own[item.key] = item.entry.meta;
  std::map<std::string_view, std::string_view> peer;
  for (const wire::TreeRecord& record : reply.surplus) peer[record.key] = record.meta;

  for (const auto& [key, meta] : peer) {
    const auto known = own.find(key);
    const Status sorted = sort(key, known == own.end() ? "" : known->second, meta);
    if (!sorted.is_ok()) return fail(sorted);
  }
  for (const uint32_t place : reply.missing) {
    if (place >= batch_.own.items.size()) return fail(senseless("no such tag"));
    const storage::Item& item = batch_.own.items[place];
    const bool is_compared = batch_.end.empty() || !is_after(item, batch_.end);
    if (!is_compared || peer.contains(item.key)) continue;
    const Status sorted = sort(item.key, item.entry.meta, "");
    if (!sorted.is_ok()) return fail(sorted);
  }
  settle();
}

Status TreeExchange::sort(std::string_view key, std::string_view own_meta,
                          std::string_view peer_meta) {
  const auto direction = direction_of(own_meta, peer_meta, horizons());
  if (!direction.is_ok()) return direction.status();
  if (direction->is_settled) batch_.to_settle.emplace_back(key, peer_meta);
  if (direction->is_fetched) batch_.to_fetch.emplace_back(key);
  if (direction->is_sent) batch_.to_send.emplace_back(key);
  return Status::ok();
}

Horizons TreeExchange::horizons() const {
  return {host_.holdings.horizon(task_.partition), result_.horizon};
}

void TreeExchange::settle() {
  repeat(guarded([this](const std::function<void()>& next) {
    if (batch_.to_settle.empty()) return fetch();
    const auto [key, peer_meta] = std::move(batch_.to_settle.front());
    batch_.to_settle.pop_front();
    host_.local.settle({key, ring::token_of(key)}, {peer_meta, ""}, result_.horizon,
                       guarded([this, next](const Status& settled) {
                         if (!settled.is_ok()) return fail(settled);
                         next();
                       }));
  }));
}

void TreeExchange::fetch() {
  if (batch_.to_fetch.empty()) return send();
  const size_t count = std::min(batch_.to_fetch.size(), kExchangeKeys);
  std::vector<std::string> asked(batch_.to_fetch.begin(),
                                 batch_.to_fetch.begin() + static_cast<std::ptrdiff_t>(count));
  const wire::FetchRequest request{task_.layout->version, {asked.begin(), asked.end()}};
  ask<wire::FetchReply>(request, [this, asked = std::move(asked)](const wire::FetchReply& reply) {
    on_fetched(reply, asked);
  });
}

void TreeExchange::on_fetched(const wire::FetchReply& reply,
                              const std::vector<std::string>& asked) {
  const size_t count = reply.records.size();
  if (count == 0 || count > asked.size()) return fail(senseless("not the records asked for"));
  for (size_t i = 0; i < count; ++i) {
    if (reply.records[i].key != asked[i]) return fail(senseless("another record"));
  }
  struct Applying {
    size_t waiting;
    Status status;
  };
  const auto applying = std::make_shared<Applying>(Applying{count + 1, {}});
  const auto finish_one = guarded([this, applying, count](const Status& status) {
    if (!status.is_ok()) applying->status = status;
    if (--applying->waiting > 0) return;
    if (!applying->status.is_ok()) return fail(applying->status);
    batch_.to_fetch.erase(batch_.to_fetch.begin(),
                          batch_.to_fetch.begin() + static_cast<std::ptrdiff_t>(count));
    go_on(&TreeExchange::fetch);
  });
  for (const wire::TreeRecord& record : reply.records) {
    if (record.meta.empty()) {
      finish_one(Status::ok());
      continue;
    }
    ++result_.records_got;
    host_.local.apply({record.key, ring::token_of(record.key)}, {record.meta, record.values},
                      finish_one);
  }
  finish_one(Status::ok());
}

// Reads as many records as one message takes, as they are by now.
void TreeExchange::send() {
  if (batch_.to_send.empty()) return end_batch();
  struct Reading {
    std::map<std::string, replica::RecordBytes> records;
    size_t bytes = 0;
  };
  const auto reading = std::make_shared<Reading>();
  repeat(guarded([this, reading](const std::function<void()>& next) {
    if (batch_.to_send.empty() || reading->bytes >= kExchangeBytes ||
        reading->records.size() >= kExchangeKeys) {
      return send_batch(reading->records);
    }
    const std::string key = std::move(batch_.to_send.front());
    batch_.to_send.pop_front();
    host_.local.read(
        {key, ring::token_of(key)},
        guarded([this, reading, key, next](const Result<replica::RecordView>& record) {
          if (!record.is_ok()) return fail(record.status());
          reading->bytes += key.size() + record->meta.size() + record->values.size();
          reading->records[key] = {std::string(record->meta), std::string(record->values)};
          next();
        }));
  }));
}

void TreeExchange::send_batch(const std::map<std::string, replica::RecordBytes>& records) {
  wire::MergeRequest request{task_.layout->version, {}};
  for (const auto& [key, record] : records) {
    request.records.push_back({key, record.meta, record.values});
  }
  ask<wire::ApplyReply>(request, [this, count = records.size()](const wire::ApplyReply&) {
    result_.records_sent += count;
    go_on(&TreeExchange::send);
  });
}

void TreeExchange::end_batch() {
  after_ = batch_.end;
  const bool is_through = after_.empty();
  const Leaf reached = is_through ? batch_.leaves.back() : replica::leaf_of(ring::token_of(after_));
  std::erase_if(left_, [&](Leaf leaf) { return is_through ? leaf <= reached : leaf < reached; });
  go_on(&TreeExchange::next_batch);
}

void TreeExchange::fail(const Status& status) {
  result_.status = status;
  finish();
}

void TreeExchange::finish() { done_(result_); }

}  // namespace distkv::repair
