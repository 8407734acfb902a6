#include "bench/engine/values.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/rng.h"
#include "bench/engine/store.h"

namespace distkv::bench {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie");

constexpr uint64_t kPoolBytes = 1 << 20;  // As db_bench's: larger than what compressors look back.
constexpr uint64_t kPieceBytes = 100;     // Its first half is random, its second repeats it.

}  // namespace

Values::Values(uint64_t value_bytes, uint64_t seed) : value_bytes_(value_bytes) {
  DISTKV_CHECK(value_bytes >= kValueBytesMin);
  base::Rng rng(seed);
  pool_.reserve(kPoolBytes + value_bytes + kPieceBytes);
  while (pool_.size() < kPoolBytes + value_bytes) {
    std::string half(kPieceBytes / 2, '\0');
    for (char& byte : half) byte = static_cast<char>(rng.next());
    pool_ += half + half;
  }
}

std::string_view Values::stretch(const ValueName& name) const {
  const uint64_t mixed =
      (name.index * 0x9e3779b97f4a7c15ULL) ^ (name.version * 0xc2b2ae3d27d4eb4fULL);
  const uint64_t offset = (mixed >> 32) % kPoolBytes;
  return std::string_view(pool_).substr(offset, value_bytes_ - kValueBytesMin);
}

std::string_view Values::make(const ValueName& name, ValueText& text) const {
  text.resize(value_bytes_);
  std::memcpy(text.data(), &name.index, sizeof name.index);
  std::memcpy(text.data() + sizeof name.index, &name.version, sizeof name.version);
  const std::string_view rest = stretch(name);
  std::memcpy(text.data() + kValueBytesMin, rest.data(), rest.size());
  return text;
}

ValueName Values::name_of(std::string_view value) {
  ValueName name;
  DISTKV_CHECK(value.size() >= kValueBytesMin);
  std::memcpy(&name.index, value.data(), sizeof name.index);
  std::memcpy(&name.version, value.data() + sizeof name.index, sizeof name.version);
  return name;
}

ValueName Values::verify(uint64_t index, std::string_view value) const {
  if (value.size() == value_bytes_) {
    const ValueName name = name_of(value);
    if (name.index == index && value.substr(kValueBytesMin) == stretch(name)) return name;
  }
  stop("key " + std::to_string(index) + " was answered with a value that was never put to it");
}

}  // namespace distkv::bench
