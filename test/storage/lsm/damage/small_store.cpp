#include "storage/lsm/damage/small_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm::test {

using base::Code;
using base::Status;
using base::Token;

namespace {

constexpr int kRounds = 9;        // Of writes, each flushed: some merged, some not.
constexpr int kLoggedWrites = 4;  // Not flushed: only the log has them.

Options small_options(base::Rng& rng) {
  Options options;
  options.new_store = StoreId{rng.next_id()};
  options.memtable_bytes = 1 << 20;  // Flushed only when the test says so.
  options.segment_bytes = 64 << 10;
  options.cache_bytes = 4 << 10;
  options.table_bytes = 700;
  options.table.block_bytes = 200;
  options.table.value_apart_min = 150;
  options.picker.fan_out = 4;
  options.picker.merge_ratio = 0.5;
  options.picker.base_bytes_min = 0;
  options.picker.debt_bytes_min = 64 << 10;
  options.picker.stretch_bytes = 512;
  options.ballast_bytes = 4 << 10;
  return options;
}

std::vector<Place> places() {
  std::vector<Place> places;
  for (uint64_t i = 0; i < 14; ++i) {
    // Neighbours share a token.
    places.push_back(
        {Space::kData, Token{i / 2 << 60}, std::string(1, static_cast<char>('a' + i))});
  }
  places.push_back({Space::kHints, Token{5}, "hint"});
  places.push_back({Space::kHints, Token{UINT64_MAX}, "last hint"});
  places.push_back({Space::kNode, Token{}, "node"});
  return places;
}

KeyRef ref_to(const Place& place) {
  return {std::get<0>(place), std::get<1>(place), std::get<2>(place)};
}

class Builder {
 public:
  Builder(uint64_t seed, Ending ending)
      : rng_(seed), ending_(ending), disk_(std::make_unique<io::test::SimFileSystem>(seed)) {}

  SmallStore make() {
    LsmHost host(1, true, disk_.get());
    host.options = small_options(rng_);
    auto engine = host.open(SmallStore::kDirectory);
    for (int round = 0; round < kRounds; ++round) {
      for (const Place& place : places()) {
        if (round == 0 || rng_.chance(0.3)) write(*engine, host, place);
      }
      (void)engine->take_snapshot({});  // Freezes, and so flushes, what is in memory.
      host.settle();
    }
    for (int i = 0; i < kLoggedWrites; ++i) {
      before_last_ = contents_;
      write(*engine, host, places()[rng_.below(places().size())]);
    }
    check_shape(*engine);
    if (ending_ == Ending::kClosed) DISTKV_CHECK(host.close(*engine).is_ok());
    host.forget();
    engine.reset();
    add_absent();
    return {std::move(disk_), host.options, contents_, before_last_};
  }

 private:
  void write(LsmEngine& engine, LsmHost& host, const Place& place) {
    std::optional<Entry> entry;
    const size_t bytes = rng_.chance(0.2) ? rng_.between(150, 260) : rng_.below(24);
    if (rng_.chance(0.8)) {
      entry = Entry{std::to_string(rng_.below(1000)), std::to_string(rng_.next())};
      entry->value.append(bytes, static_cast<char>('A' + rng_.below(26)));
    }
    contents_[place] = entry;
    const auto& [space, token, key] = place;
    std::optional<Status> done;
    engine.write({{space, token, key, entry}}, Durability::kGroup,
                 [&done](const Status& status) { done = status; });
    host.settle();
    DISTKV_CHECK(done && done->is_ok());
  }

  // A base of several tables, runs above it, each kind of content.
  void check_shape(const LsmEngine& engine) const {
    const auto& runs = engine.maintenance().state().spaces[index_of(Space::kData)];
    DISTKV_CHECK(runs.size() > 1 && runs.back().is_base && runs.back().tables.size() > 1);
    DISTKV_CHECK(engine.maintenance().frozen().empty());
  }

  void add_absent() {
    for (uint64_t token : {uint64_t{0}, uint64_t{3} << 60, UINT64_MAX}) {
      contents_[{Space::kData, Token{token}, "never"}] = std::nullopt;
      before_last_[{Space::kData, Token{token}, "never"}] = std::nullopt;
    }
  }

  base::Rng rng_;
  Ending ending_;
  std::unique_ptr<io::test::SimFileSystem> disk_;
  Contents contents_;
  Contents before_last_;
};

std::string text_of(const Place& place) {
  const auto& [space, token, key] = place;
  return std::to_string(static_cast<int>(space)) + "/" + std::to_string(token.value()) + "/" + key;
}

// What one store shows, compared with what it must show.
class Judge {
 public:
  Judge(io::test::SimFileSystem& disk, const SmallStore& store)
      : disk_(disk), store_(store), expected_(&store.contents) {}

  Verdict judge() {
    for (int life = 0; life < 2; ++life) {
      live(life);
      if (verdict_.outcome == Outcome::kWrong || verdict_.outcome == Outcome::kRefused) break;
    }
    return verdict_;
  }

 private:
  void live(int life) {
    LsmHost host(1, true, &disk_);
    host.options = store_.options;
    auto engine = host.try_open(SmallStore::kDirectory);
    if (!engine.is_ok()) return refuse(engine.status(), life);
    host_ = &host;
    engine_ = engine->get();
    if (life == 0) allow_lost_end();
    read();
    bool is_settled = false;
    engine_->settle([&is_settled] { is_settled = true; });
    host.settle();
    if (!is_settled) complain("merging never ended");
    read();
    if (!host.close(*engine_).is_ok()) complain("closing failed");
    host.forget();
  }

  void complain(const std::string& what) {
    if (verdict_.outcome != Outcome::kWrong) verdict_ = {Outcome::kWrong, what};
  }

  void refuse(const Status& status, int life) {
    const bool is_clear = status.code() == Code::kCorrupt &&
                          status.message().find(SmallStore::kDirectory) != std::string::npos;
    if (life > 0) return complain("opened, and refused later: " + status.to_string());
    if (!is_clear) return complain("an unclear refusal: " + status.to_string());
    verdict_ = {Outcome::kRefused, status.to_string()};
  }

  // If the key of the last commit shows what was before, all must be as before it.
  void allow_lost_end() {
    for (const auto& [place, entry] : store_.before_last) {
      if (entry == store_.contents.at(place)) continue;
      const auto found = get(place, Part::kAll);
      if (found.is_ok() && *found == entry) {
        expected_ = &store_.before_last;
        verdict_.outcome = Outcome::kWithoutLast;
      }
    }
  }

  base::Result<std::optional<Entry>> get(const Place& place, Part part) {
    base::Result<std::optional<Entry>> found = Status{Code::kTimedOut, "no answer"};
    engine_->get(ref_to(place), part, [&found](const auto& answer) {
      if (!answer.is_ok()) {
        found = answer.status();
      } else if (!*answer) {
        found = std::optional<Entry>();
      } else {
        found = std::optional(Entry{std::string((*answer)->meta), std::string((*answer)->value)});
      }
    });
    host_->settle();
    return found;
  }

  void note_error(const std::string& what, const Status& status) {
    if (status.code() != Code::kCorrupt) return complain(what + ": " + status.to_string());
    if (verdict_.outcome == Outcome::kRight) verdict_.outcome = Outcome::kPartly;
  }

  void read() {
    for (const auto& [place, entry] : *expected_) {
      const auto whole = get(place, Part::kAll);
      if (!whole.is_ok()) {
        note_error(text_of(place), whole.status());
      } else if (*whole != entry) {
        complain(text_of(place) + ": get shows " + (*whole ? (*whole)->value : "nothing"));
      }
      const auto meta = get(place, Part::kMeta);
      if (!meta.is_ok()) {
        note_error(text_of(place), meta.status());
      } else if (meta->has_value() != entry.has_value() ||
                 (entry && (*meta)->meta != entry->meta)) {
        complain(text_of(place) + ": another meta");
      }
    }
    for (size_t i = 0; i < kSpaces; ++i) {
      scan(space_at(i), Part::kAll);
      scan(space_at(i), Part::kMeta);
    }
  }

  void scan(Space space, Part part) {
    Scan scan;
    scan.range.space = space;
    scan.items_max = 5;
    scan.part = part;
    auto next = expected_->lower_bound({space, Token{}, ""});
    for (bool is_last = false; !is_last;) {
      base::Result<Page> page = Status{Code::kTimedOut, "no answer"};
      engine_->scan(scan, [&page](base::Result<Page> found) { page = std::move(found); });
      host_->settle();
      if (!page.is_ok()) return note_error("scan", page.status());
      for (const Item& item : page->items) compare(space, item, part, next);
      is_last = page->is_last;
      scan.after = page->last;
    }
    skip_absent(space, next);
    if (next != expected_->end() && std::get<0>(next->first) == space) {
      complain("a scan leaves out " + text_of(next->first));
    }
  }

  void skip_absent(Space space, Contents::const_iterator& next) const {
    while (next != expected_->end() && std::get<0>(next->first) == space && !next->second) ++next;
  }

  void compare(Space space, const Item& item, Part part, Contents::const_iterator& next) {
    skip_absent(space, next);
    const Place place{space, item.token, item.key};
    if (next == expected_->end() || next->first != place) {
      return complain("a scan shows " + text_of(place) + " out of its place");
    }
    const bool is_same =
        part == Part::kAll ? item.entry == *next->second : item.entry.meta == next->second->meta;
    if (!is_same) complain("a scan shows a wrong entry of " + text_of(place));
    ++next;
  }

  io::test::SimFileSystem& disk_;
  const SmallStore& store_;
  const Contents* expected_;
  Verdict verdict_;
  LsmHost* host_ = nullptr;
  LsmEngine* engine_ = nullptr;
};

}  // namespace

std::vector<std::string> SmallStore::paths() const {
  std::vector<std::string> paths = disk->paths();
  std::erase_if(paths, [](const std::string& path) {
    return path.ends_with("/LOCK") || path.ends_with("/ballast");
  });
  return paths;
}

SmallStore make_small_store(uint64_t seed, Ending ending) { return Builder(seed, ending).make(); }

Verdict judge(io::test::SimFileSystem& disk, const SmallStore& store) {
  return Judge(disk, store).judge();
}

}  // namespace distkv::storage::lsm::test
