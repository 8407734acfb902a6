#include "repair/tree_exchange.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "repair/repeat.h"
#include "ring/token.h"

namespace distkv::repair {

using base::Code;
using base::Result;
using base::Status;
using replica::Leaf;

namespace {

bool is_after(const storage::Item& item, const std::string& end) {
  const base::Token token = ring::token_of(end);
  return std::tie(item.token, item.key) > std::tie(token, end);
}

Status senseless(const std::string& what) {
  return {Code::kCorrupt, "the peer's answer makes no sense: " + what};
}

}  // namespace

Result<Direction> direction_of(std::string_view own_meta, std::string_view peer_meta) {
  if (own_meta == peer_meta) return Direction{};
  if (own_meta.empty() || peer_meta.empty()) return Direction{own_meta.empty(), peer_meta.empty()};
  const auto own = causality::decode_causal_state(own_meta);
  if (!own.is_ok()) return own.status();
  const auto peer = causality::decode_causal_state(peer_meta);
  if (!peer.is_ok()) return peer.status();
  return Direction{!causality::includes(*own, *peer), !causality::includes(*peer, *own)};
}

TreeExchange::TreeExchange(const Host& host, Task task, std::function<void(const Exchanged&)> done)
    : host_(host),
      task_(std::move(task)),
      done_(std::move(done)),
      bytes_paced_(host_.replicas.bytes_asked()) {
  const Leaf first = replica::leaf_of(task_.layout->first_token(task_.partition));
  const Leaf last = replica::leaf_of(task_.layout->last_token(task_.partition));
  for (uint32_t leaf = first; leaf <= last; ++leaf) asked_.push_back(static_cast<Leaf>(leaf));
}

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
  wire::LeavesRequest request{task_.layout->version, task_.partition, {}};
  if (passes_ > 0) request.leaves = asked_;
  ask<wire::LeavesReply>(request, [this](const wire::LeavesReply& reply) { on_leaves(reply); });
}

void TreeExchange::on_leaves(const wire::LeavesReply& reply) {
  if (reply.hashes.size() != asked_.size()) return fail(senseless("not every leaf"));
  differing_.clear();
  for (size_t i = 0; i < asked_.size(); ++i) {
    if (host_.tree.leaf(asked_[i]) != reply.hashes[i]) differing_.push_back(asked_[i]);
  }
  result_.is_equal = differing_.empty();
  if (differing_.empty() || passes_++ == kExchangePassesMax) return finish();
  left_ = differing_;
  next_batch();
}

void TreeExchange::next_batch() {
  batch_ = {};
  if (left_.empty()) {
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
                batch_.own = std::move(*page);
                compare_keys();
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
    const auto direction = direction_of(known == own.end() ? "" : known->second, meta);
    if (!direction.is_ok()) return fail(direction.status());
    if (direction->is_fetched) batch_.to_fetch.emplace_back(key);
    if (direction->is_sent) batch_.to_send.emplace_back(key);
  }
  for (const uint32_t place : reply.missing) {
    if (place >= batch_.own.items.size()) return fail(senseless("no such tag"));
    const storage::Item& item = batch_.own.items[place];
    const bool is_compared = batch_.end.empty() || !is_after(item, batch_.end);
    if (is_compared && !peer.contains(item.key)) batch_.to_send.push_back(item.key);
  }
  fetch();
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
