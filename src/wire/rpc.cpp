#include "wire/rpc.h"

#include <algorithm>
#include <string>
#include <vector>

namespace distkv::wire {

using base::Code;
using base::Status;

Rpc::~Rpc() {
  for (auto& [id, call] : calls_) timers_.stop(call.timer);
}

size_t Rpc::start(const base::Endpoint& to, base::RequestId id, std::string_view frame,
                  base::Duration timeout, ReplyDone done) {
  if (calls_.size() >= kCallsMax) {
    done(Status(Code::kOverloaded, "too many calls to peers are outstanding"));
    return 0;
  }
  const size_t bytes = frame.size();
  const Status sent = network_.send(to, frame);
  if (!sent.is_ok()) {
    done(sent);
    return 0;
  }
  const base::TimerId timer = timers_.start(timeout, [this, id] { expire(id); });
  calls_.emplace(id, Call{to, std::move(done), timer});
  return bytes;
}

void Rpc::on_reply(const base::Endpoint& from, const FrameView& frame) {
  const auto call = calls_.find(frame.request_id);
  // Late, or not from the peer that was asked.
  if (call == calls_.end() || call->second.to != from) return;
  finish(frame.request_id, frame);
}

void Rpc::on_peer_lost(const base::Endpoint& to) {
  std::vector<base::RequestId> lost;
  for (const auto& [id, call] : calls_) {
    if (call.to == to) lost.push_back(id);
  }
  // The table's own order differs between machines; the order of effects must not.
  std::sort(lost.begin(), lost.end());
  for (const base::RequestId id : lost) {
    finish(id, Status(Code::kLost, "the stream to " + to.value() + " broke before the answer"));
  }
}

void Rpc::expire(base::RequestId id) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return;
  finish(id, Status(Code::kTimedOut, "no answer from " + call->second.to.value() + " in time"));
}

void Rpc::finish(base::RequestId id, const base::Result<FrameView>& result) {
  const auto found = calls_.find(id);
  // Ended already, by what an earlier `done` did.
  if (found == calls_.end()) return;
  // Forgotten before `done` runs, which may start calls or lose peers itself.
  Call call = std::move(found->second);
  calls_.erase(found);
  timers_.stop(call.timer);
  call.done(result);
}

Status error_of(const FrameView& frame) {
  const base::Result<ErrorReply> error = decode<ErrorReply>(frame);
  if (!error.is_ok()) return error.status();
  return Status(error->code, std::string(error->message));
}

}  // namespace distkv::wire
