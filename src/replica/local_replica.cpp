#include "replica/local_replica.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "causality/horizon.h"
#include "wire/messages.h"

namespace distkv::replica {

// No more than one reply takes.
static_assert(causality::kSiblingsMax * ring::kReplicasMax <= wire::kReplyValuesMax);

using base::Code;
using base::Result;
using base::Status;
using causality::Record;

namespace {

storage::Decision keep() { return {}; }

storage::Decision put_entry(RecordBytes bytes) {
  return {storage::Decision::Action::kPut, {std::move(bytes.meta), std::move(bytes.values)}};
}

RecordView view_of(const storage::EntryView* entry) {
  return entry ? RecordView{entry->meta, entry->value} : RecordView{};
}

storage::KeyRef data_key(const KeyPlace& place) {
  return {storage::Space::kData, place.token, place.key};
}

// What a write does to its key's hash.
class HashChange {
 public:
  HashChange(HashTree& tree, const KeyPlace& place)
      : tree_(tree), token_(place.token), key_hash_(key_hash(place.key)) {}

  void decide(const storage::EntryView* current, const RecordBytes& next) {
    const std::string_view before = current ? current->meta : std::string_view();
    change_ = record_hash(key_hash_, before) ^ record_hash(key_hash_, next.meta);
  }
  // When the decision is visible, not before: an engine may refuse it after it was made.
  void make() { tree_.toggle(token_, change_); }

 private:
  HashTree& tree_;
  base::Token token_;
  uint64_t key_hash_;
  uint64_t change_ = 0;
};

Status closed() { return {Code::kShuttingDown, "the replica is closed"}; }

// What one mint carries from its decision to its callbacks.
struct MintCall {
  MintCall(HashTree& tree, const KeyPlace& place) : hash(tree, place) {}
  HashChange hash;
  causality::Put put;
  Result<Minted> result = Status(Code::kIo, "the record was not read");
  bool is_minted = false;
  std::function<void(Result<Minted>)> minted;
  storage::Done durable;
};

// The record without its values, which are most of its bytes and are rarely looked at.
Result<Record> decode_state(const RecordView& bytes) {
  if (bytes.is_absent()) return Record{};
  return causality::decode_causal_state(bytes.meta, bytes.values.size());
}

Result<Minted> mint_on(const storage::EntryView* current, causality::Put put, DotClock& clock) {
  const RecordView held = view_of(current);
  // Without a context the put supersedes all that is here, so no value of it is needed.
  Result<Record> own = put.context == nullptr ? decode_state(held) : decode(held);
  if (!own.is_ok()) return own.status();
  const causality::Dot dot = clock.mint(own->seen);
  Result<causality::PutOutcome> outcome = causality::put(*own, std::move(put), dot);
  if (!outcome.is_ok()) return outcome.status();
  if (outcome->is_repeat) {
    RecordBytes as_it_is{std::string(held.meta), std::string(held.values)};
    return Minted{std::move(as_it_is), std::move(outcome->context), true};
  }
  RecordBytes bytes = encode(outcome->record);
  if (outcome->record.versions.size() > 1 && bytes.values.size() > kSiblingBytesMax) {
    return Status(Code::kTooManySiblings,
                  "its siblings would hold " + std::to_string(bytes.values.size()) +
                      " bytes; read them all and put one value with the context of that read");
  }
  return Minted{std::move(bytes), std::move(outcome->context), false};
}

struct Merging {
  RecordBytes incoming;
  base::Counter horizon;
  bool refuses_obsolete = false;
};

Status below_horizon() {
  return {
      Code::kUnavailable,
      "the write's clock is below what was settled here: the clock of its replica is far behind"};
}

// Where each knows something that the other does not.
Result<std::optional<RecordBytes>> merge_values(const RecordView& held, const Merging& merging) {
  Result<Record> theirs = decode(merging.incoming.view());
  if (!theirs.is_ok()) return theirs.status();
  Result<Record> own = decode(held);
  if (!own.is_ok()) return own.status();
  causality::drop_obsolete(*theirs, *own, merging.horizon);
  return std::optional(encode(causality::merge(std::move(*own), std::move(*theirs))));
}

// The state after merging `incoming`, or nothing if that changes nothing. Nearly always one side
// knows all that the other does, and then no value is copied: the greater state stands as it is.
Result<std::optional<RecordBytes>> merge_on(const storage::EntryView* current, Merging& merging) {
  if (current != nullptr && current->meta == merging.incoming.meta) {
    return std::optional<RecordBytes>{};
  }
  Result<Record> theirs = decode_state(merging.incoming.view());
  if (!theirs.is_ok()) return theirs.status();
  const Result<Record> own = decode_state(view_of(current));
  if (!own.is_ok()) return own.status();
  const bool is_partial = causality::drop_obsolete(*theirs, *own, merging.horizon);
  if (is_partial && merging.refuses_obsolete) return below_horizon();
  if (!is_partial && causality::includes(*theirs, *own)) {
    return std::optional(std::move(merging.incoming));
  }
  const bool is_nothing = theirs->versions.empty() && is_below(*theirs, merging.horizon);
  if (is_nothing && current == nullptr) return std::optional<RecordBytes>{};
  if (causality::includes(*own, *theirs)) return std::optional<RecordBytes>{};
  return merge_values(view_of(current), merging);
}

}  // namespace

uint64_t RecordView::digest() const { return is_absent() ? 0 : causality::digest(meta); }

RecordBytes encode(const Record& record) {
  RecordBytes bytes;
  causality::encode_record(record, bytes.meta, bytes.values);
  return bytes;
}

Result<Record> decode(const RecordView& bytes) {
  if (bytes.is_absent()) return Record{};
  return causality::decode_record(bytes.meta, bytes.values);
}

bool is_deletion(const RecordView& bytes) {
  // Tombstones have no values, so most records are told without decoding.
  if (bytes.is_absent() || !bytes.values.empty()) return false;
  const Result<Record> record = decode(bytes);
  return record.is_ok() && std::all_of(record->versions.begin(), record->versions.end(),
                                       [](const auto& version) { return version.is_tombstone; });
}

void LocalReplica::mint(const KeyPlace& place, causality::Put put,
                        std::function<void(Result<Minted>)> minted, storage::Done durable) {
  if (is_closed_) return minted(closed());
  auto call = std::make_shared<MintCall>(tree_, place);
  call->put = std::move(put);
  call->minted = std::move(minted);
  call->durable = std::move(durable);
  storage::Update update;
  update.key = data_key(place);
  update.durability = durability_;
  update.frees_space = call->put.is_tombstone;
  // Bare pointers need no memory of their own; `durable`, which comes last, keeps the call alive.
  update.decide = [this, call = call.get()](const storage::EntryView* current) {
    clock_.raise(holdings_.floor());
    call->result = mint_on(current, std::move(call->put), clock_);
    call->is_minted = call->result.is_ok();
    const bool changes = call->is_minted && !call->result->is_repeat;
    if (!changes) return keep();
    call->hash.decide(current, call->result->bytes);
    return put_entry(call->result->bytes);
  };
  update.visible = [call = call.get()] {
    call->hash.make();
    const auto tell = std::exchange(call->minted, nullptr);
    tell(std::move(call->result));
  };
  ++writes_;
  update.durable = [this, call](Status status) {
    --writes_;
    // Never visible: the engine could not read the record, so nothing was minted.
    if (call->minted) return call->minted(std::move(status));
    if (call->is_minted) call->durable(std::move(status));
  };
  engine_.update(std::move(update));
}

void LocalReplica::apply(const KeyPlace& place, const RecordView& record, storage::Done done) {
  merge(place, record, Obsolete::kLeftOut, {}, std::move(done));
}

void LocalReplica::replicate(const KeyPlace& place, const RecordView& record, storage::Done done) {
  merge(place, record, Obsolete::kRefused, {}, std::move(done));
}

void LocalReplica::restore(const KeyPlace& place, const RecordView& record,
                           const std::vector<uint64_t>& damaged, storage::Done done) {
  merge(place, record, Obsolete::kKept, damaged, std::move(done));
}

void LocalReplica::merge(const KeyPlace& place, const RecordView& record, Obsolete obsolete,
                         const std::vector<uint64_t>& damaged, storage::Done done) {
  const base::Counter horizon =
      obsolete == Obsolete::kKept ? base::Counter{} : holdings_.horizon(place.token);
  rewrite(
      place,
      [merging = Merging{{std::string(record.meta), std::string(record.values)},
                         horizon,
                         obsolete == Obsolete::kRefused}](
          const storage::EntryView* current) mutable { return merge_on(current, merging); },
      is_deletion(record), damaged, std::move(done));
}

void LocalReplica::collect(const KeyPlace& place, std::function<void(Result<bool>)> done) {
  const auto is_collected = std::make_shared<bool>(false);
  rewrite(
      place,
      [horizon = holdings_.horizon(place.token),
       is_collected](const storage::EntryView* current) -> Result<std::optional<RecordBytes>> {
        const Result<Record> own = decode(view_of(current));
        if (!own.is_ok()) return own.status();
        *is_collected = current != nullptr && causality::is_spent(*own, horizon);
        return *is_collected ? std::optional(RecordBytes{}) : std::nullopt;
      },
      true, {},
      [is_collected, done = std::move(done)](const Status& status) {
        if (!status.is_ok()) return done(status);
        done(*is_collected);
      });
}

void LocalReplica::settle(const KeyPlace& place, const RecordView& other, base::Counter horizon,
                          storage::Done done) {
  Result<Record> theirs = Record{};
  if (!other.is_absent()) theirs = causality::decode_causal_state(other.meta);
  if (!theirs.is_ok()) return done(theirs.status());
  rewrite(
      place,
      [theirs = std::move(*theirs),
       horizon](const storage::EntryView* current) -> Result<std::optional<RecordBytes>> {
        Result<Record> own = decode(view_of(current));
        if (!own.is_ok()) return own.status();
        if (!causality::drop_obsolete(*own, theirs, horizon)) return std::optional<RecordBytes>{};
        const bool is_nothing = own->versions.empty() && causality::is_below(*own, horizon);
        return std::optional(is_nothing ? RecordBytes{} : encode(*own));
      },
      true, {}, std::move(done));
}

// `change` answers the record's next state, absent bytes to erase it, nothing to leave it alone.
template <typename Change>
void LocalReplica::rewrite(const KeyPlace& place, Change change, bool frees_space,
                           const std::vector<uint64_t>& damaged, storage::Done done) {
  struct Call {
    HashChange hash;
    Change change;
    storage::Done done;
    Status refused;
  };
  if (is_closed_) return done(closed());
  auto call = std::make_shared<Call>(
      Call{HashChange(tree_, place), std::move(change), std::move(done), Status::ok()});
  storage::Update update;
  update.key = data_key(place);
  update.durability = durability_;
  update.frees_space = frees_space;
  update.replaces_damaged = damaged;
  // Bare pointers need no memory of their own; `durable`, which comes later, keeps the call alive.
  update.decide = [call = call.get()](const storage::EntryView* current) {
    Result<std::optional<RecordBytes>> next = call->change(current);
    if (!next.is_ok()) call->refused = next.status();
    if (!next.is_ok() || !next->has_value()) return keep();
    call->hash.decide(current, **next);
    if ((*next)->view().is_absent())
      return storage::Decision{storage::Decision::Action::kErase, {}};
    return put_entry(std::move(**next));
  };
  update.visible = [call = call.get()] { call->hash.make(); };
  ++writes_;
  update.durable = [this, call](Status status) {
    --writes_;
    call->done(call->refused.is_ok() ? std::move(status) : call->refused);
  };
  engine_.update(std::move(update));
}

void LocalReplica::read_for_client(const KeyPlace& place,
                                   std::function<void(Result<RecordView>)> done) {
  if (holdings_.is_behind(place.token)) {
    return done(Status(Code::kUnavailable,
                       "this store lost writes and is catching up with the other replicas"));
  }
  read(place, std::move(done));
}

void LocalReplica::read(const KeyPlace& place, std::function<void(Result<RecordView>)> done) {
  const storage::KeyRef key = data_key(place);
  storage::EntryView found;
  const Result<storage::Lookup> lookup = engine_.try_get(key, storage::Part::kAll, found);
  if (!lookup.is_ok()) return done(lookup.status());
  if (*lookup == storage::Lookup::kFound) return done(RecordView{found.meta, found.value});
  if (*lookup == storage::Lookup::kAbsent) return done(RecordView{});
  engine_.get(key, storage::Part::kAll,
              [done = std::move(done)](Result<std::optional<storage::EntryView>> entry) {
                if (!entry.is_ok()) return done(entry.status());
                done(*entry ? view_of(&**entry) : RecordView{});
              });
}

}  // namespace distkv::replica
