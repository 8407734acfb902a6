#include "causality/context.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::causality {
namespace {

using base::ActorId;
using base::Counter;

// Where the entry of `actor` is, or where it belongs. Vectors hold a handful of stores.
template <typename Entries>
auto lower_entry(Entries& entries, ActorId actor) {
  return std::lower_bound(entries.begin(), entries.end(), actor,
                          [](const Dot& dot, ActorId wanted) { return dot.actor < wanted; });
}

bool is_ascending(const std::vector<Dot>& vector) {
  for (size_t i = 0; i < vector.size(); ++i) {
    if (vector[i].counter == Counter{}) return false;
    if (i > 0 && vector[i - 1].actor >= vector[i].actor) return false;
  }
  return true;
}

// True if no counter lies between `last` and `first`. `first` is never zero, so this cannot wrap.
bool is_touching(Counter last, Counter first) { return first.value() - 1 <= last.value(); }

bool has_same_actors(const std::vector<Dot>& a, const std::vector<Dot>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Dot& left, const Dot& right) { return left.actor == right.actor; });
}

std::vector<Dot> union_of(const std::vector<Dot>& a, const std::vector<Dot>& b) {
  std::vector<Dot> all;
  all.reserve(a.size() + b.size());
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() && right != b.end()) {
    if (left->actor < right->actor) {
      all.push_back(*left++);
    } else if (right->actor < left->actor) {
      all.push_back(*right++);
    } else {
      all.push_back(std::max(*left++, *right++));
    }
  }
  all.insert(all.end(), left, a.end());
  all.insert(all.end(), right, b.end());
  return all;
}

}  // namespace

std::optional<Context> Context::from_parts(std::vector<Dot> vector, std::vector<Span> spans) {
  if (!is_ascending(vector)) return std::nullopt;
  Context context;
  context.vector_ = std::move(vector);
  for (size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    if (span.first == Counter{} || span.last < span.first) return std::nullopt;
    if (is_touching(context.entry(span.actor), span.first)) return std::nullopt;
    if (i == 0) continue;
    const Span& before = spans[i - 1];
    if (before.actor > span.actor) return std::nullopt;
    if (before.actor == span.actor && is_touching(before.last, span.first)) return std::nullopt;
  }
  context.spans_ = std::move(spans);
  return context;
}

bool Context::covers(const Dot& dot) const {
  if (dot.counter <= entry(dot.actor)) return true;
  return !spans_.empty() && covers_span({dot.actor, dot.counter, dot.counter});
}

bool Context::includes(const Context& other) const {
  auto mine = vector_.begin();
  for (const Dot& theirs : other.vector_) {
    while (mine != vector_.end() && mine->actor < theirs.actor) ++mine;
    if (mine == vector_.end() || mine->actor != theirs.actor) return false;
    if (mine->counter < theirs.counter) return false;
  }
  return std::all_of(other.spans_.begin(), other.spans_.end(), [this](const Span& span) {
    return span.last <= entry(span.actor) || covers_span(span);
  });
}

void Context::raise(const Dot& dot) {
  DISTKV_CHECK(dot.counter != Counter{});
  set_entry(dot);
  if (!spans_.empty()) settle_spans();
}

void Context::add_span(const Span& span) {
  DISTKV_CHECK(span.first != Counter{});
  DISTKV_CHECK(span.first <= span.last);
  if (span.last <= entry(span.actor)) return;
  spans_.push_back(span);
  settle_spans();
}

void Context::merge(const Context& other) {
  if (has_same_actors(vector_, other.vector_)) {
    for (size_t i = 0; i < vector_.size(); ++i) {
      vector_[i].counter = std::max(vector_[i].counter, other.vector_[i].counter);
    }
  } else {
    vector_ = union_of(vector_, other.vector_);
  }
  if (this != &other) spans_.insert(spans_.end(), other.spans_.begin(), other.spans_.end());
  if (!spans_.empty()) settle_spans();
}

void Context::forget_oldest_spans(size_t spans_max) {
  if (spans_.size() <= spans_max) return;
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) {
    return std::pair(a.last, a.actor) > std::pair(b.last, b.actor);
  });
  spans_.resize(spans_max);
  settle_spans();
}

base::Counter Context::entry(base::ActorId actor) const {
  const auto found = lower_entry(vector_, actor);
  return found != vector_.end() && found->actor == actor ? found->counter : Counter{};
}

base::Counter Context::newest(base::ActorId actor) const {
  Counter newest = entry(actor);
  for (const Span& span : spans_) {
    if (span.actor == actor) newest = std::max(newest, span.last);
  }
  return newest;
}

void Context::set_entry(const Dot& dot) {
  const auto found = lower_entry(vector_, dot.actor);
  if (found != vector_.end() && found->actor == dot.actor) {
    found->counter = std::max(found->counter, dot.counter);
  } else {
    vector_.insert(found, dot);
  }
}

// Brings spans in any order, overlapping in any way, into the canonical form. In ascending order a
// span that does not reach its actor's entry, or its neighbour, cannot be reached by a later one.
void Context::settle_spans() {
  std::sort(spans_.begin(), spans_.end());
  size_t kept = 0;
  for (size_t i = 0; i < spans_.size(); ++i) {
    const Span span = spans_[i];
    if (is_touching(entry(span.actor), span.first)) {
      set_entry({span.actor, span.last});
    } else if (kept > 0 && spans_[kept - 1].actor == span.actor &&
               is_touching(spans_[kept - 1].last, span.first)) {
      spans_[kept - 1].last = std::max(spans_[kept - 1].last, span.last);
    } else {
      spans_[kept++] = span;
    }
  }
  spans_.resize(kept);
}

// In the canonical form a covered span lies in one span whole: between two there is a gap.
bool Context::covers_span(const Span& span) const {
  const auto after = std::upper_bound(
      spans_.begin(), spans_.end(), span.first, [&span](Counter first, const Span& candidate) {
        return std::pair(span.actor, first) < std::pair(candidate.actor, candidate.first);
      });
  if (after == spans_.begin()) return false;
  const Span& candidate = *std::prev(after);
  return candidate.actor == span.actor && span.last <= candidate.last;
}

}  // namespace distkv::causality
