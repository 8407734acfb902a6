// The keys asked for most, in constant memory. Space-Saving (Metwally, Agrawal and El Abbadi,
// "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005): a key that is not
// tracked takes the place, and as its possible error the count, of the least one that is. Whatever
// makes up more than one in kTracked of the requests is therefore always among them. Counts are
// halved now and then, so that they speak of the last minutes and not of all time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace distkv::coordinator {

class HotKeys {
 public:
  static constexpr size_t kTracked = 64;
  // A hot key surely has one in so many of the requests.
  static constexpr uint64_t kHotShare = 32;
  // Of fewer requests nothing is said.
  static constexpr uint64_t kRequestsMin = 64;
  // Counts are halved when they reach this.
  static constexpr uint64_t kRequestsMax = 1 << 17;

  struct Hot {
    std::string key;
    uint64_t requests = 0;  // Of the recent ones; at most `error` too many.
    uint64_t error = 0;
    double share = 0;  // Of all recent requests, without what may be an error.
  };

  // Counts a request for `key`. True if the key is hot.
  bool touch(base::Token token, std::string_view key);
  // The hot keys, hottest first.
  std::vector<Hot> hot() const;
  // The recent ones, of all keys: what shares are shares of.
  uint64_t requests() const { return requests_; }

 private:
  struct Counter {
    std::string key;
    uint64_t error = 0;
  };
  size_t find(base::Token token, std::string_view key) const;
  size_t take_least(base::Token token, std::string_view key);
  bool is_hot(size_t at) const;
  void halve();

  // Apart from the rest, as every request looks through them.
  std::array<uint64_t, kTracked> tokens_{};
  std::array<uint64_t, kTracked> counts_{};
  std::array<Counter, kTracked> counters_;
  uint64_t requests_ = 0;
};

}  // namespace distkv::coordinator
