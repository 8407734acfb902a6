#include "storage/lsm/line.h"

#include <doctest/doctest.h>

#include <vector>

#include "storage/rigs.h"

namespace distkv::storage::lsm {
namespace {

using distkv::storage::test::key_at;

struct Turns {
  Line::Turn over(int number) {
    return [this, number] {
      ran.push_back(number);
      return true;
    };
  }
  Line::Turn to_disk(int number) {
    return [this, number] {
      ran.push_back(number);
      return false;
    };
  }
  std::vector<int> ran;
};

const std::string kName = Line::name_of(key_at(1, "a"));

TEST_SUITE_BEGIN("lsm");

TEST_CASE("keys of different spaces and tokens have lines of their own") {
  CHECK(kName != Line::name_of(key_at(2, "a")));
  CHECK(kName != Line::name_of(key_at(1, "a", Space::kHints)));
  CHECK(kName != Line::name_of(key_at(1, "b")));

  Line line;
  CHECK_FALSE(line.holds(key_at(1, "a")));
  line.open(kName);
  CHECK(line.holds(key_at(1, "a")));
  CHECK_FALSE(line.holds(key_at(1, "b")));
}

TEST_CASE("those who wait for a key have their turns in the order they came") {
  Line line;
  Turns turns;
  line.open(kName);
  line.join(kName, turns.over(1));
  line.join(kName, turns.over(2));
  CHECK(line.size() == 3);
  CHECK(turns.ran.empty());

  line.release(kName);

  CHECK(turns.ran == std::vector<int>{1, 2});
  CHECK(line.is_empty());
  CHECK(line.size() == 0);
}

TEST_CASE("one that goes to the disk keeps its place until it has come back") {
  Line line;
  Turns turns;
  line.open(kName);
  line.join(kName, turns.to_disk(1));
  line.join(kName, turns.over(2));

  line.release(kName);
  CHECK(turns.ran == std::vector<int>{1});
  CHECK(line.size() == 2);

  line.release(kName);
  CHECK(turns.ran == std::vector<int>{1, 2});
  CHECK(line.is_empty());
}

TEST_CASE("what a turn asks for on its key goes behind those who waited before") {
  Line line;
  Turns turns;
  line.open(kName);
  line.join(kName, [&] {
    CHECK(line.holds(key_at(1, "a")));
    line.join(kName, turns.over(3));
    return true;
  });
  line.join(kName, turns.over(2));

  line.release(kName);

  CHECK(turns.ran == std::vector<int>{2, 3});
}

TEST_CASE("a turn whose disk answers within the call lets the next one go on") {
  Line line;
  Turns turns;
  line.open(kName);
  line.join(kName, [&] {
    line.release(kName);
    return false;
  });
  line.join(kName, turns.over(2));

  line.release(kName);

  CHECK(turns.ran == std::vector<int>{2});
  CHECK(line.is_empty());
  CHECK(line.size() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
