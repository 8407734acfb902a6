// A vector of at most N elements that stand in the object itself: no allocation, and a bound that
// is part of the type. N elements are default-constructed at once, so T should be small.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/check.h"

namespace distkv::base {

template <typename T, size_t N>
class BoundedVector {
 public:
  BoundedVector() = default;
  BoundedVector(size_t size, const T& value) {
    for (size_t i = 0; i < size; ++i) push_back(value);
  }

  void push_back(T value) {
    DISTKV_CHECK(size_ < N);
    items_[size_++] = std::move(value);
  }
  T& operator[](size_t i) {
    DISTKV_CHECK(i < size_);
    return items_[i];
  }
  const T& operator[](size_t i) const {
    DISTKV_CHECK(i < size_);
    return items_[i];
  }
  T& back() { return (*this)[size_ - 1]; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.begin() + static_cast<std::ptrdiff_t>(size_); }
  friend bool operator==(const BoundedVector& a, const BoundedVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::array<T, N> items_{};
  size_t size_ = 0;
};

}  // namespace distkv::base
