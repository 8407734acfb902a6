#include "causality/horizon.h"

#include <algorithm>

namespace distkv::causality {

namespace {
constexpr int kCountBits = 16;
constexpr uint64_t kMillisMax = (uint64_t{1} << 48) - 1;

base::WallTime time_of(base::Counter horizon) {
  return base::WallTime(
      std::chrono::milliseconds(static_cast<int64_t>(horizon.value() >> kCountBits)));
}
}  // namespace

base::Counter counter_at(base::WallTime time) {
  const int64_t wall = std::max<int64_t>(time.time_since_epoch().count(), 0);
  return base::Counter{std::min(static_cast<uint64_t>(wall), kMillisMax) << kCountBits};
}

bool drop_obsolete(Record& incoming, const Record& own, base::Counter horizon) {
  return std::erase_if(incoming.versions, [&](const Version& version) {
           return version.dot.counter <= horizon && !own.seen.covers(version.dot);
         }) > 0;
}

bool is_below(const Record& record, base::Counter horizon) {
  const auto& vector = record.seen.vector();
  const auto& spans = record.seen.spans();
  return std::all_of(vector.begin(), vector.end(),
                     [&](const Dot& entry) { return entry.counter <= horizon; }) &&
         std::all_of(spans.begin(), spans.end(),
                     [&](const Span& span) { return span.last <= horizon; });
}

bool is_spent(const Record& record, base::Counter horizon) {
  const auto is_alive = [now = time_of(horizon)](const Version& version) {
    return !version.is_dead(now);
  };
  return is_below(record, horizon) &&
         std::none_of(record.versions.begin(), record.versions.end(), is_alive);
}

Context with_settled(const Context& seen, const Context& wanted, base::Counter horizon) {
  Context settled = seen;
  if (horizon == base::Counter{}) return settled;
  for (const Dot& entry : wanted.vector()) {
    settled.raise(
        {entry.actor, std::max(settled.entry(entry.actor), std::min(entry.counter, horizon))});
  }
  for (const Span& span : wanted.spans()) {
    if (span.first <= horizon) {
      settled.add_span({span.actor, span.first, std::min(span.last, horizon)});
    }
  }
  return settled;
}

}  // namespace distkv::causality
