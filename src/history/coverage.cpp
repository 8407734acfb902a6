#include "history/coverage.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::history {

using causality::Dot;
using causality::Span;

namespace {

// True if `next`, which does not begin before `stretch`, goes on where that ends or earlier.
bool joins(const Span& stretch, const Span& next) {
  if (stretch.actor != next.actor) return false;
  return next.first <= stretch.last || next.first.value() - stretch.last.value() == 1;
}

bool begins_before(const Span& a, const Span& b) {
  return a.actor != b.actor ? a.actor < b.actor : a.first < b.first;
}

// `stretches`, ascending by their beginnings, in the one form a set has.
std::vector<Span> settled(const std::vector<Span>& stretches) {
  std::vector<Span> whole;
  for (const Span& stretch : stretches) {
    if (!whole.empty() && joins(whole.back(), stretch)) {
      whole.back().last = std::max(whole.back().last, stretch.last);
    } else {
      whole.push_back(stretch);
    }
  }
  return whole;
}

}  // namespace

Coverage::Coverage(const causality::Context& context) {
  for (const Dot& entry : context.vector()) add({entry.actor, base::Counter{1}, entry.counter});
  for (const Span& span : context.spans()) add(span);
}

void Coverage::add(const Span& stretch) {
  DISTKV_CHECK(stretch.first <= stretch.last);
  const auto place = std::lower_bound(stretches_.begin(), stretches_.end(), stretch, begins_before);
  stretches_.insert(place, stretch);
  stretches_ = settled(stretches_);
}

void Coverage::merge(const Coverage& other) {
  if (includes(other)) return;
  std::vector<Span> both;
  both.reserve(stretches_.size() + other.stretches_.size());
  std::merge(stretches_.begin(), stretches_.end(), other.stretches_.begin(), other.stretches_.end(),
             std::back_inserter(both), begins_before);
  stretches_ = settled(both);
}

bool Coverage::covers(const Dot& dot) const {
  return std::any_of(stretches_.begin(), stretches_.end(), [&dot](const Span& stretch) {
    return stretch.actor == dot.actor && stretch.first <= dot.counter &&
           dot.counter <= stretch.last;
  });
}

bool Coverage::includes(const Coverage& other) const {
  auto mine = stretches_.begin();
  for (const Span& theirs : other.stretches_) {
    while (
        mine != stretches_.end() &&
        (mine->actor < theirs.actor || (mine->actor == theirs.actor && mine->last < theirs.last))) {
      ++mine;
    }
    if (mine == stretches_.end() || mine->actor != theirs.actor || theirs.first < mine->first) {
      return false;
    }
  }
  return true;
}

std::vector<Dot> Coverage::heads() const {
  std::vector<Dot> heads;
  for (const Span& stretch : stretches_) {
    const Dot head{stretch.actor, stretch.last};
    if (!heads.empty() && heads.back().actor == stretch.actor) {
      heads.back() = head;
    } else {
      heads.push_back(head);
    }
  }
  return heads;
}

}  // namespace distkv::history
