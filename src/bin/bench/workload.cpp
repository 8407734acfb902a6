#include "bin/bench/workload.h"

#include <cstring>

#include "base/check.h"

namespace distkv::bin::bench {

namespace {

// Beyond the largest value: that many different values, and small enough for a cache.
constexpr size_t kPoolSlack = 64 * 1024;

std::string random_bytes(size_t count, base::Rng& rng) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i + sizeof(uint64_t) <= count; i += sizeof(uint64_t)) {
    const uint64_t word = rng.next();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

}  // namespace

Workload::Workload(const Options& options)
    : keys_(options.keys),
      value_bytes_(options.value_size),
      read_share_(options.read_share),
      rng_(options.seed),
      pool_(random_bytes(options.value_size + kPoolSlack, rng_)),
      key_{'k', 'e', 'y'} {}

void Workload::put_each_key() {
  is_mixed_ = false;
  remaining_ = keys_;
}

void Workload::mix() {
  is_mixed_ = true;
  remaining_ = UINT64_MAX;
}

Operation Workload::next() {
  DISTKV_CHECK(remaining_ > 0);
  --remaining_;
  Operation operation;
  operation.is_read = is_mixed_ && rng_.chance(read_share_);
  operation.key = key(is_mixed_ ? rng_.below(keys_) : remaining_);
  if (operation.is_read) return operation;
  operation.value = std::string_view(pool_).substr(rng_.below(kPoolSlack), value_bytes_);
  operation.op_id = base::OpId{rng_.next_id()};
  return operation;
}

std::string_view Workload::key(uint64_t number) {
  for (size_t i = kKeyBytes; i > kKeyBytes - kKeyDigits; --i) {
    key_[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return {key_.data(), key_.size()};
}

}  // namespace distkv::bin::bench
