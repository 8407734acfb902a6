// Values that compress to about half and prove themselves: each carries the index of its key and a
// version, and the rest follows from those two.
//
//   0        8        16                               value_bytes
//   | index  | version | a stretch of the pool, at hash(index, version) |      little-endian
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace distkv::bench {

inline constexpr uint64_t kValueBytesMin = 16;

struct ValueName {
  uint64_t index = 0;
  uint64_t version = 0;  // How often the key was overwritten, or whatever tells two values apart.
};

// Room for one value; reused, so that nothing is allocated in a measured loop.
using ValueText = std::string;

// Immutable after construction: any thread may use it.
class Values {
 public:
  // value_bytes >= kValueBytesMin.
  Values(uint64_t value_bytes, uint64_t seed);

  uint64_t value_bytes() const { return value_bytes_; }
  // A view of `text`.
  std::string_view make(const ValueName& name, ValueText& text) const;
  // The name of a value of make(). Ends the program, naming the key, if it is not one, or is that
  // of another key.
  ValueName verify(uint64_t index, std::string_view value) const;
  // Without looking at the rest.
  static ValueName name_of(std::string_view value);

 private:
  std::string_view stretch(const ValueName& name) const;

  uint64_t value_bytes_;
  std::string pool_;
};

}  // namespace distkv::bench
