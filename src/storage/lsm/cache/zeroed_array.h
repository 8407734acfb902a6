// An array of zeros that costs nothing until it is written: the system gives zeroed pages at their
// first touch, where a vector would touch them all at once, milliseconds for a large cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "base/check.h"

namespace distkv::storage::lsm {

// T: its zero bytes are its default value. Begins at a cache line. Single owner.
template <typename T>
class ZeroedArray {
 public:
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  ZeroedArray() = default;
  explicit ZeroedArray(size_t size)
      : memory_(static_cast<char*>(std::calloc(size * sizeof(T) + kLineBytes, 1))) {
    DISTKV_CHECK(memory_ != nullptr);
    const auto address = reinterpret_cast<uintptr_t>(memory_.get());
    first_ = reinterpret_cast<T*>((address + kLineBytes - 1) / kLineBytes * kLineBytes);
  }

  bool is_empty() const { return first_ == nullptr; }
  T& operator[](size_t position) { return first_[position]; }
  const T& operator[](size_t position) const { return first_[position]; }

 private:
  static constexpr size_t kLineBytes = 64;

  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  std::unique_ptr<char, Free> memory_;
  T* first_ = nullptr;
};

}  // namespace distkv::storage::lsm
