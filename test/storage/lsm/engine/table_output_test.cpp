#include "storage/lsm/table_output.h"

#include <doctest/doctest.h>

#include "storage/lsm/engine/tables.h"

namespace distkv::storage::lsm::test {
namespace {

using base::Token;

const std::string kLong(300, 'v');

TEST_SUITE_BEGIN("lsm");

TEST_CASE("rows become tables that are cut where one is full and have ids in a row") {
  Tables tables;
  tables.factory.table_bytes = 1000;
  tables.factory.table.is_compressed = false;
  TableOutput output(tables.factory, Space::kData, FileId{7});
  for (uint64_t token = 0; token < 40; ++token) {
    REQUIRE(output.add(row_of({token, "k", kLong})).is_ok());
  }
  REQUIRE(output.finish().is_ok());

  REQUIRE(output.tables().size() > 2);
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t id = 7;
  for (const MadeTable& made : output.tables()) {
    CHECK(made.summary.file == FileId{id++});
    CHECK(made.summary.first == Token{rows});
    rows += made.summary.rows;
    bytes += made.summary.bytes;
    CHECK(made.summary.last == Token{rows - 1});
  }
  CHECK(rows == 40);
  CHECK(output.next_id() == FileId{id});
  CHECK(output.bytes_written() == bytes);
}

TEST_CASE("the rows of one token are never cut apart, however many they are") {
  Tables tables;
  tables.factory.table_bytes = 1;
  TableOutput output(tables.factory, Space::kData, FileId{1});
  for (int i = 10; i < 60; ++i) {
    REQUIRE(output.add(row_of({4, std::to_string(i), kLong})).is_ok());
  }
  REQUIRE(output.add(row_of({5, "next", kLong})).is_ok());
  REQUIRE(output.finish().is_ok());

  REQUIRE(output.tables().size() == 2);
  CHECK(output.tables()[0].summary.rows == 50);
  CHECK(output.tables()[1].summary.first == Token{5});
}

TEST_CASE("no rows make no table and no file") {
  Tables tables;
  TableOutput output(tables.factory, Space::kData, FileId{1});
  REQUIRE(output.finish().is_ok());
  CHECK(output.tables().empty());
  CHECK(tables.files() == 0);
}

TEST_CASE("an output given up leaves no file, neither complete nor begun") {
  Tables tables;
  tables.factory.table_bytes = 1;
  TableOutput output(tables.factory, Space::kData, FileId{1});
  for (uint64_t token = 0; token < 3; ++token) {
    REQUIRE(output.add(row_of({token, "k", kLong})).is_ok());
  }
  REQUIRE(tables.files() == 3);

  output.remove_all();

  CHECK(tables.files() == 0);
}

TEST_CASE("a full disk ends an output with an error, and its files can be removed") {
  Tables tables;
  tables.factory.table_bytes = 1;
  TableOutput output(tables.factory, Space::kData, FileId{1});
  REQUIRE(output.add(row_of({0, "k", kLong})).is_ok());
  tables.disk.set_capacity(0);

  base::Status status = output.add(row_of({1, "k", kLong}));
  if (status.is_ok()) status = output.finish();

  CHECK(status.code() == base::Code::kNoSpace);
  output.remove_all();
  CHECK(tables.files() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
