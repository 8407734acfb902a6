// The engine's point reads: where a key's newest version is looked for, and how it is answered.
#include "storage/lsm/lsm_engine.h"

#include <utility>

namespace distkv::storage::lsm {

using base::Result;
using base::Status;

std::optional<Lookup> LsmEngine::look_in_memory(const KeyRef& key, Seen& seen) const {
  const auto take = [&](const std::shared_ptr<const Memtable>& memtable) -> std::optional<Lookup> {
    const auto version = memtable->find(key);
    if (!version) return std::nullopt;
    seen = {version->entry,   version->is_erased,     memtable,
            version->written, version->written_group, {}};
    return version->is_erased ? Lookup::kAbsent : Lookup::kFound;
  };
  if (const auto found = take(active_)) return found;
  for (const auto& memtable : maintenance_->frozen()) {
    if (const auto found = take(memtable)) return found;
  }
  return std::nullopt;
}

Result<Lookup> LsmEngine::look_up(const KeyRef& key, Part part, Probe& probe, Seen& seen) {
  if (const auto found = look_in_memory(key, seen)) return *found;
  return look_in_tables(key, part, probe, seen);
}

Result<Lookup> LsmEngine::look_in_tables(const KeyRef& key, Part part, Probe& probe, Seen& seen) {
  const uint64_t hash = hash_of(PlaceView{key.token, key.key});
  if (const auto cached = cache_.find(hash, key)) {
    // Copied, since what a callback writes may move the ring on.
    probe.scratch.block.assign(cached->meta).append(cached->value);
    const std::string_view copy = probe.scratch.block;
    seen.entry = {copy.substr(0, cached->meta.size()), copy.substr(cached->meta.size())};
    return Lookup::kFound;
  }
  auto found = maintenance_->version()->find(key, hash, part, Wait::kCached, probe);
  if (!found.is_ok()) {
    maintenance_->quarantine(probe.damage, found.status());
    return found;
  }
  if (*found != Lookup::kFound) return found;
  if (probe.row.is_erased) return Lookup::kAbsent;
  seen.entry = {probe.row.meta, probe.row.value};
  seen.table_hash = hash;
  return found;
}

// An update offers nothing: what it writes would take it out again.
void LsmEngine::offer(const KeyRef& key, Part part, const Seen& seen) {
  if (seen.table_hash && part == Part::kAll) cache_.offer(*seen.table_hash, key, seen.entry);
}

void LsmEngine::fetch(const KeyRef& key, Part part, std::function<void(Fetch&)> done) {
  const auto fetch = std::make_shared<Fetch>();
  fetch->key = key.key;
  fetch->ref = {key.space, key.token, fetch->key};
  fetch->part = part;
  fetch->version = maintenance_->version();
  ++fetches_;
  host_.readers.run(
      [fetch] {
        const uint64_t hash = hash_of(PlaceView{fetch->ref.token, fetch->ref.key});
        fetch->lookup =
            fetch->version->find(fetch->ref, hash, fetch->part, Wait::kBlocking, fetch->probe);
      },
      [this, fetch, done = std::move(done)] {
        --fetches_;
        if (!fetch->lookup.is_ok()) {
          maintenance_->quarantine(fetch->probe.damage, fetch->lookup.status());
        }
        done(*fetch);
      });
}

Result<Lookup> LsmEngine::try_get(const KeyRef& key, Part part, EntryView& found) {
  if (!gate_.failure().is_ok()) return gate_.failure();
  if (is_held() || line_.holds(key)) return Lookup::kWouldBlock;
  if (lookup_probe_ == nullptr) lookup_probe_ = std::make_unique<Probe>();
  Seen seen;
  auto lookup = look_up(key, part, *lookup_probe_, seen);
  if (!lookup.is_ok() || *lookup == Lookup::kWouldBlock) return lookup;
  if (!gate_.is_durable(seen.written_group)) return Lookup::kWouldBlock;
  ++sample_.reads;
  offer(key, part, seen);
  found = seen.entry;
  return lookup;
}

void LsmEngine::get(const KeyRef& key, Part part, GetDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  ++sample_.reads;
  if (!is_held() && !line_.holds(key)) return get_now(key, part, std::move(done));
  if (line_.size() + held_.size() >= kFetchesMax) return done(overloaded("too many reads wait"));
  const KeyRef place{key.space, key.token, {}};
  auto attempt = [this, place, name = std::string(key.key), part, done = std::move(done)] {
    get_now({place.space, place.token, name}, part, done);
    return true;
  };
  if (is_held()) {
    return hold([this, name = Line::name_of(key), owned = std::string(key.key), place, attempt] {
      if (line_.holds({place.space, place.token, owned})) {
        line_.join(name, attempt);
      } else {
        attempt();
      }
      return true;
    });
  }
  line_.join(Line::name_of(key), std::move(attempt));
}

void LsmEngine::get_now(const KeyRef& key, Part part, GetDone done) {
  ProbeLoan probe(probes_);
  Seen seen;
  const auto lookup = look_up(key, part, *probe, seen);
  if (!lookup.is_ok()) return done(lookup.status());
  if (*lookup != Lookup::kWouldBlock) {
    offer(key, part, seen);
    return answer(seen, *lookup, done);
  }
  if (fetches_ >= kFetchesMax) return done(overloaded("too many reads wait for the disk"));
  fetch(key, part, [this, done = std::move(done)](Fetch& fetch) {
    if (!gate_.failure().is_ok()) return done(gate_.failure());
    if (!fetch.lookup.is_ok()) return done(fetch.lookup.status());
    const Row& row = fetch.probe.row;
    if (*fetch.lookup == Lookup::kAbsent || row.is_erased) return done({std::nullopt});
    offer_fetched(fetch);
    done({EntryView{row.meta, row.value}});
  });
}

void LsmEngine::offer_fetched(const Fetch& fetch) {
  // Only what is still the newest: nothing was flushed since, and nothing is in memory.
  Seen ignored;
  if (fetch.part != Part::kAll || fetch.version != maintenance_->version()) return;
  if (look_in_memory(fetch.ref, ignored)) return;
  cache_.offer(hash_of(PlaceView{fetch.ref.token, fetch.ref.key}), fetch.ref,
               {fetch.probe.row.meta, fetch.probe.row.value});
}

void LsmEngine::answer(const Seen& seen, Lookup lookup, const GetDone& done) {
  const auto entry = lookup == Lookup::kFound ? std::optional<EntryView>(seen.entry) : std::nullopt;
  if (gate_.is_durable(seen.written_group)) return done(entry);
  // The views are the memtable's, which the waiter keeps.
  gate_.wait(seen.written_group, [memtable = seen.memtable, entry, done](const Status& status) {
    if (!status.is_ok()) return done(status);
    done(entry);
  });
}

}  // namespace distkv::storage::lsm
