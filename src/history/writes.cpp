#include "history/writes.h"

#include <algorithm>
#include <map>
#include <utility>

namespace distkv::history {

using base::MonotonicTime;
using causality::Dot;

namespace {

// The dots a write may stand under: new in its receipt.
std::vector<Dot> new_dots(const Write& write, const Coverage& known_before) {
  std::vector<Dot> dots = write.operation->seen.heads();
  std::erase_if(dots, [&](const Dot& dot) {
    return known_before.covers(dot) || (write.context != nullptr && write.context->covers(dot));
  });
  return dots;
}

void find_dots(const History& history, const std::vector<size_t>& places,
               std::vector<Write>& writes) {
  std::map<size_t, Write*> by_place;
  for (Write& write : writes) by_place.emplace(write.place, &write);
  std::map<size_t, Coverage> known_before;
  Coverage known;  // By any client, from answers that have come.
  for (const Moment& moment : moments_of(history, places)) {
    const Operation& operation = history[moment.place];
    if (!operation.is_ok()) continue;
    const auto write = by_place.find(moment.place);
    if (!moment.is_return) {
      if (write != by_place.end()) known_before[moment.place] = known;
      continue;
    }
    if (write != by_place.end() && write->second->is_exact) {
      write->second->dots = new_dots(*write->second, known_before[moment.place]);
    }
    known_before.erase(moment.place);
    known.merge(operation.seen);
  }
}

// When it can last take effect.
MonotonicTime effect_end(const Write& write) {
  return write.is_exact ? *write.operation->returned_at : MonotonicTime::max();
}

// A blind one supersedes what its replica holds; no context can cover what came after it.
bool perhaps_supersedes(const Write& later, const Write& earlier) {
  if (later.context == nullptr) return true;
  return std::any_of(earlier.dots.begin(), earlier.dots.end(),
                     [&later](const Dot& dot) { return later.context->covers(dot); });
}

void find_superseders(std::vector<Write>& writes) {
  MonotonicTime blind_end = MonotonicTime::min();  // Of the blind ones invoked before.
  for (auto write = writes.begin(); write != writes.end(); ++write) {
    if (blind_end >= write->operation->invoked_at) {
      write->superseded_from = write->operation->invoked_at;
    } else {
      const auto later = std::find_if(std::next(write), writes.end(), [&write](const Write& other) {
        return perhaps_supersedes(other, *write);
      });
      if (later != writes.end()) write->superseded_from = later->operation->invoked_at;
    }
    if (write->context == nullptr) blind_end = std::max(blind_end, effect_end(*write));
  }
}

}  // namespace

std::vector<Moment> moments_of(const History& history, const std::vector<size_t>& places) {
  std::vector<Moment> moments;
  moments.reserve(2 * places.size());
  for (const size_t place : places) {
    moments.push_back({history[place].invoked_at, false, place});
    if (history[place].returned_at) moments.push_back({*history[place].returned_at, true, place});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.when != b.when ? a.when < b.when : a.is_return < b.is_return;
  });
  return moments;
}

bool surely_covers(const Coverage& seen, const Write& write) {
  return !write.dots.empty() && std::all_of(write.dots.begin(), write.dots.end(),
                                            [&seen](const Dot& dot) { return seen.covers(dot); });
}

bool surely_supersedes(const Write& later, const Write& earlier) {
  return later.context != nullptr && surely_covers(*later.context, earlier);
}

std::vector<Write> writes_of(const History& history, const std::vector<size_t>& places) {
  std::vector<Write> writes;
  for (const size_t place : places) {
    const Operation& operation = history[place];
    if (operation.is_read() || operation.outcome == Outcome::kRefused) continue;
    Write write;
    write.place = place;
    write.operation = &operation;
    if (operation.context_of) write.context = &history[*operation.context_of].seen;
    write.is_exact = operation.is_ok() && !operation.may_repeat;
    writes.push_back(std::move(write));
  }
  std::stable_sort(writes.begin(), writes.end(), [](const Write& a, const Write& b) {
    return a.operation->invoked_at < b.operation->invoked_at;
  });
  find_dots(history, places, writes);
  find_superseders(writes);
  return writes;
}

}  // namespace distkv::history
