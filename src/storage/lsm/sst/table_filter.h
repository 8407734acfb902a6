// Says of a hash whether the table may hold it: a Bloom filter whose bits for one hash all lie in
// one cache line, so that a probe costs one memory access. Never false for a hash that was added.
// After Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters (2007).
//
//   line of 64 bytes × n | probes u8        n 0: no filter, everything may be there
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace distkv::storage::lsm {

// The filter block of these hashes. 0 bits a key: none.
std::string build_filter(std::span<const uint64_t> hashes, size_t bits_per_key);

class TableFilter {
 public:
  TableFilter() = default;
  // False if the bytes are no filter.
  static bool parse(std::string_view bytes, TableFilter& filter);

  bool may_contain(uint64_t hash) const;
  void prefetch(uint64_t hash) const;
  uint64_t bytes_resident() const;

 private:
  struct alignas(64) Line {
    std::array<char, 64> bytes;
  };

  std::vector<Line> lines_;
  int probes_ = 0;
};

}  // namespace distkv::storage::lsm
