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

void Session::use_next_server() {
  connection_.close();
  server_ = (server_ + 1) % options_.servers.size();
}

Status Session::connect(Deadline deadline) {
  Status last;
  for (size_t tries = 0; tries < options_.servers.size(); ++tries) {
    if (connection_.is_open()) return Status::ok();
    last = connection_.connect(options_.servers[server_], deadline);
    if (!last.is_ok()) use_next_server();
  }
  return last;
}

template <typename Request, typename Reply>
Result<Reply> Session::ask_once(const Request& request, Deadline deadline, bool& was_sent) {
  const Status connected = connect(deadline);
  if (!connected.is_ok()) return connected;
  was_sent = true;
  const base::RequestId id = next_id();
  const Status sent = send(request, id, deadline);
  if (!sent.is_ok()) return sent;
  while (true) {
    const Result<wire::FrameView> frame = receive(deadline);
    if (!frame.is_ok()) return frame.status();
    // Anything else answers a request given up earlier.
    if (frame->request_id == id) return wire::expect<Reply>(frame);
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
    case Code::kUnavailable:
      return attempt < options_.servers.size();
    default:
      return false;
  }
}

void Session::pause(size_t attempt, Deadline deadline) {
  constexpr auto kPauseFirst = std::chrono::milliseconds(5);
  constexpr auto kPauseMax = std::chrono::milliseconds(200);
  const auto wanted = std::min(kPauseFirst * (1 << std::min<size_t>(attempt, 6)), kPauseMax);
  std::this_thread::sleep_until(std::min(std::chrono::steady_clock::now() + wanted, deadline));
}

template <typename Request, typename Reply>
Answer<Reply> Session::ask(Request request) {
  const Deadline until = deadline();
  Answer<Reply> answer;
  for (size_t attempt = 1;; ++attempt) {
    bool was_sent = false;
    grant_time(request, until);
    answer.reply = ask_once<Request, Reply>(request, until, was_sent);
    const Code code = answer.reply.is_ok() ? answer.reply->code : answer.reply.code();
    // connect() has tried every server already.
    if (!was_sent) return answer;
    const bool got_answer = connection_.is_open();
    if (!got_answer) answer.may_be_stored = true;
    const bool has_time = std::chrono::steady_clock::now() < until;
    if (code == Code::kOk || !has_time || !is_worth_retrying(code, attempt)) return answer;
    use_next_server();
    pause(attempt, until);
  }
}

template Answer<wire::PutReply> Session::ask(wire::PutRequest);
template Answer<wire::GetReply> Session::ask(wire::GetRequest);
template Answer<wire::StatusReply> Session::ask(wire::StatusRequest);
template Answer<wire::ExplainReply> Session::ask(wire::ExplainRequest);

}  // namespace distkv::client
