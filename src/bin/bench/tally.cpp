#include "bin/bench/tally.h"

#include <numeric>

#include "wire/messages.h"
#include "wire/rpc.h"

namespace distkv::bin::bench {

using base::Code;

namespace {

constexpr std::array<std::string_view, kOutcomes> kNames = {
    "ok", "absent", "rejected", "unknown", "unavailable", "overloaded", "lost", "failed"};

Outcome outcome_of(Code code, bool is_read) {
  switch (code) {
    case Code::kOk:
      return Outcome::kOk;
    case Code::kRejected:
      return Outcome::kRejected;
    case Code::kUnknownOutcome:
      return Outcome::kUnknown;
    case Code::kTimedOut:
      return is_read ? Outcome::kUnavailable : Outcome::kUnknown;
    case Code::kUnavailable:
    case Code::kShuttingDown:
      return Outcome::kUnavailable;
    case Code::kOverloaded:
      return Outcome::kOverloaded;
    default:
      return Outcome::kFailed;
  }
}

bool is_absent(const wire::PutReply&) { return false; }
bool is_absent(const wire::GetReply& reply) { return reply.sibling_count == 0; }

template <typename Reply>
Judgement judge_as(bool is_read, const wire::FrameView& frame) {
  const base::Result<Reply> reply = wire::decode<Reply>(frame);
  if (!reply.is_ok()) return {Outcome::kFailed, reply.status().to_string()};
  if (reply->code == Code::kOk) return {is_absent(*reply) ? Outcome::kAbsent : Outcome::kOk, {}};
  return {outcome_of(reply->code, is_read), std::string(reply->message)};
}

}  // namespace

std::string_view name_of(Outcome outcome) { return kNames[static_cast<size_t>(outcome)]; }

Judgement judge(bool is_read, const wire::FrameView& frame) {
  if (frame.type == wire::MessageType::kError) {
    const base::Status error = wire::error_of(frame);
    return {outcome_of(error.code(), is_read), error.to_string()};
  }
  return is_read ? judge_as<wire::GetReply>(is_read, frame)
                 : judge_as<wire::PutReply>(is_read, frame);
}

uint64_t Tally::errors() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0}) - served();
}

}  // namespace distkv::bin::bench
