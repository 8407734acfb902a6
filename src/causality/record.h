// Everything a replica knows of one key: what it has seen, and the versions still alive. More than
// one live version means concurrent writes: siblings.
//
// Invariant: every live version's dot is covered by `seen`; what `seen` covers and `versions` does
// not hold is obsolete everywhere. Records travel and merge whole, never as deltas: in a delta the
// absence of a version would read as "obsolete". Source: dotted version vectors (Preguiça et al.,
// 2010); semantics in src/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "causality/context.h"

namespace distkv::causality {

inline constexpr size_t kSiblingsMax = 32;  // A put that would leave more is refused.

// Zero: never expires.
inline constexpr base::WallTime kNeverExpires{};

struct Version {
  Dot dot;
  base::OpId op_id;
  base::WallTime expires_at = kNeverExpires;
  bool is_tombstone = false;
  std::string value;  // Empty for a tombstone; an empty value is a value.
  friend bool operator==(const Version&, const Version&) = default;

  // True if a reader at `now` must not see it: deleted or expired.
  bool is_dead(base::WallTime now) const {
    return is_tombstone || (expires_at != kNeverExpires && expires_at <= now);
  }
};

struct Record {
  Context seen;
  std::vector<Version> versions;  // Ascending by dot.
  friend bool operator==(const Record&, const Record&) = default;
};

// Keeps a version that both hold, or that one holds and the other has not seen. Two versions of one
// operation (same op id, minted twice because a retry went through another replica) are one write:
// the greater dot stays. Commutative, associative, idempotent.
Record merge(const Record& a, const Record& b);

// True if merging `other` into `record` would change nothing.
bool includes(const Record& record, const Record& other);

struct Put {
  base::OpId op_id;
  base::WallTime expires_at = kNeverExpires;
  bool is_tombstone = false;
  std::string value;
  // Null: supersede whatever the minting replica holds. Else: supersede exactly what it covers.
  const Context* context = nullptr;
};

struct PutOutcome {
  Record record;    // The new state of the key.
  Dot dot;          // The dot of the write; the older one if this operation was minted before.
  Context context;  // For the client: its own context plus `dot`. Where no sibling is left this is
                    // the record's whole `seen`, which then covers nothing the client must not.
  bool is_repeat;   // The operation's version was already there; the record is unchanged.
};

// Applies one put to the minting replica's own record. `dot` must be newer than everything of its
// actor in `record.seen` (checked). Fails with kTooManySiblings.
base::Result<PutOutcome> put(const Record& record, const Put& put, const Dot& dot);

// The version a plain read answers: the live one with the greatest (counter, actor); null if none
// is alive at `now`. Points into `record`.
const Version* newest(const Record& record, base::WallTime now);
// All versions alive at `now`, newest first. Pointers into `record`.
std::vector<const Version*> siblings(const Record& record, base::WallTime now);

// The stored and sent form: `meta` is all but the values, `values` their bytes one after another.
// Canonical: equal records have equal bytes. Layout in FORMAT.md of this folder.
void encode_record(const Record& record, std::string& meta, std::string& values);
// kCorrupt, saying what is wrong, for anything encode_record cannot have made.
base::Result<Record> decode_record(std::string_view meta, std::string_view values);

// A hash of the causal state (the encoded meta): equal exactly where the records are.
uint64_t digest(std::string_view meta);

}  // namespace distkv::causality
