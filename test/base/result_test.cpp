#include "base/result.h"

#include <doctest/doctest.h>

namespace distkv::base {
namespace {

TEST_SUITE_BEGIN("result");

TEST_CASE("a result is a value or the status that says why there is none") {
  const Result<int> good = 4;
  CHECK(good.is_ok());
  CHECK(*good == 4);

  const Result<int> bad = Status(Code::kRejected, "1 of 3 replicas is up, 2 are needed");
  CHECK_FALSE(bad.is_ok());
  CHECK(bad.code() == Code::kRejected);
  CHECK(bad.status().to_string() == "rejected: 1 of 3 replicas is up, 2 are needed");
}

TEST_CASE("only outcomes that stored nothing are safe to retry blindly") {
  CHECK(is_retry_safe(Code::kRejected));
  CHECK(is_retry_safe(Code::kOverloaded));
  CHECK_FALSE(is_retry_safe(Code::kUnknownOutcome));
  CHECK_FALSE(is_retry_safe(Code::kTimedOut));
  CHECK_FALSE(is_retry_safe(Code::kInvalidArgument));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
