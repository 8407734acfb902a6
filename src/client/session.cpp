#include "client/session.h"

#include <sys/random.h>

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "wire/rpc.h"

namespace distkv::client {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr size_t kAttemptsMax = 20;  // A bound beside the deadline, against a cluster that flaps.

void grant_time(wire::StatusRequest&, Deadline) {}
template <typename Request>
void grant_time(Request& request, Deadline deadline) {
  request.timeout = Session::patience(deadline);
}

}  // namespace

Session::Session(ClientOptions options) : options_(std::move(options)) {
  if (options_.servers.empty()) options_.servers.push_back("localhost:8080");
}

Deadline Session::deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }

std::chrono::milliseconds Session::patience(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return std::max(left * 4 / 5, std::chrono::milliseconds(1));
}

base::OpId Session::new_op_id() {
  base::Id128 id;
  DISTKV_CHECK(getrandom(&id, sizeof(id), 0) == static_cast<ssize_t>(sizeof(id)));
  return base::OpId{id};
}

bool stores_nothing(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kTooLarge:
    case Code::kTooManySiblings:
    case Code::kRejected:
    case Code::kUnavailable:
    case Code::kBehind:
    case Code::kOverloaded:
    case Code::kStaleLayout:
    case Code::kWrongCluster:
    case Code::kNoSpace:
    case Code::kShuttingDown:
      return true;
    default:
      return false;
  }
}

std::chrono::milliseconds retry_after_of(const wire::FrameView& frame) {
  if (frame.type != wire::MessageType::kError) return std::chrono::milliseconds(0);
  const Result<wire::ErrorReply> error = wire::decode<wire::ErrorReply>(frame);
  return error.is_ok() ? error->retry_after : std::chrono::milliseconds(0);
}

void Session::use_next_server() {
  connection_.close();
  server_ = (server_ + 1) % options_.servers.size();
}

Status Session::connect(Deadline deadline) {
  std::string reasons;
  const size_t count = options_.servers.size();
  for (size_t tries = 0; tries < count; ++tries) {
    if (connection_.is_open()) return Status::ok();
    // A share of the time for each: one that swallows packets must leave some for the next.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<int64_t>(count - tries);
    const Status connected = connection_.connect(options_.servers[server_], now + share);
    if (connected.is_ok() || connected.code() == Code::kInvalidArgument) return connected;
    reasons.append(reasons.empty() ? "" : ", ").append(connected.message());
    use_next_server();
  }
  return {Code::kUnavailable,
          "cannot reach " + reasons + "; is distkv-server running there? check the address"};
}

template <typename Request, typename Reply>
Answer<Reply> Session::ask_once(const Request& request, Deadline deadline) {
  if (const Status connected = connect(deadline); !connected.is_ok()) return {connected};
  const base::RequestId id = next_id();
  const Status sent = send(request, id, deadline);
  if (!sent.is_ok()) return {sent, true, true};
  while (true) {
    const Result<wire::FrameView> frame = receive(deadline);
    if (!frame.is_ok()) return {frame.status(), true, true};
    // Anything else answers a request given up earlier.
    if (frame->request_id != id) continue;
    Result<Reply> reply = wire::expect<Reply>(frame);
    const bool is_refused = stores_nothing(*frame, reply);
    const auto retry_after = retry_after_of(*frame, reply);
    return {std::move(reply), !is_refused, true, false, connection_.server(), retry_after};
  }
}

// Rejections and short reads are another server's to judge once; busy or stopping ones may change
// their mind at any time.
bool Session::is_worth_retrying(Code code, size_t attempt) const {
  switch (code) {
    case Code::kOverloaded:
    case Code::kShuttingDown:
    case Code::kStaleLayout:
    case Code::kLost:
      return attempt < kAttemptsMax;
    case Code::kRejected:
    case Code::kNoSpace:
    case Code::kUnavailable:
    case Code::kBehind:
      return attempt < options_.servers.size();
    default:
      return false;
  }
}

// When all servers have refused they get the time that the last one asked for.
std::chrono::milliseconds Session::pause(size_t attempt,
                                         std::chrono::milliseconds retry_after) const {
  constexpr auto kPauseFirst = std::chrono::milliseconds(5);
  constexpr auto kPauseMax = std::chrono::milliseconds(200);
  const auto usual = std::min(kPauseFirst * (1 << std::min<size_t>(attempt, 6)), kPauseMax);
  const bool has_asked_all = attempt % options_.servers.size() == 0;
  return has_asked_all ? std::max(usual, retry_after) : usual;
}

template <typename Request, typename Reply>
Answer<Reply> Session::ask(Request request) {
  const Deadline until = deadline();
  bool may_be_stored = false;
  bool was_sent = false;
  for (size_t attempt = 1;; ++attempt) {
    grant_time(request, until);
    Answer<Reply> answer = ask_once<Request, Reply>(request, until);
    // connect() has tried every server already.
    const bool reached_one = answer.was_sent;
    answer.may_repeat = may_be_stored;
    answer.may_be_stored = may_be_stored = may_be_stored || answer.may_be_stored;
    answer.was_sent = was_sent = was_sent || answer.was_sent;
    const Code code = answer.reply.is_ok() ? answer.reply->code : answer.reply.code();
    const auto now = std::chrono::steady_clock::now();
    if (!reached_one || now >= until || !is_worth_retrying(code, attempt)) return answer;
    const auto wanted = pause(attempt, answer.retry_after);
    // Told at once, so that the caller may do something better than wait in vain.
    if (code == Code::kOverloaded && now + wanted >= until) return answer;
    use_next_server();
    std::this_thread::sleep_until(std::min(now + wanted, until));
  }
}

template <typename Request, typename Reply>
Answer<Reply> Session::ask_one_server(Request request) {
  const Deadline until = deadline();
  grant_time(request, until);
  return ask_once<Request, Reply>(request, until);
}

template Answer<wire::PutReply> Session::ask(wire::PutRequest);
template Answer<wire::GetReply> Session::ask(wire::GetRequest);
template Answer<wire::StatusReply> Session::ask(wire::StatusRequest);
template Answer<wire::ExplainReply> Session::ask(wire::ExplainRequest);
template Answer<wire::CheckpointReply> Session::ask_one_server(wire::CheckpointRequest);
template Answer<wire::HintsReply> Session::ask_one_server(wire::HintsRequest);

}  // namespace distkv::client
