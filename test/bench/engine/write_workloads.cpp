#include "bench/engine/write_workloads.h"

#include <algorithm>
#include <utility>

#include "bench/engine/durable_load.h"
#include "bench/engine/repeat.h"

namespace distkv::bench {
namespace {

// A batch is cut to this: stores bound what one commit may hold (the LSM 8 MiB, overhead included).
constexpr uint64_t kBatchBytesMax = 4 << 20;

// Puts what `name_of(i)` says, for i from 0.
template <typename NameOf>
Measured put_all(const Session& session, Store& store, const Limits& limits,
                 const NameOf& name_of) {
  Measured measured;
  KeyText key_text;
  ValueText value_text;
  Record record;
  repeat(
      session.clock, limits, measured,
      [&](uint64_t i) {
        const ValueName name = name_of(i);
        record = {key_text.set(name.index), session.values.make(name, value_text)};
      },
      [&] { store.put(record.key, record.value); });
  return measured;
}

Measured put_random(const Session& session, Store& store, const Limits& limits) {
  base::Rng rng(session.parameters.seed + 1);
  return put_all(session, store, limits, [&](uint64_t i) {
    return ValueName{.index = rng.below(session.parameters.keys), .version = i + 1};
  });
}

}  // namespace

void fill(const Session& session, Store& store) {
  KeyText key;
  ValueText value;
  for (uint64_t i = 0; i < session.order.size(); ++i) {
    const uint64_t index = session.order.at(i);
    store.put(key.set(index), session.values.make({.index = index}, value));
  }
}

Measured run_fillseq(const Session& session, Store& store) {
  return put_all(session, store, {.operations_max = session.parameters.keys},
                 [](uint64_t i) { return ValueName{.index = i}; });
}

Measured run_fillrandom(const Session& session, Store& store) {
  return put_all(session, store, {.operations_max = session.parameters.keys},
                 [&](uint64_t i) { return ValueName{.index = session.order.at(i)}; });
}

Measured run_overwrite(const Session& session, Store& store) {
  return put_random(session, store, {.operations_max = session.parameters.keys});
}

Measured run_overload(const Session& session, Store& store) {
  std::vector<double> series;
  const uint64_t start = session.clock.now();
  const Limits limits{.operations_max = UINT64_MAX, .seconds_max = session.parameters.seconds_max};
  base::Rng rng(session.parameters.seed + 2);
  Measured measured = put_all(session, store, limits, [&](uint64_t i) {
    const auto second =
        static_cast<size_t>(session.clock.seconds_between(start, session.clock.now()));
    if (second >= series.size()) series.resize(second + 1);
    series[second] += 1;
    return ValueName{.index = rng.below(session.parameters.keys), .version = i + 1};
  });
  // The last second is not a whole one.
  series.resize(std::min(series.size(), static_cast<size_t>(measured.seconds + 0.5)));
  measured.series = std::move(series);
  return measured;
}

Measured fill_durably(const Session& session, Store& store, size_t outstanding) {
  DurableLoad load(outstanding,
                   {.writes_max = session.parameters.operations_max,
                    .seconds_max = session.parameters.seconds_max},
                   session.order, session.values, session.clock);
  const uint64_t start = session.clock.now();
  store.put_durably(load);
  Measured measured;
  measured.seconds = session.clock.seconds_between(start, session.clock.now());
  measured.latencies = load.latencies();
  measured.operations = static_cast<double>(measured.latencies.count());
  return measured;
}

Measured fill_in_batches(const Session& session, Store& store, size_t batch_records) {
  batch_records = std::min(batch_records, kBatchBytesMax / session.parameters.value_bytes);
  Measured measured;
  std::vector<KeyText> keys(batch_records);
  std::vector<ValueText> values(batch_records);
  std::vector<Record> batch(batch_records);
  repeat(
      session.clock,
      {.operations_max = session.parameters.operations_max / batch_records,
       .seconds_max = session.parameters.seconds_max},
      measured,
      [&](uint64_t number) {
        for (size_t i = 0; i < batch_records; ++i) {
          const uint64_t place = number * batch_records + i;
          const uint64_t index = session.order.at(place % session.order.size());
          batch[i] = {keys[i].set(index), session.values.make({.index = index}, values[i])};
        }
      },
      [&] { store.put_batch(batch); });
  measured.operations *= static_cast<double>(batch_records);
  return measured;
}

}  // namespace distkv::bench
