// What clients of one cluster did and were told: all that check.h judges by. One entry for each
// operation, its retries included, whoever recorded it: `distkv-client check` against real nodes,
// or the simulator.
//
// Every value is put at most once in a history, so a value names its write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "history/coverage.h"
#include "wire/messages.h"

namespace distkv::history {

enum class Kind : uint8_t { kPut, kDelete, kGet };

enum class Outcome : uint8_t {
  kOk,       // Answered; a write is acknowledged.
  kRefused,  // Of a write: it is stored nowhere and never will be. Of a read: no answer.
  kUnknown,  // Of a write: it may take effect at any later time, or never. Of a read: no answer.
};

struct Operation {
  Kind kind = Kind::kGet;
  uint32_t client = 0;  // One client has one operation under way at a time.
  std::string key;
  wire::Consistency consistency = wire::Consistency::kQuorum;
  base::MonotonicTime invoked_at{};
  std::optional<base::MonotonicTime> returned_at;  // Nullopt: never; the outcome is unknown.
  Outcome outcome = Outcome::kUnknown;
  std::string node;  // Who answered, for reports; may be empty.
  // Part of its client's session, whose reads at any level must show what its answers before did.
  bool in_session = false;

  // ---- Of a write.
  std::string value;  // Of a put.
  // The place in the history of the operation whose answer's context it passed; nullopt: blind.
  std::optional<size_t> context_of;
  bool expires = false;  // It was given a time to live.
  // Acknowledged, but an attempt before may have been carried out too: it may be stored a second
  // time, later.
  bool may_repeat = false;

  // ---- Of an answer.
  Coverage seen;                    // What its context speaks of.
  std::vector<std::string> values;  // Of a read.
  uint32_t sibling_count = 0;       // Of a read: how many values there are, returned or not.
  bool is_final = false;            // A read after all else was over: what it misses is lost.

  bool is_read() const { return kind == Kind::kGet; }
  bool is_ok() const { return returned_at && outcome == Outcome::kOk; }
  bool is_strict() const { return consistency != wire::Consistency::kOne; }
  // A read whose values are all there are.
  bool is_complete() const { return values.size() == sibling_count; }
};

// In the order of invocation.
using History = std::vector<Operation>;

std::string_view name_of(Kind kind);
std::string_view name_of(Outcome outcome);
std::string_view name_of(wire::Consistency consistency);

// "put of 'v' to k by client 3 through n1 at quorum, 1.250000 s to 1.251200 s, ok". Times count
// from `origin`.
std::string describe(const Operation& operation, base::MonotonicTime origin);

}  // namespace distkv::history
