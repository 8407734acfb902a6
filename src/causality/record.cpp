#include "causality/record.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::causality {
namespace {

using base::Code;
using base::Status;

bool is_before(const Version& version, const Dot& dot) { return version.dot < dot; }

// True if both are the same write, minted by two replicas. Zero means the put carried no op id.
bool is_same_operation(const base::OpId& a, const base::OpId& b) {
  return a == b && !a.value().is_zero();
}

// The order of reads: the later clock first, the actor to break ties.
bool is_newer(const Dot& a, const Dot& b) {
  return std::pair(a.counter, a.actor) > std::pair(b.counter, b.actor);
}

bool holds(const Record& record, const Dot& dot) {
  const auto found =
      std::lower_bound(record.versions.begin(), record.versions.end(), dot, is_before);
  return found != record.versions.end() && found->dot == dot;
}

// The newest version of the operation, null if there is none.
const Version* find_operation(const Record& record, const base::OpId& op_id) {
  const Version* found = nullptr;
  for (const Version& version : record.versions) {
    if (!is_same_operation(version.op_id, op_id)) continue;
    if (found == nullptr || is_newer(version.dot, found->dot)) found = &version;
  }
  return found;
}

// True if `context` covers the version, or its operation under another dot held here.
bool is_superseded(const Record& record, const Version& version, const Context& context) {
  if (context.covers(version.dot)) return true;
  return std::any_of(record.versions.begin(), record.versions.end(), [&](const Version& other) {
    return is_same_operation(other.op_id, version.op_id) && context.covers(other.dot);
  });
}

// True if no newer version of the same operation is here.
bool represents_operation(const Record& record, const Version& version) {
  const Version* newest = find_operation(record, version.op_id);
  return newest == nullptr || newest == &version;
}

// What stays beside a put with this context. Linear for the usual one version, quadratic in
// siblings, which are bounded.
std::vector<Version> survivors_of(const Record& record, const Context* context) {
  std::vector<Version> survivors;
  if (context == nullptr) return survivors;
  survivors.reserve(record.versions.size() + 1);
  for (const Version& version : record.versions) {
    if (is_superseded(record, version, *context)) continue;
    if (represents_operation(record, version)) survivors.push_back(version);
  }
  return survivors;
}

Status check_put(const Put& put, const Dot& dot) {
  if (put.is_tombstone && !put.value.empty()) {
    return {Code::kInvalidArgument, "a tombstone carries no value"};
  }
  if (put.context != nullptr && put.context->newest(dot.actor) >= dot.counter) {
    return {Code::kInvalidArgument,
            "the context covers a write this replica has yet to make; use the token of a read of "
            "this very key"};
  }
  return Status::ok();
}

// The client's context, and every other dot held here of the operations it covers.
Context client_context(const Record& record, const Context* context) {
  Context whole;
  if (context == nullptr) return whole;
  whole = *context;
  for (const Version& version : record.versions) {
    if (is_superseded(record, version, *context)) whole.add(version.dot);
  }
  return whole;
}

// What the client knows after a put beside siblings. If it had seen the actor's last write to the
// key, nothing lies between that and this one, and both join in one span: a client that goes on
// writing keeps a short token.
Context receipt(const Record& record, const Context* context, const Dot& dot) {
  Context known = client_context(record, context);
  known.forget_oldest_spans(kReceiptSpansMax);
  const Dot last{dot.actor, record.seen.entry(dot.actor)};
  if (last.counter != base::Counter{} && known.covers(last)) {
    known.add_span({dot.actor, last.counter, dot.counter});
  } else {
    known.add(dot);
  }
  return known;
}

PutOutcome repeat_of(const Record& record, const Put& put, const Version& minted) {
  const bool is_alone = std::all_of(
      record.versions.begin(), record.versions.end(), [&put, &minted](const Version& version) {
        return version.dot == minted.dot || is_same_operation(version.op_id, put.op_id);
      });
  PutOutcome outcome{record, minted.dot, record.seen, true};
  if (is_alone) return outcome;
  outcome.context = client_context(record, put.context);
  outcome.context.forget_oldest_spans(kReceiptSpansMax);
  for (const Version& version : record.versions) {
    if (is_same_operation(version.op_id, put.op_id)) outcome.context.add(version.dot);
  }
  return outcome;
}

Status too_many_siblings() {
  return {Code::kTooManySiblings,
          "the key holds " + std::to_string(kSiblingsMax) +
              " siblings, the most it may; read them all and put the resolved value with the "
              "context of that read"};
}

// A store's own entry covers all it minted, so only a forged context brings lone dots beyond it.
Status foreign_dot() {
  return {Code::kCorrupt,
          "the key's record has seen a write of this store that it has yet to make"};
}

// `seen` after a put: the record's, the client's, and everything of the minting actor.
base::Result<Context> seen_after(const Record& record, const Context* context, const Dot& dot) {
  Context seen = record.seen;
  if (context != nullptr) seen.merge(*context);
  const bool has_grown = seen.size() > record.seen.size();
  if (has_grown && seen.size() > kContextActorsMax) {
    return Status(Code::kInvalidArgument, "the context names more than " +
                                              std::to_string(kContextActorsMax) +
                                              " actors with those of the key");
  }
  seen.raise(dot);
  return seen;
}

// Moves the versions of `from` that `to` holds or has not seen.
void keep_unseen(Record& from, const Record& to, std::vector<Version>& kept) {
  for (Version& version : from.versions) {
    if (holds(to, version.dot) || !to.seen.covers(version.dot)) kept.push_back(std::move(version));
  }
}

}  // namespace

Record merge(const Record& a, const Record& b) {
  if (includes(a, b)) return a;
  if (includes(b, a)) return b;
  return merge(Record(a), Record(b));
}

Record merge(Record&& a, Record&& b) {
  if (includes(a, b)) return std::move(a);
  if (includes(b, a)) return std::move(b);
  std::vector<Version> kept;
  kept.reserve(a.versions.size() + b.versions.size());
  keep_unseen(a, b, kept);
  // Moving a value leaves its dot, so `a` still tells what it holds.
  for (Version& version : b.versions) {
    if (!a.seen.covers(version.dot)) kept.push_back(std::move(version));
  }
  std::sort(kept.begin(), kept.end(),
            [](const Version& left, const Version& right) { return left.dot < right.dot; });
  Record merged{std::move(a.seen), std::move(kept)};
  merged.seen.merge(b.seen);
  return merged;
}

bool includes(const Record& record, const Record& other) {
  if (!record.seen.includes(other.seen)) return false;
  return std::none_of(record.versions.begin(), record.versions.end(),
                      [&other](const Version& version) {
                        return other.seen.covers(version.dot) && !holds(other, version.dot);
                      });
}

base::Result<PutOutcome> put(const Record& record, Put put, const Dot& dot) {
  const Status status = check_put(put, dot);
  if (!status.is_ok()) return status;
  if (const Version* minted = find_operation(record, put.op_id)) {
    return repeat_of(record, put, *minted);
  }
  DISTKV_CHECK(dot.counter > record.seen.entry(dot.actor));
  if (dot.counter <= record.seen.newest(dot.actor)) return foreign_dot();
  base::Result<Context> seen = seen_after(record, put.context, dot);
  if (!seen.is_ok()) return seen.status();
  std::vector<Version> versions = survivors_of(record, put.context);
  if (versions.size() >= kSiblingsMax) return too_many_siblings();

  Context context = versions.empty() ? *seen : receipt(record, put.context, dot);
  const auto place = std::lower_bound(versions.begin(), versions.end(), dot, is_before);
  versions.insert(place, {dot, put.op_id, put.expires_at, put.is_tombstone, std::move(put.value)});
  return PutOutcome{{std::move(*seen), std::move(versions)}, dot, std::move(context), false};
}

const Version* newest(const Record& record, base::WallTime now) {
  const Version* found = nullptr;
  for (const Version& version : record.versions) {
    if (version.is_dead(now)) continue;
    if (found == nullptr || is_newer(version.dot, found->dot)) found = &version;
  }
  return found;
}

std::vector<const Version*> siblings(const Record& record, base::WallTime now) {
  std::vector<const Version*> alive;
  alive.reserve(record.versions.size());
  for (const Version& version : record.versions) {
    if (!version.is_dead(now) && represents_operation(record, version)) alive.push_back(&version);
  }
  std::sort(alive.begin(), alive.end(), [](const Version* left, const Version* right) {
    return is_newer(left->dot, right->dot);
  });
  return alive;
}

}  // namespace distkv::causality
