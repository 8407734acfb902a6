#include "base/byte_budget.h"

#include <doctest/doctest.h>

namespace distkv::base {
namespace {

TEST_SUITE_BEGIN("byte budget");

TEST_CASE("shares are taken up to the maximum together, and given back when their owners go") {
  const auto budget = std::make_shared<ByteBudget>(10);
  BudgetShare first(budget);
  CHECK(first.try_take(6));
  {
    BudgetShare second(budget);
    CHECK_FALSE(second.try_take(5));
    CHECK(second.try_take(4));
    CHECK(budget->held() == 10);
    CHECK_FALSE(budget->has_room(1));
  }
  CHECK(budget->held() == 6);
  CHECK(budget->has_room(4));
}

TEST_CASE("what is there already is taken past the maximum, and then nobody else finds room") {
  const auto budget = std::make_shared<ByteBudget>(10);
  {
    BudgetShare share(budget);
    share.take(25);
    CHECK(budget->held() == 25);
    CHECK_FALSE(budget->has_room(0));
  }
  CHECK(budget->held() == 0);
}

}  // namespace
}  // namespace distkv::base
