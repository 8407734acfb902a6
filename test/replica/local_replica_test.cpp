#include "replica/local_replica.h"

#include <doctest/doctest.h>

#include <optional>

#include "causality/horizon.h"
#include "storage/map/map_engine.h"
#include "support/hand_clock.h"

namespace distkv::replica {
namespace {

using base::ActorId;
using base::Code;
using base::OpId;
using base::Result;
using base::Status;
using causality::Record;

// One replica over the memory engine, whose callbacks run inside the calls.
struct Fixture {
  explicit Fixture(uint64_t actor = 1) : dots(ActorId{actor}, base::Counter{}, clock) {}

  Result<Minted> mint(std::string_view key, std::string value,
                      const causality::Context* context = nullptr, uint64_t op = 0) {
    std::optional<Result<Minted>> result;
    causality::Put put;
    put.op_id = OpId{{9, op == 0 ? ++last_op : op}};
    put.value = std::move(value);
    put.context = context;
    replica.mint(
        {key, base::Token{5}}, std::move(put),
        [&](Result<Minted> minted) { result = std::move(minted); },
        [&](const Status& status) { durable = status; });
    REQUIRE(result.has_value());
    return *result;
  }
  Status apply(std::string_view key, const RecordView& record) {
    std::optional<Status> result;
    replica.apply({key, base::Token{5}}, record, [&](Status status) { result = status; });
    REQUIRE(result.has_value());
    return *result;
  }
  Record read(std::string_view key) {
    std::optional<Record> record;
    replica.read({key, base::Token{5}}, [&](const Result<RecordView>& found) {
      REQUIRE(found.is_ok());
      record = *decode(*found);
    });
    REQUIRE(record.has_value());
    return *record;
  }

  test::HandClock clock;
  storage::map::MapEngine engine;
  DotClock dots;
  HashTree tree;
  Holdings holdings;
  LocalReplica replica{engine, dots, tree, holdings, storage::Durability::kGroup};
  uint64_t last_op = 0;
  std::optional<Status> durable;
};

// A disk that is full: only what frees space is taken.
class FullEngine : public storage::map::MapEngine {
 public:
  void update(storage::Update update) override {
    if (is_full && !update.frees_space) {
      return update.durable({Code::kNoSpace, "the disk is full"});
    }
    storage::map::MapEngine::update(std::move(update));
  }
  bool is_full = false;
};

TEST_SUITE_BEGIN("local replica");

TEST_CASE("a mint is read back, and its durability is told after it is visible") {
  Fixture here;
  const auto minted = here.mint("k", "v");
  REQUIRE(minted.is_ok());
  REQUIRE(here.durable.has_value());
  CHECK(here.durable->is_ok());
  CHECK(here.read("k") == *decode(minted->bytes.view()));
  CHECK(here.read("k").versions.at(0).value == "v");
}

TEST_CASE("a key never written reads as an empty record with digest zero") {
  Fixture here;
  CHECK(here.read("nothing") == Record{});
  CHECK(RecordView{}.digest() == 0);
}

TEST_CASE("a put without context supersedes what the replica holds") {
  Fixture here;
  (void)here.mint("k", "old");
  (void)here.mint("k", "new");
  REQUIRE(here.read("k").versions.size() == 1);
  CHECK(here.read("k").versions[0].value == "new");
}

TEST_CASE("a put with the context of an older read leaves what it did not see as a sibling") {
  Fixture here;
  const auto first = here.mint("k", "first");
  (void)here.mint("k", "second");
  (void)here.mint("k", "third", &first->context);
  CHECK(here.read("k").versions.size() == 2);
}

TEST_CASE("a repeated operation is one write") {
  Fixture here;
  const auto first = here.mint("k", "v", nullptr, 77);
  const auto again = here.mint("k", "v", nullptr, 77);
  REQUIRE(again.is_ok());
  CHECK(again->is_repeat);
  CHECK(again->bytes.meta == first->bytes.meta);
  CHECK(again->bytes.values == first->bytes.values);
  CHECK(here.read("k").versions.size() == 1);
}

TEST_CASE("records of two replicas merge to the same bytes in either order") {
  Fixture a(1);
  Fixture b(2);
  const auto from_a = a.mint("k", "from a");
  const auto from_b = b.mint("k", "from b");
  CHECK(a.apply("k", from_b->bytes.view()).is_ok());
  CHECK(b.apply("k", from_a->bytes.view()).is_ok());
  CHECK(a.read("k") == b.read("k"));
  CHECK(a.read("k").versions.size() == 2);
}

TEST_CASE("a record that knows all that is here takes its place as it came") {
  Fixture here;
  Fixture there(2);
  const auto first = here.mint("k", "first");
  REQUIRE(there.apply("k", first->bytes.view()).is_ok());
  const auto second = there.mint("k", "second", nullptr, 100);

  CHECK(here.apply("k", second->bytes.view()).is_ok());
  CHECK(encode(here.read("k")).meta == second->bytes.meta);
  REQUIRE(here.read("k").versions.size() == 1);
  CHECK(here.read("k").versions[0].value == "second");
}

TEST_CASE("a record is refused whose values are not as long as it says, whatever is here") {
  Fixture here;
  Fixture there(2);
  const auto first = here.mint("k", "first");
  REQUIRE(there.apply("k", first->bytes.view()).is_ok());
  const auto second = there.mint("k", "second", nullptr, 100);
  for (const std::string key : {"k", "other"}) {
    for (const std::string values : {"secon", "secondary", ""}) {
      CHECK(here.apply(key, {second->bytes.meta, values}).code() == Code::kCorrupt);
    }
  }
  CHECK(here.read("k") == *decode(first->bytes.view()));
  CHECK(here.read("other") == Record{});
}

TEST_CASE("an older record changes nothing") {
  Fixture here;
  const auto first = here.mint("k", "first");
  const auto second = here.mint("k", "second");
  const uint64_t writes = here.engine.sample().writes;
  CHECK(here.apply("k", first->bytes.view()).is_ok());
  CHECK(here.read("k") == *decode(second->bytes.view()));
  CHECK(here.engine.sample().writes == writes);
}

TEST_CASE("bytes that are no record are refused and leave the replica as it was") {
  Fixture here;
  (void)here.mint("k", "good");
  CHECK(here.apply("k", {"garbage", ""}).code() == Code::kCorrupt);
  CHECK(here.apply("fresh", {"garbage", ""}).code() == Code::kCorrupt);
  CHECK(here.read("k").versions[0].value == "good");
  CHECK(here.read("fresh") == Record{});
}

TEST_CASE("a mint that would leave too many siblings is refused, and nothing is stored") {
  Fixture here;
  const causality::Context saw_nothing;
  for (size_t i = 0; i < causality::kSiblingsMax; ++i) {
    CHECK(here.mint("k", std::to_string(i), &saw_nothing).is_ok());
  }
  const Record before = here.read("k");
  CHECK(here.mint("k", "one more", &saw_nothing).code() == Code::kTooManySiblings);
  CHECK(here.read("k") == before);
}

TEST_CASE("siblings that would outgrow a frame are refused, a single large value is not") {
  Fixture here;
  const causality::Context saw_nothing;
  const std::string large(kSiblingBytesMax, 'x');
  CHECK(here.mint("k", large).is_ok());
  CHECK(here.mint("k", "y", &saw_nothing).code() == Code::kTooManySiblings);
  CHECK(here.mint("k", large).is_ok());
  CHECK(here.read("k").versions.size() == 1);
}

TEST_CASE("a full disk takes deletions, minted here or by another, and refuses puts") {
  test::HandClock clock;
  FullEngine engine;
  DotClock dots{ActorId{1}, base::Counter{}, clock};
  HashTree tree;
  Holdings holdings;
  LocalReplica replica{engine, dots, tree, holdings, storage::Durability::kGroup};
  uint64_t last_op = 0;
  const auto mint = [&](std::string_view key, bool is_tombstone) {
    causality::Put put;
    put.op_id = OpId{{7, ++last_op}};
    put.is_tombstone = is_tombstone;
    std::optional<Result<Minted>> result;
    replica.mint(
        {key, base::Token{5}}, std::move(put),
        [&](Result<Minted> minted) { result = std::move(minted); }, [](const Status&) {});
    return *result;
  };
  const auto apply = [&](const RecordView& record) {
    Status result{Code::kIo, "no answer"};
    replica.apply({"other", base::Token{5}}, record, [&](Status status) { result = status; });
    return result;
  };
  // An empty value is a value.
  const RecordBytes value = mint("a", false)->bytes;
  const RecordBytes tombstone = mint("b", true)->bytes;
  engine.is_full = true;

  CHECK(mint("c", false).code() == Code::kNoSpace);
  CHECK(apply(value.view()).code() == Code::kNoSpace);
  CHECK(mint("a", true).is_ok());
  CHECK(apply(tombstone.view()).is_ok());
}

// What the tree should be, of the one token these tests use.
uint64_t leaf_of_store(storage::Engine& engine) {
  uint64_t leaf = 0;
  engine.scan({}, [&leaf](const Result<storage::Page>& page) {
    for (const storage::Item& item : page->items) leaf ^= record_hash(item.key, item.entry.meta);
  });
  return leaf;
}

TEST_CASE("the tree follows every change of a record, and nothing that is not one") {
  Fixture here;
  const auto check = [&](const char* what) {
    CAPTURE(what);
    CHECK(here.tree.leaf(leaf_of(base::Token{5})) == leaf_of_store(here.engine));
  };
  Fixture other(2);
  const causality::Context saw_nothing;

  const auto first = here.mint("k", "first", nullptr, 77);
  check("a first write");
  const uint64_t of_first = here.tree.leaf(0);
  (void)here.mint("k", "first", nullptr, 77);
  check("a repeat");
  CHECK(here.tree.leaf(0) == of_first);
  (void)here.mint("k", "second");
  check("an overwrite");
  CHECK(here.tree.leaf(0) != of_first);
  CHECK(here.apply("k", first->bytes.view()).is_ok());
  check("an older record");
  CHECK(here.apply("k", other.mint("k", "elsewhere")->bytes.view()).is_ok());
  check("a merge");
  CHECK(here.apply("new", other.mint("new", "elsewhere")->bytes.view()).is_ok());
  check("a new record from elsewhere");
  CHECK(here.apply("k", {"garbage", ""}).code() == Code::kCorrupt);
  check("no record");
  for (size_t i = 0; i <= causality::kSiblingsMax; ++i) {
    (void)here.mint("k", std::to_string(i), &saw_nothing);
  }
  check("siblings, and one too many");
}

// Decides, and then finds that it cannot take what was decided.
class LateRefusal : public storage::map::MapEngine {
 public:
  void update(storage::Update update) override {
    (void)update.decide(nullptr);
    update.durable({Code::kTooLarge, "more than the log takes"});
  }
};

TEST_CASE("a change that the engine refuses after it was decided is none to the tree") {
  test::HandClock clock;
  LateRefusal engine;
  DotClock dots{ActorId{1}, base::Counter{}, clock};
  HashTree tree;
  Holdings holdings;
  LocalReplica replica{engine, dots, tree, holdings, storage::Durability::kGroup};
  causality::Put put;
  put.op_id = OpId{{7, 1}};

  replica.mint(
      {"k", base::Token{5}}, put, [](const Result<Minted>&) {}, [](const Status&) {});
  Fixture other(2);
  replica.apply({"k", base::Token{5}}, other.mint("k", "v")->bytes.view(), [](const Status&) {});

  CHECK(tree.leaf(0) == 0);
  CHECK(replica.is_idle());
}

TEST_CASE("a closed replica takes nothing more, and says so") {
  Fixture here;
  (void)here.mint("k", "v");
  Fixture other(2);
  const RecordBytes record = other.mint("k", "w")->bytes;
  CHECK(here.replica.is_idle());

  here.replica.close();

  CHECK(here.mint("k", "late").code() == Code::kShuttingDown);
  CHECK(here.apply("k", record.view()).code() == Code::kShuttingDown);
  CHECK(here.read("k").versions[0].value == "v");
}

// ---- Horizons.

struct Settled : Fixture {
  explicit Settled(uint64_t actor = 1) : Fixture(actor) {
    holdings.set_partitions(1);
    last_op = actor * 100;
  }
  void settle_all() {
    clock.wall += std::chrono::seconds(1);
    holdings.raise_horizon(base::PartitionId{0}, causality::counter_at(clock.wall));
    clock.wall += std::chrono::seconds(1);
  }
  bool collect(std::string_view key) {
    std::optional<Result<bool>> result;
    replica.collect({key, base::Token{5}}, [&](Result<bool> done) { result = std::move(done); });
    REQUIRE(result.has_value());
    REQUIRE(result->is_ok());
    return **result;
  }
  Result<Minted> erase(std::string_view key) {
    std::optional<Result<Minted>> result;
    causality::Put put;
    put.op_id = OpId{{9, ++last_op}};
    put.is_tombstone = true;
    replica.mint(
        {key, base::Token{5}}, std::move(put),
        [&](Result<Minted> minted) { result = std::move(minted); }, [](const Status&) {});
    return *result;
  }
  uint64_t root() const { return tree.root(0, kLeaves - 1); }
};

TEST_CASE("a deleted record up to the horizon is taken away, from the hash tree too") {
  Settled here;
  const uint64_t nothing = here.root();
  (void)here.mint("k", "v");
  (void)here.erase("k");
  CHECK_FALSE(here.collect("k"));
  here.settle_all();

  CHECK(here.collect("k"));
  CHECK(here.read("k") == Record{});
  CHECK(here.root() == nothing);
  CHECK_FALSE(here.collect("k"));
}

TEST_CASE("a record with a value alive, or written again since, stays") {
  Settled here;
  (void)here.mint("alive", "v");
  (void)here.erase("again");
  here.settle_all();
  (void)here.mint("again", "v");
  CHECK_FALSE(here.collect("alive"));
  CHECK_FALSE(here.collect("again"));
  CHECK(here.read("again").versions.size() == 1);
}

TEST_CASE("what was superseded and collected does not come back with a late record") {
  Settled here;
  Settled other(2);
  const auto old = other.mint("k", "old");
  REQUIRE(here.apply("k", old->bytes.view()).is_ok());
  (void)here.erase("k");
  here.settle_all();
  REQUIRE(here.collect("k"));

  CHECK(here.apply("k", old->bytes.view()).is_ok());
  CHECK(here.read("k") == Record{});

  (void)here.mint("k", "new");
  CHECK(here.apply("k", old->bytes.view()).is_ok());
  REQUIRE(here.read("k").versions.size() == 1);
  CHECK(here.read("k").versions[0].value == "new");
}

TEST_CASE("a write just minted below the horizon is refused, not left out") {
  Settled here;
  Settled other(2);
  here.settle_all();
  other.clock.wall -= std::chrono::hours(48);
  const auto minted = other.mint("k", "v");

  std::optional<Status> result;
  here.replica.replicate({"k", base::Token{5}}, minted->bytes.view(),
                         [&](Status status) { result = std::move(status); });
  REQUIRE(result.has_value());
  CHECK(result->code() == Code::kUnavailable);
  CHECK(here.read("k") == Record{});
}

TEST_CASE("no write is minted at or below the floor, whatever the clock says") {
  Settled here;
  here.settle_all();
  here.clock.wall -= std::chrono::hours(48);
  REQUIRE(here.mint("k", "v").is_ok());
  CHECK(here.read("k").versions[0].dot.counter > here.holdings.floor());
}

TEST_CASE("another replica's horizon takes out what that replica does not hold") {
  Settled here;
  Settled other(2);
  const auto old = other.mint("k", "old");
  REQUIRE(here.apply("k", old->bytes.view()).is_ok());
  other.clock.wall += std::chrono::seconds(1);
  const base::Counter horizon = causality::counter_at(other.clock.wall);
  const auto settle = [&](const RecordView& theirs) {
    std::optional<Status> result;
    here.replica.settle({"k", base::Token{5}}, theirs, horizon,
                        [&](Status status) { result = std::move(status); });
    REQUIRE(result.has_value());
    CHECK(result->is_ok());
  };

  settle(old->bytes.view());
  CHECK(here.read("k").versions.size() == 1);

  causality::Context saw_nothing;
  here.clock.wall += std::chrono::seconds(5);
  REQUIRE(here.mint("k", "new", &saw_nothing).is_ok());
  settle(RecordView{});
  REQUIRE(here.read("k").versions.size() == 1);
  CHECK(here.read("k").versions[0].value == "new");
}

TEST_CASE("a partition that is behind gives clients no answer, and its own repair one") {
  Settled here;
  (void)here.mint("k", "v");
  here.holdings.fall_behind(base::PartitionId{0});

  std::optional<Code> code;
  here.replica.read_for_client({"k", base::Token{5}},
                               [&](const Result<RecordView>& found) { code = found.code(); });
  CHECK(code == Code::kUnavailable);
  CHECK(here.read("k").versions.size() == 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
