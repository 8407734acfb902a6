#include "storage/lsm/compaction/merge_rows.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

#include "base/rng.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Rng;
using base::Status;
using base::Token;
using Place = std::pair<Token, std::string>;

struct Version {
  std::string value;
  bool is_erased = false;
  friend bool operator==(const Version&, const Version&) = default;
};
using Source = std::map<Place, Version>;

// Walks a map; views die with the next move, and `broken_after` rows it fails.
class SourceRows : public Rows {
 public:
  explicit SourceRows(const Source& source, size_t broken_after = SIZE_MAX)
      : source_(source), at_(source_.begin()), left_(broken_after) {
    show();
  }
  bool is_at_end() const override { return at_ == source_.end() || !status_.is_ok(); }
  const Row& row() const override { return row_; }
  const Status& status() const override { return status_; }
  void next() override {
    REQUIRE(!is_at_end());
    ++at_;
    show();
  }

 private:
  void show() {
    key_.assign(key_.size(), '#');
    if (at_ == source_.end()) return;
    if (left_-- == 0) {
      status_ = {Code::kCorrupt, "a bad block"};
      return;
    }
    key_ = at_->first.second;
    row_ = {{at_->first.first, key_}, {}, at_->second.value, at_->second.is_erased};
  }

  Source source_;
  Source::const_iterator at_;
  size_t left_;
  Status status_;
  std::string key_;
  Row row_;
};

Source collect(Rows& rows) {
  Source out;
  for (; !rows.is_at_end(); rows.next()) {
    const Row& row = rows.row();
    const Place place{row.place.token, std::string(row.place.key)};
    REQUIRE((out.empty() || out.rbegin()->first < place));
    out[place] = {std::string(row.value), row.is_erased};
  }
  return out;
}

Source merge(const std::vector<Source>& sources, bool drops_tombstones) {
  std::vector<std::unique_ptr<Rows>> walks;
  for (const auto& source : sources) walks.push_back(std::make_unique<SourceRows>(source));
  const auto rows = merge_rows(std::move(walks), drops_tombstones);
  auto out = collect(*rows);
  CHECK(rows->status().is_ok());
  return out;
}

Source any_source(Rng& rng, size_t number) {
  Source source;
  const uint64_t rows = rng.below(40);
  for (uint64_t i = 0; i < rows; ++i) {
    const Place place{Token(rng.below(8)), std::string(1 + rng.below(3), 'a')};
    source[place] = {std::to_string(number), rng.chance(0.3)};
  }
  return source;
}

TEST_SUITE_BEGIN("merge_rows");

TEST_CASE("no source, or only empty ones, is an empty walk") {
  CHECK(merge({}, false).empty());
  CHECK(merge({{}, {}}, true).empty());
}

TEST_CASE("the newest version of a place hides all older ones, a tombstone too") {
  const Source newest{{{Token(5), "k"}, {"", true}}};
  const Source older{{{Token(5), "k"}, {"old", false}}, {{Token(6), "k"}, {"six", false}}};

  CHECK(merge({newest, older}, false) ==
        Source{{{Token(5), "k"}, {"", true}}, {{Token(6), "k"}, {"six", false}}});
  CHECK(merge({newest, older}, true) == Source{{{Token(6), "k"}, {"six", false}}});
}

TEST_CASE("keys of one token come out in key order") {
  const Source a{{{Token(1), "b"}, {"1", false}}};
  const Source b{{{Token(1), "a"}, {"2", false}}, {{Token(1), "c"}, {"3", false}}};

  CHECK(merge({a, b}, false).size() == 3);
}

TEST_CASE("any sources merge to what a map says, with and without tombstones") {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<Source> sources(rng.below(20));
    for (size_t i = 0; i < sources.size(); ++i) sources[i] = any_source(rng, i);
    Source all;
    for (const auto& source : sources) all.insert(source.begin(), source.end());

    CHECK(merge(sources, false) == all);

    std::erase_if(all, [](const auto& item) { return item.second.is_erased; });
    CHECK(merge(sources, true) == all);
  }
}

TEST_CASE("a source that fails ends the walk with its status, and nothing wrong comes out before") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<Source> sources(1 + rng.below(6));
    for (size_t i = 0; i < sources.size(); ++i) sources[i] = any_source(rng, i);
    const size_t broken = rng.below(sources.size());
    if (sources[broken].empty()) continue;
    std::vector<std::unique_ptr<Rows>> walks;
    for (size_t i = 0; i < sources.size(); ++i) {
      const size_t rows = i == broken ? rng.below(sources[i].size()) : SIZE_MAX;
      walks.push_back(std::make_unique<SourceRows>(sources[i], rows));
    }
    const auto rows = merge_rows(std::move(walks), false);
    Source all;
    for (const auto& source : sources) all.insert(source.begin(), source.end());

    const auto out = collect(*rows);

    CHECK(rows->status().code() == Code::kCorrupt);
    CHECK(std::equal(out.begin(), out.end(), all.begin()));
  }
}

TEST_CASE("rows_until ends after the last row of its last token") {
  const Source source{{{Token(1), "a"}, {"1", false}},
                      {{Token(2), "a"}, {"2", false}},
                      {{Token(2), "b"}, {"3", false}},
                      {{Token(3), "a"}, {"4", false}}};
  const auto until = [&](uint64_t last) {
    auto rows = rows_until(std::make_unique<SourceRows>(source), Token(last));
    return collect(*rows).size();
  };

  CHECK(until(0) == 0);
  CHECK(until(2) == 3);
  CHECK(until(UINT64_MAX) == 4);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
