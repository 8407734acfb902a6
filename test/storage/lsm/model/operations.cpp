#include "storage/lsm/model/operations.h"

#include <array>

namespace distkv::storage::lsm::test {

using base::Token;
using Kind = Operation::Kind;

namespace {

struct Share {
  Kind kind;
  uint32_t share;
};

// Of kSharesSum. What is costly is rare: a drop walks a range, a reopening reads a log.
constexpr std::array<Share, 15> kShares = {{{Kind::kPut, 3400},
                                            {Kind::kErase, 900},
                                            {Kind::kKeep, 600},
                                            {Kind::kBatch, 800},
                                            {Kind::kGet, 2960},
                                            {Kind::kHead, 1000},
                                            {Kind::kScan, 100},
                                            {Kind::kScanSnapshot, 100},
                                            {Kind::kTakeSnapshot, 40},
                                            {Kind::kDropSnapshot, 30},
                                            {Kind::kDropRange, 20},
                                            {Kind::kSync, 30},
                                            {Kind::kMerge, 14},
                                            {Kind::kCheckpoint, 2},
                                            {Kind::kReopen, 4}}};
constexpr uint32_t kSharesSum = 10000;
constexpr uint64_t kKeysMax = 3000;

}  // namespace

const char* name_of(Kind kind) {
  constexpr std::array<const char*, 15> kNames = {
      "put",        "erase", "keep",          "batch",         "get",
      "head",       "scan",  "scan snapshot", "take snapshot", "drop snapshot",
      "drop range", "sync",  "merge",         "checkpoint",    "reopen"};
  return kNames[static_cast<size_t>(kind)];
}

std::string text_of(const Operation& operation) {
  return std::string(name_of(operation.kind)) + " of space " +
         std::to_string(static_cast<int>(operation.space)) + ", token " +
         std::to_string(operation.token.value()) + ", key '" + operation.key + "', range " +
         std::to_string(operation.range.first.value()) + "-" +
         std::to_string(operation.range.last.value());
}

Operations::Operations(uint64_t seed)
    : rng_(seed),
      tokens_(uint64_t{1} << rng_.below(11)),
      keys_per_token_(rng_.between(1, rng_.chance(0.3) ? kKeysMax / tokens_ + 1 : 4)),
      is_clustered_(rng_.chance(0.3)),
      memory_share_(rng_.chance(0.3)   ? 0
                    : rng_.chance(0.5) ? 0.5
                                       : 0.95),
      value_bytes_(rng_.chance(0.5) ? 60 : 300) {}

Token Operations::random_token() {
  const uint64_t number = rng_.below(tokens_);
  // Both ends of the ring are in it.
  if (is_clustered_) return Token{number % 2 == 0 ? number : UINT64_MAX - number + 1};
  return Token{number == 0 ? 0 : number * (UINT64_MAX / tokens_)};
}

Kind Operations::random_kind() {
  uint64_t left = rng_.below(kSharesSum);
  for (const Share& share : kShares) {
    if (left < share.share) return share.kind;
    left -= share.share;
  }
  return Kind::kGet;
}

size_t Operations::random_value_bytes() {
  if (rng_.chance(0.02)) return 0;
  if (rng_.chance(0.004)) return rng_.between(1000, 9000);
  return rng_.below(value_bytes_);
}

Operation Operations::next() {
  Operation operation;
  operation.at = next_++;
  operation.kind = random_kind();
  operation.space = rng_.chance(0.8) ? Space::kData : static_cast<Space>(rng_.between(2, 3));
  operation.token = random_token();
  operation.key = "k" + std::to_string(rng_.below(keys_per_token_));
  operation.durability = rng_.chance(memory_share_) ? Durability::kMemory : Durability::kGroup;
  operation.value_bytes = random_value_bytes();
  const Token other = rng_.chance(0.1) ? Token{UINT64_MAX} : random_token();
  operation.range = {operation.space, std::min(operation.token, other),
                     std::max(operation.token, other)};
  // Most drops are of little, or the store would stay empty.
  if (operation.kind == Kind::kDropRange && rng_.chance(0.9)) {
    const uint64_t room = UINT64_MAX - operation.token.value();
    const uint64_t width = std::min(room, is_clustered_ ? 2 : UINT64_MAX / tokens_);
    operation.range.first = operation.token;
    operation.range.last = Token{operation.token.value() + width};
  }
  operation.part = rng_.chance(0.3) ? Part::kMeta : Part::kAll;
  operation.items_wanted = rng_.between(1, 60);
  operation.items_per_page = rng_.between(1, 40);
  operation.bytes_per_page = rng_.chance(0.3) ? rng_.between(1, 2000) : 1 << 20;
  operation.chance = rng_.next();
  return operation;
}

}  // namespace distkv::storage::lsm::test
