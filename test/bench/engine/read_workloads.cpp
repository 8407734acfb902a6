#include "bench/engine/read_workloads.h"

#include "bench/engine/checked_get.h"
#include "bench/engine/repeat.h"

namespace distkv::bench {
namespace {

constexpr uint64_t kPageRecords = 100;
constexpr double kSkew = 0.99;          // YCSB's.
constexpr size_t kDrawsKept = 1 << 20;  // A Zipfian draw costs a power: drawn ahead, then reused.
// What runs before, as a share of what is measured. Twice where it is to be hot: a cache may admit
// only what it has met before.
constexpr double kWarmUp = 0.25;
constexpr double kHotWarmUp = 2;

Limits limits_of(const Session& session) {
  return {.operations_max = session.parameters.operations_max,
          .seconds_max = session.parameters.seconds_max};
}

// Runs the same twice: a share of it to fill caches, then all of it.
template <typename Prepare, typename Act>
Measured warmed(const Session& session, double warm_up_share, const Prepare& prepare,
                const Act& act) {
  const Limits all = limits_of(session);
  Measured warm_up;
  repeat(session.clock,
         {.operations_max =
              static_cast<uint64_t>(static_cast<double>(all.operations_max) * warm_up_share),
          .seconds_max = all.seconds_max * warm_up_share},
         warm_up, prepare, act);
  Measured measured;
  repeat(session.clock, all, measured, prepare, act);
  return measured;
}

// Gets of the keys that draw() gives.
template <typename Draw>
Measured get_all(const Session& session, Store& store, double warm_up_share, const Draw& draw) {
  CheckedGet get(session, store);
  bool is_first = true;
  return warmed(
      session, warm_up_share,
      [&](uint64_t i) {
        // The answer of the get before; the views in it live until the next.
        if (!is_first) get.verify(i);
        is_first = false;
        get.prepare(draw());
      },
      [&] { get.act(); });
}

}  // namespace

Measured run_readrandom(const Session& session, Store& store) {
  base::Rng rng(session.parameters.seed + 3);
  return get_all(session, store, kWarmUp, [&] { return rng.below(session.parameters.keys); });
}

Measured run_readhot(const Session& session, Store& store) {
  base::Rng rng(session.parameters.seed + 4);
  const Zipfian zipfian(session.parameters.keys, kSkew);
  std::vector<uint64_t> draws(kDrawsKept);
  // Scattered, so that what is hot does not lie together.
  for (uint64_t& index : draws) index = session.order.at(zipfian.draw(rng));
  size_t next = 0;
  return get_all(session, store, kHotWarmUp, [&] { return draws[next++ % kDrawsKept]; });
}

Measured run_readmissing(const Session& session, Store& store) {
  base::Rng rng(session.parameters.seed + 5);
  KeyText text;
  std::string_view key;
  bool is_found = false;
  return warmed(
      session, kWarmUp,
      [&](uint64_t) {
        if (is_found) stop("a key that was never put is there");
        key = text.set_missing(rng.below(session.parameters.keys));
      },
      [&] { is_found = store.get(key).has_value(); });
}

Measured run_rangescan(const Session& session, Store& store) {
  base::Rng rng(session.parameters.seed + 6);
  KeyText text;
  std::string_view first;
  uint64_t seen = 0;
  const Visit visit = [&](const Record& record) {
    if (++seen % kVerifiedEach == 0) session.values.verify(index_of(record.key), record.value);
  };
  return warmed(
      session, kWarmUp, [&](uint64_t) { first = text.set(rng.below(session.parameters.keys)); },
      [&] { store.scan(first, kPageRecords, visit); });
}

Measured run_seqread(const Session& session, Store& store) {
  uint64_t seen = 0;
  const Visit visit = [&](const Record& record) {
    if (++seen % kVerifiedEach == 0) session.values.verify(index_of(record.key), record.value);
  };
  const uint64_t start = session.clock.now();
  const uint64_t count = store.scan({}, UINT64_MAX, visit);
  Measured measured;
  measured.seconds = session.clock.seconds_between(start, session.clock.now());
  measured.operations = static_cast<double>(count);
  if (count != session.parameters.keys) {
    stop("a scan gave " + std::to_string(count) + " records of " +
         std::to_string(session.parameters.keys));
  }
  return measured;
}

}  // namespace distkv::bench
