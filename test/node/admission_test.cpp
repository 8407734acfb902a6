#include "node/admission.h"

#include <doctest/doctest.h>

#include "node/retry_time.h"

namespace distkv::node {
namespace {

using base::Code;
using base::ConnectionId;
using std::chrono::milliseconds;
using wire::MessageType;

constexpr ConnectionId kOne{1};
constexpr ConnectionId kTwo{2};
constexpr ConnectionId kPeer{3};

struct Fixture {
  bool begin(ConnectionId from, size_t bytes, MessageType type = MessageType::kPutRequest,
             size_t replies_queued = 0) {
    const base::Status judged =
        admission.begin(from, {type, {}, bytes, 0}, from == kPeer, replies_queued);
    CHECK((judged.is_ok() || judged.code() == Code::kOverloaded));
    return judged.is_ok();
  }
  // The whole of a frame.
  bool take(ConnectionId from, size_t bytes) {
    if (!begin(from, bytes)) return false;
    admission.arrived(from);
    return true;
  }

  Admission admission{{.bytes_max = 1000, .connection_bytes_max = 500}};
};

TEST_SUITE_BEGIN("admission");

TEST_CASE_FIXTURE(Fixture, "a request is charged from its header to its answer") {
  CHECK(begin(kOne, 400));
  CHECK(admission.budget()->held() == 400);
  admission.arrived(kOne);
  CHECK(admission.budget()->held() == 400);
  admission.end(kOne, 400);
  CHECK(admission.budget()->held() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a connection may not hold more than its part, the others may") {
  CHECK(take(kOne, 300));
  CHECK_FALSE(take(kOne, 201));
  CHECK(take(kOne, 200));
  CHECK(take(kTwo, 200));
  CHECK(admission.refused() == 1);
  admission.end(kOne, 300);
  CHECK(take(kOne, 250));
}

TEST_CASE_FIXTURE(Fixture, "clients leave a quarter to the other nodes") {
  CHECK(take(kOne, 450));
  CHECK(take(kTwo, 300));
  CHECK_FALSE(take(ConnectionId{4}, 1));
  CHECK(take(kPeer, 250));
  CHECK_FALSE(take(kPeer, 1));
}

TEST_CASE("large requests of clients leave room for small ones") {
  constexpr size_t kLarge = kSmallRequestBytesMax + 1;
  Admission admission({.bytes_max = 8 * kLarge, .connection_bytes_max = 8 * kLarge});
  const auto begin = [&](uint64_t from, size_t bytes, bool is_peer = false) {
    return admission.begin(ConnectionId{from}, {MessageType::kPutRequest, {}, bytes, 0}, is_peer, 0)
        .is_ok();
  };
  for (uint64_t i = 1; i <= 4; ++i) CHECK(begin(i, kLarge));
  CHECK_FALSE(begin(5, kLarge));
  CHECK(begin(6, kSmallRequestBytesMax));
  CHECK(begin(7, kLarge, true));
}

TEST_CASE_FIXTURE(Fixture, "answers that are not read yet count like requests") {
  CHECK(take(kOne, 100));
  CHECK_FALSE(begin(kTwo, 100, MessageType::kGetRequest, 600));
  CHECK(begin(kTwo, 100, MessageType::kGetRequest, 550));
}

TEST_CASE_FIXTURE(Fixture, "where nothing is under way a request of any size is taken") {
  CHECK(take(kOne, 5000));
  CHECK_FALSE(take(kTwo, 1));
  admission.end(kOne, 5000);
  CHECK(take(kTwo, 1));
}

TEST_CASE_FIXTURE(Fixture, "what keeps the cluster together is charged and never refused") {
  CHECK(take(kPeer, 1000));
  CHECK(begin(kOne, 50, MessageType::kStatusRequest));
  CHECK(begin(kTwo, 100, MessageType::kGreeting));
  CHECK(begin(kPeer, 2000, MessageType::kLayoutReply));
  CHECK(begin(kPeer, 500, MessageType::kMembersRequest));
  CHECK(admission.budget()->held() == 3650);

  CHECK_FALSE(begin(kOne, 100'000, MessageType::kStatusRequest));
  CHECK_FALSE(begin(kOne, 500, MessageType::kLayoutReply));
}

TEST_CASE_FIXTURE(Fixture, "a frame that never arrives whole ends with its connection") {
  CHECK(begin(kOne, 400));
  admission.forget(kOne);
  CHECK(admission.budget()->held() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a request goes on after its connection, until it ends") {
  CHECK(take(kOne, 100));
  CHECK(begin(kOne, 300));
  admission.forget(kOne);
  CHECK(admission.budget()->held() == 100);
  admission.end(kOne, 100);
  CHECK(admission.budget()->held() == 0);
}

TEST_CASE_FIXTURE(Fixture, "an answer is let through unless those not read yet leave no room") {
  CHECK(admission.may_answer(5000, 0));
  CHECK(admission.may_answer(400, 600));
  CHECK_FALSE(admission.may_answer(401, 600));
}

TEST_CASE("who is refused again and again is told to stay away for longer, up to a limit") {
  RetryTime retry(1);
  base::MonotonicTime now{};
  now += std::chrono::hours(1);
  milliseconds told = retry.next(now);
  CHECK(told >= RetryTime::kMin);
  CHECK(told <= RetryTime::kMin * 3 / 2);
  milliseconds pause = RetryTime::kMin;
  for (int i = 0; i < 10; ++i) {
    now += pause;
    pause = std::min(2 * pause, RetryTime::kMax);
    told = retry.next(now);
    CHECK(told >= pause);
    CHECK(told <= pause * 3 / 2);
    // Others that come meanwhile are told the same.
    CHECK(retry.next(now) <= pause * 3 / 2);
  }
  CHECK(pause == RetryTime::kMax);

  now += 2 * RetryTime::kMax;
  CHECK(retry.next(now) <= RetryTime::kMin * 3 / 2);
}

}  // namespace
}  // namespace distkv::node
