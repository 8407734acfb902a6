#include "replica/scores.h"

#include <doctest/doctest.h>

#include "base/rng.h"

namespace distkv::replica {
namespace {

using base::Duration;
using base::MonotonicTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kNow{seconds(100)};

}  // namespace

TEST_SUITE_BEGIN("scores");

TEST_CASE("a node that was never asked is expected to answer at once") {
  CHECK(Score().expected(kNow) == Duration::zero());
}

TEST_CASE("the usual time follows the answers") {
  Score score;
  for (int i = 0; i < 100; ++i) score.answered(kNow, milliseconds(3), true);
  CHECK(score.expected(kNow) > milliseconds(2));
  CHECK(score.expected(kNow) <= milliseconds(3));
}

TEST_CASE("about one answer in a hundred takes longer than the slow time") {
  Score score;
  base::Rng rng(3);
  // Between 1 and 2 ms, and one in fifty up to 20.
  const auto draw = [&rng] {
    const Duration quick = std::chrono::microseconds(1000 + rng.below(1000));
    return rng.below(50) == 0 ? quick * 10 : quick;
  };
  for (int i = 0; i < 20'000; ++i) score.answered(kNow, draw(), true);

  int above = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Duration took = draw();
    above += took > score.slow() ? 1 : 0;
    score.answered(kNow, took, true);
  }
  CHECK(above > 500);
  CHECK(above < 2000);
}

TEST_CASE("a late answer counts before it has come, and is forgotten by halves") {
  Score score;
  for (int i = 0; i < 100; ++i) score.answered(kNow, milliseconds(1), true);

  score.is_late(kNow, milliseconds(64));
  CHECK(score.expected(kNow) > milliseconds(64));
  CHECK(score.expected(kNow + seconds(1)) < milliseconds(34));
  CHECK(score.expected(kNow + seconds(10)) < milliseconds(2));
  CHECK(score.expected(kNow + seconds(100'000)) < milliseconds(2));
}

TEST_CASE("an answer that comes after all does not spoil the average") {
  Score score;
  for (int i = 0; i < 100; ++i) score.answered(kNow, milliseconds(1), true);

  score.answered(kNow, seconds(5), true);

  CHECK(score.expected(kNow) < milliseconds(4));
}

TEST_CASE("a usual time that nobody measures any more fades, so that the node is tried again") {
  Score score;
  for (int i = 0; i < 100; ++i) score.answered(kNow, milliseconds(8), true);
  CHECK(score.expected(kNow + seconds(9)) > milliseconds(7));
  CHECK(score.expected(kNow + seconds(30)) <= milliseconds(1));
}

TEST_CASE("a failure counts as a late answer, however quickly it came") {
  Score score;
  score.answered(kNow, Duration::zero(), false);
  CHECK(score.expected(kNow) == kFailureCounts);
}

}  // namespace distkv::replica
