#include "bin/bench/tally.h"

#include <doctest/doctest.h>

#include <string>

#include "wire/messages.h"

namespace distkv::bin::bench {
namespace {

using base::Code;

template <typename Message>
Judgement judged(bool is_read, const Message& message) {
  wire::Encoder encoder;
  const std::string frame(encoder.encode(message, base::RequestId{1}));
  Judgement judgement;
  wire::FrameReader reader(frame.size());
  const base::Status status = reader.feed(frame, [&](const wire::FrameView& view) {
    judgement = judge(is_read, view);
    return true;
  });
  REQUIRE(status.is_ok());
  return judgement;
}

Outcome put_answered(Code code) {
  wire::PutReply reply;
  reply.code = code;
  return judged(false, reply).outcome;
}

Outcome get_answered(Code code, uint32_t siblings) {
  wire::GetReply reply;
  reply.code = code;
  reply.sibling_count = siblings;
  return judged(true, reply).outcome;
}

TEST_SUITE_BEGIN("bench tally");

TEST_CASE("a write's answer is told by its code") {
  CHECK(put_answered(Code::kOk) == Outcome::kOk);
  CHECK(put_answered(Code::kRejected) == Outcome::kRejected);
  CHECK(put_answered(Code::kUnknownOutcome) == Outcome::kUnknown);
  CHECK(put_answered(Code::kTimedOut) == Outcome::kUnknown);
  CHECK(put_answered(Code::kShuttingDown) == Outcome::kUnavailable);
  CHECK(put_answered(Code::kOverloaded) == Outcome::kOverloaded);
  CHECK(put_answered(Code::kTooManySiblings) == Outcome::kFailed);
}

TEST_CASE("a read that finds no version is absent, and still served") {
  CHECK(get_answered(Code::kOk, 1) == Outcome::kOk);
  CHECK(get_answered(Code::kOk, 0) == Outcome::kAbsent);
  CHECK(get_answered(Code::kUnavailable, 0) == Outcome::kUnavailable);
  CHECK(get_answered(Code::kTimedOut, 0) == Outcome::kUnavailable);
}

TEST_CASE("an error frame is told by its code, with its reason") {
  const Judgement judgement = judged(true, wire::ErrorReply{Code::kOverloaded, "too many"});
  CHECK(judgement.outcome == Outcome::kOverloaded);
  CHECK(judgement.message.find("too many") != std::string::npos);
}

TEST_CASE("an answer of another type than was asked for is a failure") {
  CHECK(judged(true, wire::PutReply()).outcome == Outcome::kFailed);
  CHECK(judged(false, wire::GetReply()).outcome == Outcome::kFailed);
}

TEST_CASE("only what was served has a latency") {
  Tally tally;
  tally.record(Outcome::kOk, std::chrono::seconds(1));
  tally.record(Outcome::kAbsent, std::chrono::seconds(1));
  tally.record(Outcome::kOverloaded, std::chrono::nanoseconds(1));
  tally.record(Outcome::kLost, std::chrono::nanoseconds(1));

  CHECK(tally.served() == 2);
  CHECK(tally.errors() == 2);
  CHECK(tally.latency.count() == 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::bench
