#include "sim/truth.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

bool is_newer(const causality::Dot& a, const causality::Dot& b) {
  return std::pair(a.counter, a.actor) > std::pair(b.counter, b.actor);
}

std::optional<size_t> KeyTruth::find(const causality::Dot& dot) const {
  const auto found = places_.find(dot);
  if (found == places_.end()) return std::nullopt;
  return found->second;
}

size_t KeyTruth::add(Mint mint) {
  const size_t place = mints_.size();
  places_.emplace(mint.dot, place);
  operations_[mint.op_id].add(place);
  mints_.push_back(std::move(mint));
  return place;
}

void KeyTruth::add_run(const causality::Dot& first, const causality::Dot& last,
                       DotSet& covered) const {
  auto next = places_.lower_bound(first);
  for (; next != places_.end() && next->first <= last; ++next) covered.add(next->second);
}

DotSet KeyTruth::covered(const causality::Context& context) const {
  DotSet covered;
  for (const causality::Dot& entry : context.vector()) {
    add_run({entry.actor, base::Counter{0}}, entry, covered);
  }
  for (const causality::Span& span : context.spans()) {
    add_run({span.actor, span.first}, {span.actor, span.last}, covered);
  }
  return covered;
}

DotSet KeyTruth::superseded(const DotSet& seen) const {
  DotSet gone;
  for (const size_t place : seen.places()) gone.merge(mints_[place].supersedes);
  return gone;
}

DotSet KeyTruth::superseded_as_told(const DotSet& seen) const {
  DotSet gone;
  for (const size_t place : seen.places()) {
    if (!mints_[place].has_partial_receipt) gone.merge(mints_[place].supersedes);
  }
  return gone;
}

DotSet KeyTruth::joined(const DotSet& seen) const {
  DotSet joined;
  for (const size_t place : seen.places()) joined.merge(mints_[place].joins);
  return joined;
}

DotSet KeyTruth::twins(const DotSet& alive, const DotSet& context) const {
  DotSet twins;
  const std::vector<size_t> places = alive.places();
  for (const size_t place : places) {
    const DotSet same = of_operation(mints_[place].op_id);
    for (const size_t other : same.places()) {
      const bool stands_for_it = alive.has(other) && is_newer(mints_[other].dot, mints_[place].dot);
      if (other != place && (stands_for_it || (alive.has(other) && context.has(other)))) {
        twins.add(place);
      }
    }
  }
  return twins;
}

DotSet KeyTruth::phantoms(const DotSet& seen) const {
  DotSet phantoms;
  for (const size_t place : seen.places()) {
    if (mints_[place].is_phantom()) phantoms.add(place);
  }
  return phantoms;
}

bool KeyTruth::is_replaced(size_t place, const DotSet& seen) const {
  for (const size_t other : seen.places()) {
    if (mints_[other].supersedes.has(place) && !mints_[other].is_phantom()) return true;
  }
  return false;
}

DotSet KeyTruth::all() const {
  DotSet all;
  for (size_t place = 0; place < mints_.size(); ++place) all.add(place);
  return all;
}

DotSet KeyTruth::of_operation(const base::OpId& op_id) const {
  const auto found = operations_.find(op_id);
  return found == operations_.end() ? DotSet{} : found->second;
}

DotSet KeyTruth::gone() const {
  DotSet collected;
  for (const auto& [replica, seen] : collected_) collected.merge(seen);
  DotSet gone = superseded(collected);
  gone.merge(collected);
  return gone;
}

base::Counter KeyTruth::last_counter(base::ActorId actor) const {
  auto after = places_.upper_bound({actor, base::Counter{UINT64_MAX}});
  if (after == places_.begin()) return {};
  const causality::Dot& last = (--after)->first;
  return last.actor == actor ? last.counter : base::Counter{};
}

void Truth::intend(const base::OpId& op_id, WriteIntent intent) {
  if (!intent.is_delete) writers_.emplace(intent.value, op_id);
  intents_.emplace(op_id, std::move(intent));
}

const WriteIntent* Truth::intent(const base::OpId& op_id) const {
  const auto found = intents_.find(op_id);
  return found == intents_.end() ? nullptr : &found->second;
}

const base::OpId* Truth::writer_of(const std::string& value) const {
  const auto found = writers_.find(value);
  return found == writers_.end() ? nullptr : &found->second;
}

const KeyTruth* Truth::find(const std::string& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : &found->second;
}

std::string describe(const KeyTruth& truth, const DotSet& writes) {
  std::string text;
  for (const size_t place : writes.places()) {
    const Mint& mint = truth.mint(place);
    if (!text.empty()) text.append(", ");
    text.append("op ")
        .append(mint.op_id.value().to_hex().substr(0, 8))
        .append(" (minted by n")
        .append(std::to_string(mint.replica.value))
        .append(" as ")
        .append(std::to_string(mint.dot.actor.value() >> 48))
        .append(":")
        .append(std::to_string(mint.dot.counter.value()))
        .append(")");
  }
  return text.empty() ? "none" : text;
}

}  // namespace distkv::sim
