// Everything a replica knows of one key: what it has seen, and the versions still alive. More than
// one live version means concurrent writes: siblings.
//
// Invariant: every live version's dot is covered by `seen`; what `seen` covers and `versions` does
// not hold is obsolete everywhere. Records travel and merge whole, never as deltas: in a delta the
// absence of a version would read as "obsolete". Source: dotted version vectors (Preguiça et al.,
// 2010). Values and pure functions, free of any thread rule.
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
  // Ascending by dot. One operation may stand here twice: count siblings with siblings().
  std::vector<Version> versions;
  friend bool operator==(const Record&, const Record&) = default;
};

// Keeps a version that both hold, or that one holds and the other has not seen. Commutative,
// associative, idempotent.
//
// Two versions of one operation (same op id, minted twice because a retry went through another
// replica) are one write, yet both stay here: if one merge dropped the lesser and another met the
// greater already superseded, the order of merges would decide whether the lesser lives (README.md
// has the case). They count and read as one sibling, and the next put joins them.
Record merge(const Record& a, const Record& b);
// The same without copying values.
Record merge(Record&& a, Record&& b);

// True if merging `other` into `record` would change nothing. Linear in contexts and versions; no
// value is looked at.
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

// Spans a returned context keeps of what the client knew before. It takes a client that writes on
// over siblings it never reads, in turn with another, to get there; past it the oldest are
// forgotten, which can only show that client an old write of its own as a sibling for a while.
inline constexpr size_t kReceiptSpansMax = 64;

// Applies one put to the minting replica's own record. `dot` must be newer than everything of its
// actor in `record.seen`, which record.seen.newest(actor) tells: its entry is checked, and a lone
// dot at or above `dot`, which only a forged context can have brought, is kCorrupt.
//
// The client's context is merged into `seen` whole, so a version it supersedes is dropped also when
// it reaches this replica later. What covers one of an operation's versions covers all that are
// here. Without an op id (zero) no put is a repeat.
//
// kTooManySiblings: more than kSiblingsMax would be live. kInvalidArgument: a tombstone with a
// value, a context that covers `dot` or later (no client can have seen it), or one that would make
// `seen` grow past kContextActorsMax. Nothing is minted then.
base::Result<PutOutcome> put(const Record& record, Put put, const Dot& dot);

// The version a plain read answers: the live one with the greatest (counter, actor); null if none
// is alive at `now`. Points into `record`.
const Version* newest(const Record& record, base::WallTime now);
// All versions alive at `now`, newest first, one for each operation. Pointers into `record`.
std::vector<const Version*> siblings(const Record& record, base::WallTime now);

// The stored and sent form: `meta` is all but the values, `values` their bytes one after another.
// Canonical: equal records have equal bytes. Both are appended to. Layout in FORMAT.md of this
// folder.
void encode_record(const Record& record, std::string& meta, std::string& values);
// kCorrupt, saying what is wrong, for anything encode_record cannot have made.
base::Result<Record> decode_record(std::string_view meta, std::string_view values);

// The record without its values, for who compares records that lie apart: each value is empty.
base::Result<Record> decode_causal_state(std::string_view meta);
// The same of a record whose values are at hand: kCorrupt also where they are not `values_bytes`
// together.
base::Result<Record> decode_causal_state(std::string_view meta, size_t values_bytes);

// A hash of the causal state (the encoded meta): equal exactly where the records are. A dot names
// one value for ever, so values need not be read.
uint64_t digest(std::string_view meta);

}  // namespace distkv::causality
