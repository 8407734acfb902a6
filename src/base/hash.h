// XXH3, the one hash of distkv: fast, well mixed, and the same on every machine. Not for secrets.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/types.h"

namespace distkv::base {

uint64_t hash64(std::string_view bytes, uint64_t seed = 0);
Id128 hash128(std::string_view bytes);

// hash128 of bytes that arrive in pieces: the same answer, however they are cut. Single owner.
class Hash128Stream {
 public:
  Hash128Stream();
  ~Hash128Stream();
  void add(std::string_view bytes);
  // Of all that was added so far; more may follow.
  Id128 hash() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace distkv::base
