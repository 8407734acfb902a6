#include "sim/dot_set.h"

#include <algorithm>
#include <bit>

namespace distkv::sim {

namespace {
constexpr size_t kWordBits = 64;
}

void DotSet::add(size_t place) {
  if (place / kWordBits >= words_.size()) words_.resize(place / kWordBits + 1);
  words_[place / kWordBits] |= uint64_t{1} << (place % kWordBits);
}

void DotSet::merge(const DotSet& other) {
  if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
  for (size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
}

void DotSet::remove(const DotSet& other) {
  const size_t common = std::min(words_.size(), other.words_.size());
  for (size_t i = 0; i < common; ++i) words_[i] &= ~other.words_[i];
}

bool DotSet::has(size_t place) const {
  if (place / kWordBits >= words_.size()) return false;
  return (words_[place / kWordBits] >> (place % kWordBits) & 1) != 0;
}

bool DotSet::includes(const DotSet& other) const { return (other - *this).is_empty(); }

bool DotSet::is_empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

std::vector<size_t> DotSet::places() const {
  std::vector<size_t> found;
  for (size_t i = 0; i < words_.size(); ++i) {
    for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
      found.push_back(i * kWordBits + static_cast<size_t>(std::countr_zero(rest)));
    }
  }
  return found;
}

DotSet operator-(DotSet left, const DotSet& right) {
  left.remove(right);
  return left;
}

DotSet common(const DotSet& left, const DotSet& right) { return left - (left - right); }

}  // namespace distkv::sim
