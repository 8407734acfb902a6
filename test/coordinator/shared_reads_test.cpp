#include "coordinator/shared_reads.h"

#include <doctest/doctest.h>

#include <deque>

#include "support/hand_clock.h"

namespace distkv::coordinator {
namespace {

using base::Code;
using std::chrono::milliseconds;
using wire::Consistency;

// Reads that end when the test says so.
struct Fixture {
  struct Read {
    std::string key;
    base::Duration timeout;
    GetDone done;
  };

  // The codes that the caller of this number was answered with.
  void get(size_t caller, const std::string& key, Consistency consistency = Consistency::kQuorum,
           base::Duration timeout = milliseconds(100)) {
    answers.resize(std::max(answers.size(), caller + 1));
    shared.get({key, consistency, timeout}, [this, caller](const GetResult& result) {
      answers[caller].push_back(result.status.code());
      if (on_answer) on_answer();
    });
  }
  void end_oldest(Code code = Code::kOk) {
    Read read = std::move(reads.front());
    reads.pop_front();
    read.done({{code, ""}, {}});
  }

  test::HandClock clock;
  std::deque<Read> reads;
  std::vector<std::vector<Code>> answers;
  std::function<void()> on_answer;
  SharedReads shared{
      clock, [this](const GetCommand& command, GetDone done) {
        reads.push_back({std::string(command.key), command.timeout, std::move(done)});
      }};
};

const std::vector<Code> kAnswered{Code::kOk};

}  // namespace

TEST_SUITE_BEGIN("shared reads");

TEST_CASE_FIXTURE(Fixture, "a read never joins the one under way, but shares the next") {
  get(0, "key");
  get(1, "key");
  get(2, "key");
  REQUIRE(reads.size() == 1);
  CHECK(shared.waiting() == 2);

  end_oldest();
  CHECK(answers[0] == kAnswered);
  CHECK(answers[1].empty());
  REQUIRE(reads.size() == 1);
  CHECK(shared.waiting() == 0);

  end_oldest();
  CHECK(answers[1] == kAnswered);
  CHECK(answers[2] == kAnswered);
  CHECK(reads.empty());
}

TEST_CASE_FIXTURE(Fixture, "a read that comes with an answer waits for the next too") {
  get(0, "key");
  on_answer = [this] {
    on_answer = nullptr;
    get(1, "key");
    CHECK(reads.empty());
  };
  end_oldest();
  REQUIRE(reads.size() == 1);
  end_oldest();
  CHECK(answers[1] == kAnswered);
}

TEST_CASE_FIXTURE(Fixture, "other keys, consistencies and patiences do not wait for one another") {
  get(0, "key");
  get(1, "other");
  get(2, "key", Consistency::kAll);
  get(3, "key", Consistency::kQuorum, milliseconds(5));
  CHECK(reads.size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "who waited has that much less patience left") {
  get(0, "key");
  clock.time += milliseconds(30);
  get(1, "key");
  clock.time += milliseconds(20);
  get(2, "key");
  clock.time += milliseconds(10);
  end_oldest();
  CHECK(reads.front().timeout == milliseconds(70));
}

TEST_CASE_FIXTURE(Fixture, "a failure is told to all who share it, and to nobody else") {
  get(0, "key");
  end_oldest(Code::kUnavailable);
  get(1, "key");
  end_oldest();
  CHECK(answers[0] == std::vector<Code>{Code::kUnavailable});
  CHECK(answers[1] == kAnswered);
}

TEST_CASE_FIXTURE(Fixture, "more than fit are turned away") {
  for (size_t i = 0; i <= kSharersMax; ++i) get(i, "key");
  CHECK(answers.back().empty());
  get(kSharersMax + 1, "key");
  CHECK(answers.back() == std::vector<Code>{Code::kOverloaded});
}

}  // namespace distkv::coordinator
