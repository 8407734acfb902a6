#include "sim/store_account.h"

#include <doctest/doctest.h>

namespace distkv::sim {

namespace {

class Notebook : public DiskObserver {
 public:
  void on_write(CommitNumber commit, const storage::Write&) override { written = commit; }
  void on_durable(CommitNumber through) override { durable = through; }
  void on_lost_after(CommitNumber number) override { kept = number; }
  void on_wiped() override { is_wiped = true; }

  CommitNumber written = 0;
  CommitNumber durable = 0;
  CommitNumber kept = 0;
  bool is_wiped = false;
};

struct Bench {
  CommitNumber put(const std::string& key, const std::string& value) {
    return account.add({{storage::Space::kData, base::Token{1}, key, storage::Entry{"m", value}}});
  }
  CommitNumber erase(const std::string& key) {
    return account.add({{storage::Space::kData, base::Token{1}, key, std::nullopt}});
  }
  static storage::KeyRef ref(std::string_view key) {
    return {storage::Space::kData, base::Token{1}, key};
  }
  static Found found(const std::map<std::string, std::string>& values) {
    Found found;
    for (const auto& [key, value] : values) {
      found.entries[{storage::Space::kData, base::Token{1}, key}] = {"m", value};
    }
    return found;
  }

  Notebook notebook;
  StoreAccount account{notebook};
};

}  // namespace

TEST_SUITE_BEGIN("store account");

TEST_CASE("what damage excuses need not come back, but where it does it was kept") {
  for (const bool is_there : {true, false}) {
    Bench bench;
    bench.account.promise(bench.put("a", "1"));
    bench.account.excuse({storage::Space::kData, base::Token{1}, base::Token{1}});
    const CommitNumber second = bench.put("a", "2");
    CHECK_FALSE(bench.account.lose(Bench::found({{"a", is_there ? "2" : "1"}})).has_value());
    CHECK(bench.notebook.kept == (is_there ? second : second - 1));
  }
}

TEST_CASE("a store may come back with any prefix that keeps every promise") {
  for (const CommitNumber kept : {1, 2, 3}) {
    Bench bench;
    bench.account.promise(bench.put("a", "1"));
    bench.put("b", "2");
    bench.put("a", "3");
    const std::map<std::string, std::string> shown[] = {
        {{"a", "1"}}, {{"a", "1"}, {"b", "2"}}, {{"a", "3"}, {"b", "2"}}};

    CHECK_FALSE(bench.account.lose(Bench::found(shown[kept - 1])).has_value());

    CHECK(bench.notebook.kept == kept);
    CHECK(bench.account.last() == kept);
  }
}

TEST_CASE("what was promised must be there") {
  Bench bench;
  bench.put("a", "1");
  bench.account.promise(bench.put("b", "2"));

  CHECK(bench.account.lose(Bench::found({{"a", "1"}})).has_value());
}

TEST_CASE("a later commit without an earlier one is no prefix") {
  Bench bench;
  bench.put("a", "1");
  bench.put("b", "2");

  CHECK(bench.account.lose(Bench::found({{"b", "2"}})).has_value());
}

TEST_CASE("what was erased durably must not come back, nor anything that nobody wrote") {
  Bench bench;
  bench.put("a", "1");
  bench.account.promise(bench.erase("a"));

  CHECK(bench.account.lose(Bench::found({{"a", "1"}})).has_value());
  CHECK(bench.account.lose(Bench::found({{"z", "1"}})).has_value());
  CHECK_FALSE(bench.account.lose(Bench::found({})).has_value());
}

TEST_CASE("an entry that was shown is promised, and all before it") {
  Bench bench;
  bench.put("a", "1");
  bench.put("b", "2");
  bench.put("b", "3");

  bench.account.promise_shown(Bench::ref("b"), {"m", "2"}, storage::Part::kAll);

  CHECK(bench.notebook.durable == 2);
  CHECK(bench.account.writer_of(Bench::ref("a")) == 0);
  CHECK(bench.account.writer_of(Bench::ref("b")) == 3);
}

TEST_CASE("where a damaged store cannot be read nothing is judged") {
  Bench bench;
  bench.account.promise(bench.put("a", "1"));
  Found found;
  found.unreadable.insert({storage::Space::kData, base::Token{1}, "a"});

  CHECK_FALSE(bench.account.lose(found).has_value());
}

TEST_CASE("it knows what is there, durable or not") {
  Bench bench;
  CHECK_FALSE(bench.account.has_any(storage::Space::kData));
  bench.account.promise(bench.put("a", "1"));
  CHECK(bench.account.has_any(storage::Space::kData));
  CHECK_FALSE(bench.account.has_any(storage::Space::kHints));
  bench.erase("a");
  CHECK_FALSE(bench.account.has_any(storage::Space::kData));

  bench.account.wipe();
  CHECK(bench.notebook.is_wiped);
  CHECK(bench.account.places().empty());
}
TEST_SUITE_END();

}  // namespace distkv::sim
