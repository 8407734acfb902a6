// A get of a key that must be there, its value verified now and then.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bench/engine/workloads.h"

namespace distkv::bench {

// Verifying touches the whole value; a 64th of that is lost in the noise.
inline constexpr uint64_t kVerifiedEach = 64;

class CheckedGet {
 public:
  CheckedGet(const Session& session, Store& store) : session_(session), store_(store) {}

  // The key of the next get.
  void prepare(uint64_t index) {
    index_ = index;
    key_ = text_.set(index);
  }
  // The get: the only part that is timed.
  void act() { found_ = store_.get(key_); }
  // Ends the program if the answer cannot be right.
  void verify(uint64_t count) const {
    if (!found_) stop("key " + std::to_string(index_) + " was put and is not there");
    if (count % kVerifiedEach == 0) session_.values.verify(index_, *found_);
  }

 private:
  const Session& session_;
  Store& store_;
  KeyText text_;
  uint64_t index_ = 0;
  std::string_view key_;
  std::optional<std::string_view> found_;
};

}  // namespace distkv::bench
