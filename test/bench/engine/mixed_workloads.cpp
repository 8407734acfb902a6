#include "bench/engine/mixed_workloads.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/engine/checked_get.h"
#include "bench/engine/repeat.h"
#include "ring/token.h"

namespace distkv::bench {
namespace {

constexpr uint64_t kPageRecords = 100;
// Writes an owner makes before one read at most: a rate it cannot reach must not end its reads.
constexpr uint64_t kWritesInARow = 64;

Limits limits_of(const Session& session) {
  return {.operations_max = session.parameters.operations_max,
          .seconds_max = session.parameters.seconds_max};
}

// Puts of random keys.
class Writer {
 public:
  Writer(const Session& session, Store& store)
      : session_(session), store_(store), rng_(session.parameters.seed + 7) {}

  void put() {
    const ValueName name{.index = rng_.below(session_.parameters.keys), .version = ++count_};
    store_.put(key_.set(name.index), session_.values.make(name, value_));
  }
  uint64_t count() const { return count_; }

 private:
  const Session& session_;
  Store& store_;
  base::Rng rng_;
  KeyText key_;
  ValueText value_;
  uint64_t count_ = 0;
};

// Gets of random keys, `before(i)` before each.
template <typename Before>
Measured read_beside(const Session& session, Store& store, const Before& before) {
  base::Rng rng(session.parameters.seed + 8);
  CheckedGet get(session, store);
  Measured measured;
  repeat(
      session.clock, limits_of(session), measured,
      [&](uint64_t i) {
        if (i > 0) get.verify(i);
        before(i);
        get.prepare(rng.below(session.parameters.keys));
      },
      [&] { get.act(); });
  return measured;
}

Measured read_beside_thread(const Session& session, Store& store) {
  Writer writer(session, store);
  std::atomic<bool> is_over{false};  // Relaxed: a late look costs one put.
  std::jthread thread([&] {
    while (!is_over.load(std::memory_order_relaxed)) writer.put();
  });
  Measured measured = read_beside(session, store, [](uint64_t) {});
  is_over.store(true, std::memory_order_relaxed);
  thread.join();
  measured.side_per_second = static_cast<double>(writer.count()) / measured.seconds;
  return measured;
}

Measured read_by_turns(const Session& session, Store& store) {
  Writer writer(session, store);
  const uint64_t start = session.clock.now();
  Measured measured = read_beside(session, store, [&](uint64_t reads) {
    const double seconds = session.clock.seconds_between(start, session.clock.now());
    const auto due = static_cast<uint64_t>(session.parameters.writer_rate * seconds);
    const uint64_t end = std::min(std::max(reads + 1, due), writer.count() + kWritesInARow);
    while (writer.count() < end) writer.put();
  });
  measured.side_per_second = static_cast<double>(writer.count()) / measured.seconds;
  return measured;
}

// A tenth of the keys, together in the store's order, listed in random order.
std::vector<uint64_t> hole_of(const Session& session) {
  constexpr double kFirst = 0.45;
  constexpr double kLast = 0.55;
  const auto keys = static_cast<double>(session.parameters.keys);
  std::vector<uint64_t> hole;
  KeyText key;
  for (uint64_t i = 0; i < session.order.size(); ++i) {
    const uint64_t index = session.order.at(i);
    const double place = session.kind.is_token_ordered
                             ? static_cast<double>(ring::token_of(key.set(index)).value()) * 0x1p-64
                             : static_cast<double>(index) / keys;
    if (place >= kFirst && place < kLast) hole.push_back(index);
  }
  return hole;
}

}  // namespace

Measured run_update(const Session& session, Store& store) {
  base::Rng rng(session.parameters.seed + 9);
  KeyText key_text;
  ValueText value_text;
  std::string_view key;
  uint64_t index = 0;
  const Change change = [&](std::string_view current) {
    const ValueName name = Values::name_of(current);
    if (name.index != index) stop("an update met the value of another key");
    return session.values.make({.index = index, .version = name.version + 1}, value_text);
  };
  Measured measured;
  repeat(
      session.clock, limits_of(session), measured,
      [&](uint64_t) {
        index = rng.below(session.parameters.keys);
        key = key_text.set(index);
      },
      [&] { store.update(key, change); });
  return measured;
}

Measured run_readwhilewriting(const Session& session, Store& store) {
  return session.kind.has_one_owner ? read_by_turns(session, store)
                                    : read_beside_thread(session, store);
}

Measured run_deletescan(const Session& session, Store& store) {
  const std::vector<uint64_t> hole = hole_of(session);
  if (hole.empty()) stop("deletescan needs more keys");
  KeyText key_text;
  const uint64_t start = session.clock.now();
  for (const uint64_t index : hole) store.erase(key_text.set(index));
  const double erasing = session.clock.seconds_between(start, session.clock.now());

  base::Rng rng(session.parameters.seed + 10);
  std::string_view first;
  uint64_t seen = 0;
  const Visit visit = [&](const Record& record) {
    if (++seen % kVerifiedEach == 0) session.values.verify(index_of(record.key), record.value);
  };
  Measured measured;
  repeat(
      session.clock, limits_of(session), measured,
      [&](uint64_t) { first = key_text.set(hole[rng.below(hole.size())]); },
      [&] {
        if (store.scan(first, kPageRecords, visit) != kPageRecords) stop("a page is not full");
      });
  measured.side_per_second = static_cast<double>(hole.size()) / erasing;
  return measured;
}

}  // namespace distkv::bench
