#include "bin/bench/workload.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace distkv::bin::bench {
namespace {

TEST_SUITE_BEGIN("bench workload");

TEST_CASE("loading puts each key once and then ends") {
  Options options;
  options.keys = 1000;
  Workload workload(options);
  std::set<std::string, std::less<>> keys;

  workload.put_each_key();
  while (!workload.is_exhausted()) {
    const Operation operation = workload.next();
    CHECK(!operation.is_read);
    CHECK(keys.emplace(operation.key).second);
  }

  CHECK(keys.size() == 1000);
  CHECK(*keys.begin() == "key000000000000");
  CHECK(*keys.rbegin() == "key000000000999");
}

TEST_CASE("the mix asks only for keys that loading puts") {
  Options options;
  options.keys = 10;
  Workload workload(options);
  std::set<std::string, std::less<>> keys;

  for (int i = 0; i < 1000; ++i) keys.emplace(workload.next().key);

  CHECK(keys.size() == 10);
  CHECK(*keys.rbegin() == "key000000000009");
}

TEST_CASE("the share of reads is as asked") {
  Options options;
  for (const double share : {0.0, 0.25, 1.0}) {
    options.read_share = share;
    Workload workload(options);
    int reads = 0;
    for (int i = 0; i < 10'000; ++i) reads += workload.next().is_read ? 1 : 0;
    CAPTURE(share);
    CHECK(reads == doctest::Approx(share * 10'000).epsilon(0.05));
  }
}

TEST_CASE("every write has a value of the size asked and an operation id of its own") {
  Options options;
  options.read_share = 0;
  options.value_size = 1001;
  Workload workload(options);
  std::set<base::OpId> ids;

  for (int i = 0; i < 1000; ++i) {
    const Operation operation = workload.next();
    CHECK(operation.value.size() == 1001);
    CHECK(!operation.op_id.value().is_zero());
    CHECK(ids.insert(operation.op_id).second);
  }
}

TEST_CASE("values differ and are no run of one byte") {
  Options options;
  options.read_share = 0;
  Workload workload(options);
  const std::string first(workload.next().value);
  const std::string second(workload.next().value);

  CHECK(first != second);
  CHECK(std::set<char>(first.begin(), first.end()).size() > 30);
}

TEST_CASE("equal seeds draw alike and others do not") {
  Options options;
  Workload one(options), same(options);
  options.seed = 2;
  Workload other(options);
  int alike = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string key(one.next().key);
    CHECK(key == same.next().key);
    alike += key == other.next().key ? 1 : 0;
  }
  CHECK(alike < 10);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::bench
