#include "storage/conformance.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace distkv::storage::test {
namespace {

using Events = std::vector<std::string>;

Done note(Events& events, const std::string& event) {
  return [&events, event](const base::Status& status) {
    events.push_back(status.is_ok() ? event : event + ": " + status.to_string());
  };
}

Scan scan_of(uint64_t first, uint64_t last, Space space = Space::kData) {
  Scan scan;
  scan.range = {space, base::Token{first}, base::Token{last}};
  return scan;
}

const Scan kEverything = scan_of(0, UINT64_MAX);

}  // namespace

void check_reads(Rig& rig) {
  Engine& engine = rig.engine();

  SUBCASE("a key never written is absent") { CHECK(read(rig, key_at(1, "a")) == "(absent)"); }

  SUBCASE("meta and value are read back as they were put") {
    Entry entry{std::string("me\0ta", 5), std::string("va\0lue", 6)};
    engine.update({.key = key_at(1, std::string_view("k\0y", 3)),
                   .decide =
                       [&](const EntryView*) {
                         return Decision{Decision::Action::kPut, entry};
                       },
                   .visible = {},
                   .durable = ignore});
    rig.settle();
    Entry found;
    engine.get(key_at(1, std::string_view("k\0y", 3)), Part::kAll, [&](const auto& result) {
      REQUIRE(result.is_ok());
      REQUIRE(result->has_value());
      found = {std::string((*result)->meta), std::string((*result)->value)};
    });
    rig.settle();
    CHECK(found == entry);
  }

  SUBCASE("a read of the meta alone has the meta") {
    put(engine, key_at(1, "a"), "value");
    std::string meta;
    engine.get(key_at(1, "a"), Part::kMeta, [&](const auto& found) {
      REQUIRE(found.is_ok());
      REQUIRE(found->has_value());
      meta = (*found)->meta;
    });
    rig.settle();
    CHECK(meta == "m");
  }

  SUBCASE("an empty value and an empty key are values and keys") {
    put(engine, key_at(7, ""), "");
    CHECK(read(rig, key_at(7, "")).empty());
  }

  SUBCASE("spaces and tokens keep equal keys apart") {
    put(engine, key_at(1, "a"), "one");
    put(engine, key_at(2, "a"), "two");
    put(engine, key_at(1, "a", Space::kHints), "hint");
    CHECK(read(rig, key_at(1, "a")) == "one");
    CHECK(read(rig, key_at(2, "a")) == "two");
    CHECK(read(rig, key_at(1, "a", Space::kHints)) == "hint");
    CHECK(read(rig, key_at(1, "a", Space::kNode)) == "(absent)");
  }
}

void check_lookups(Rig& rig) {
  Engine& engine = rig.engine();

  SUBCASE("try_get answers rightly or says it would block") {
    put(engine, key_at(1, "a"), "value");
    rig.settle();
    EntryView found;
    const auto present = engine.try_get(key_at(1, "a"), Part::kAll, found);
    REQUIRE(present.is_ok());
    CHECK(*present != Lookup::kAbsent);
    if (*present == Lookup::kFound) CHECK(found.value == "value");
    const auto absent = engine.try_get(key_at(1, "b"), Part::kAll, found);
    REQUIRE(absent.is_ok());
    CHECK(*absent != Lookup::kFound);
  }

  SUBCASE("what a get shows stays readable while its callback writes the key") {
    const std::string value(40, 'v');
    put(engine, key_at(1, "a"), value);
    rig.settle();
    std::string seen;
    engine.get(key_at(1, "a"), Part::kAll, [&](const auto& found) {
      put(engine, key_at(1, "a"), std::string(40, 'w'));
      erase(engine, key_at(1, "a"));
      seen = (*found)->value;
    });
    rig.settle();
    CHECK(seen == value);
    CHECK(read(rig, key_at(1, "a")) == "(absent)");
  }
}

void check_updates(Rig& rig) {
  Engine& engine = rig.engine();

  SUBCASE("updates of one key, asked together, each see the one before") {
    for (const char* tail : {"a", "b", "c"}) {
      engine.update(
          {.key = key_at(1, "k"), .decide = appending(tail), .visible = {}, .durable = ignore});
    }
    CHECK(read(rig, key_at(1, "k")) == "abc");
  }

  SUBCASE("an update of an absent or erased key sees nothing") {
    int absences = 0;
    auto count = [&absences](const EntryView* current) {
      absences += current == nullptr ? 1 : 0;
      return Decision{Decision::Action::kPut, entry_of("x")};
    };
    engine.update({.key = key_at(1, "k"), .decide = count, .visible = {}, .durable = ignore});
    erase(engine, key_at(1, "k"));
    engine.update({.key = key_at(1, "k"), .decide = count, .visible = {}, .durable = ignore});
    rig.settle();
    CHECK(absences == 2);
  }

  SUBCASE("keeping changes nothing") {
    put(engine, key_at(1, "k"), "value");
    engine.update({.key = key_at(1, "k"),
                   .decide = [](const EntryView*) { return Decision{}; },
                   .visible = {},
                   .durable = ignore});
    CHECK(read(rig, key_at(1, "k")) == "value");
  }

  SUBCASE("an erased key is absent, also after it was on disk") {
    put(engine, key_at(1, "k"), "value");
    rig.settle();
    erase(engine, key_at(1, "k"));
    CHECK(read(rig, key_at(1, "k")) == "(absent)");
  }
}

void check_order(Rig& rig) {
  Engine& engine = rig.engine();

  SUBCASE("an update asked from a callback runs after those already asked for") {
    engine.update({.key = key_at(1, "k"),
                   .decide = appending("a"),
                   .visible =
                       [&] {
                         engine.update({.key = key_at(1, "k"),
                                        .decide = appending("b"),
                                        .visible = {},
                                        .durable = ignore});
                       },
                   .durable = ignore});
    rig.settle();
    CHECK(read(rig, key_at(1, "k")) == "ab");
  }

  SUBCASE("a key's update that waits for its read is not overtaken by a write to it") {
    put(engine, key_at(1, "k"), "old");
    rig.settle();
    engine.update(
        {.key = key_at(1, "k"), .decide = appending("+"), .visible = {}, .durable = ignore});
    engine.write({{Space::kData, base::Token{1}, "k", entry_of("new")}}, Durability::kGroup,
                 ignore);
    engine.update(
        {.key = key_at(1, "k"), .decide = appending("!"), .visible = {}, .durable = ignore});
    rig.settle();
    CHECK(read(rig, key_at(1, "k")) == "new!");
  }
}

void check_durability(Rig& rig) {
  Engine& engine = rig.engine();
  Events events;

  SUBCASE("an update is visible, then durable, then shown") {
    engine.update({.key = key_at(1, "k"),
                   .decide = putting("v"),
                   .visible =
                       [&] {
                         events.push_back("visible");
                         engine.get(key_at(1, "k"), Part::kAll, [&](const auto& found) {
                           events.push_back("get " + text_of(found));
                         });
                       },
                   .durable = note(events, "durable")});
    rig.settle();
    REQUIRE(events.size() == 3);
    CHECK(events[0] == "visible");
    // Where durability is immediate, the read inside `visible` may come first.
    CHECK((events == Events{"visible", "durable", "get v"} ||
           events == Events{"visible", "get v", "durable"}));
  }

  SUBCASE("writes become durable in the order they were asked for") {
    put(engine, key_at(5, "x"), "old");
    rig.settle();
    engine.update({.key = key_at(5, "x"),
                   .decide = appending("1"),
                   .visible = {},
                   .durable = note(events, "1")});
    engine.write({{Space::kHints, base::Token{9}, "h", entry_of("2")}}, Durability::kGroup,
                 note(events, "2"));
    engine.update(
        {.key = key_at(2, "y"), .decide = erasing(), .visible = {}, .durable = note(events, "3")});
    engine.drop_range({Space::kData, base::Token{0}, base::Token{9}}, note(events, "4"));
    engine.update({.key = key_at(5, "x"),
                   .decide = putting("5"),
                   .visible = {},
                   .durable = note(events, "5")});
    rig.settle();
    CHECK(events == Events{"1", "2", "3", "4", "5"});
    CHECK(read(rig, key_at(5, "x")) == "5");
  }

  SUBCASE("keeping an entry that is not durable is answered when it is") {
    engine.update({.key = key_at(1, "k"),
                   .decide = putting("v"),
                   .visible = {},
                   .durable = note(events, "put")});
    engine.update({.key = key_at(1, "k"),
                   .decide = [](const EntryView*) { return Decision{}; },
                   .visible = {},
                   .durable = note(events, "keep")});
    rig.settle();
    CHECK(events == Events{"put", "keep"});
  }
}

void check_syncs(Rig& rig) {
  Engine& engine = rig.engine();
  Events events;

  SUBCASE("a memory write is answered when visible, and still becomes durable") {
    engine.update({.key = key_at(1, "k"),
                   .durability = Durability::kMemory,
                   .decide = putting("v"),
                   .visible = [&] { events.push_back("visible"); },
                   .durable = note(events, "answered")});
    engine.sync(note(events, "synced"));
    rig.settle();
    REQUIRE(events.size() == 3);
    CHECK(events[0] != "answered");
    CHECK(read(rig, key_at(1, "k")) == "v");
    CHECK(engine.sample().bytes_pending == 0);
  }

  SUBCASE("a sync is answered after everything visible before it") {
    put(engine, key_at(1, "a"), "1");
    engine.write({{Space::kData, base::Token{2}, "b", entry_of("2")}}, Durability::kGroup,
                 note(events, "write"));
    rig.settle();
    engine.sync(note(events, "sync"));
    rig.settle();
    CHECK(events == Events{"write", "sync"});
  }

  SUBCASE("an engine at rest feels no pressure and has counted") {
    put(engine, key_at(1, "a"), "1");
    read(rig, key_at(1, "a"));
    CHECK(engine.pressure() == 0.0);
    CHECK(engine.sample().writes == 1);
    CHECK(engine.sample().reads == 1);
  }
}

void check_batches(Rig& rig) {
  Engine& engine = rig.engine();

  SUBCASE("a batch writes across spaces, and its later write of a key wins") {
    put(engine, key_at(1, "gone"), "x");
    engine.write({{Space::kData, base::Token{1}, "a", entry_of("1")},
                  {Space::kHints, base::Token{1}, "h", entry_of("2")},
                  {Space::kData, base::Token{1}, "gone", std::nullopt},
                  {Space::kData, base::Token{1}, "a", entry_of("3")}},
                 Durability::kGroup, ignore);
    rig.settle();
    CHECK(scan_text(rig, kEverything) == "1/a=3 end");
    CHECK(read(rig, key_at(1, "h", Space::kHints)) == "2");
  }

  SUBCASE("an empty batch is answered") {
    bool is_answered = false;
    engine.write({}, Durability::kGroup, [&](const auto& status) { is_answered = status.is_ok(); });
    rig.settle();
    CHECK(is_answered);
  }
}

void check_scans(Rig& rig) {
  Engine& engine = rig.engine();
  put(engine, key_at(UINT64_MAX, "z"), "last");
  put(engine, key_at(3, "b"), "2");
  put(engine, key_at(3, "a"), "1");
  put(engine, key_at(3, "\xff"), "3");
  put(engine, key_at(1ull << 40, "a"), "4");
  put(engine, key_at(3, "h", Space::kHints), "hint");
  rig.settle();
  Scan scan = kEverything;

  SUBCASE("a scan goes by token, then by the bytes of the key, in one space") {
    CHECK(scan_text(rig, scan) ==
          "3/a=1 3/b=2 3/\xff=3 1099511627776/a=4 18446744073709551615/z=last end");
  }

  SUBCASE("both ends of a range belong to it") {
    CHECK(scan_text(rig, scan_of(3, 1ull << 40)) == "3/a=1 3/b=2 3/\xff=3 1099511627776/a=4 end");
    CHECK(scan_text(rig, scan_of(4, (1ull << 40) - 1)) == "end");
  }

  SUBCASE("pages of any size, one after another, show everything once") {
    scan.items_max = 2;
    CHECK(scan_text(rig, scan) == "3/a=1 3/b=2 more");
    scan.after = Cursor{base::Token{3}, "b"};
    CHECK(scan_text(rig, scan) == "3/\xff=3 1099511627776/a=4 more");
    scan.after = Cursor{base::Token{1ull << 40}, "a"};
    CHECK(scan_text(rig, scan) == "18446744073709551615/z=last end");
  }

  SUBCASE("a page ends after the item that passes its bytes, and holds at least one") {
    scan.bytes_max = 1;
    CHECK(scan_text(rig, scan) == "3/a=1 more");
    scan.bytes_max = 0;
    CHECK(scan_text(rig, scan) == "3/a=1 more");
  }

  SUBCASE("a cursor need not be a key that exists") {
    scan.after = Cursor{base::Token{3}, "aa"};
    scan.items_max = 1;
    CHECK(scan_text(rig, scan) == "3/b=2 more");
    scan.range.first = base::Token{4};
    CHECK(scan_text(rig, scan) == "1099511627776/a=4 more");
  }

  SUBCASE("a scan of the meta leaves the values out") {
    scan.part = Part::kMeta;
    scan.items_max = 1;
    CHECK(scan_text(rig, scan) == "3/a= more");
  }
}

void check_snapshots(Rig& rig) {
  Engine& engine = rig.engine();
  put(engine, key_at(1, "a"), "old");
  put(engine, key_at(2, "b"), "old");
  rig.settle();
  Scan scan = kEverything;

  SUBCASE("a snapshot shows what was there, whatever is written, erased or dropped later") {
    const auto snapshot = engine.take_snapshot(scan.range);
    scan.snapshot = snapshot.get();
    put(engine, key_at(1, "a"), "new");
    put(engine, key_at(1, "aa"), "new");
    erase(engine, key_at(2, "b"));
    CHECK(scan_text(rig, scan) == "1/a=old 2/b=old end");
    CHECK(scan_text(rig, kEverything) == "1/a=new 1/aa=new end");
    engine.drop_range(scan.range, ignore);
    rig.settle();
    CHECK(scan_text(rig, scan) == "1/a=old 2/b=old end");
    CHECK(scan_text(rig, kEverything) == "end");
    scan.items_max = 1;
    CHECK(scan_text(rig, scan) == "1/a=old more");
    scan.after = Cursor{base::Token{1}, "a"};
    CHECK(scan_text(rig, scan) == "2/b=old end");
  }

  SUBCASE("a snapshot shows what was visible, though not yet durable") {
    engine.write({{Space::kData, base::Token{3}, "c", entry_of("new")}}, Durability::kGroup,
                 ignore);
    const auto snapshot = engine.take_snapshot(scan.range);
    engine.write({{Space::kData, base::Token{4}, "d", entry_of("later")}}, Durability::kGroup,
                 ignore);
    scan.snapshot = snapshot.get();
    CHECK(scan_text(rig, scan) == "1/a=old 2/b=old 3/c=new end");
  }

  SUBCASE("snapshots of different moments live side by side") {
    const auto first = engine.take_snapshot(scan.range);
    put(engine, key_at(1, "a"), "mid");
    rig.settle();
    auto second = engine.take_snapshot(scan.range);
    erase(engine, key_at(1, "a"));
    rig.settle();
    scan.snapshot = first.get();
    CHECK(scan_text(rig, scan) == "1/a=old 2/b=old end");
    scan.snapshot = second.get();
    CHECK(scan_text(rig, scan) == "1/a=mid 2/b=old end");
    second.reset();
    put(engine, key_at(1, "a"), "end");
    scan.snapshot = first.get();
    CHECK(scan_text(rig, scan) == "1/a=old 2/b=old end");
  }
}

void check_drops(Rig& rig) {
  Engine& engine = rig.engine();
  for (uint64_t token : {1, 2, 3, 4}) put(engine, key_at(token, "k"), "old");
  put(engine, key_at(2, "k", Space::kHints), "hint");
  rig.settle();
  const Range range{Space::kData, base::Token{2}, base::Token{3}};

  SUBCASE("a drop erases its range and nothing else") {
    engine.drop_range(range, ignore);
    CHECK(read(rig, key_at(2, "k")) == "(absent)");
    CHECK(scan_text(rig, kEverything) == "1/k=old 4/k=old end");
    CHECK(read(rig, key_at(2, "k", Space::kHints)) == "hint");
  }

  SUBCASE("updates asked before a drop are dropped, those asked after it see nothing and stay") {
    engine.update(
        {.key = key_at(2, "k"), .decide = appending("+"), .visible = {}, .durable = ignore});
    engine.drop_range(range, ignore);
    engine.update(
        {.key = key_at(3, "k"), .decide = appending("+"), .visible = {}, .durable = ignore});
    rig.settle();
    CHECK(scan_text(rig, kEverything) == "1/k=old 3/k=+ 4/k=old end");
  }
}

}  // namespace distkv::storage::test
