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
  const size_t bytes = frame.size();
  Status sent = judge(to, bytes);
  if (sent.is_ok()) sent = network_.send(to, frame);
  if (!sent.is_ok()) {
    done(sent);
    return 0;
  }
  const base::TimerId timer = timers_.start(timeout, [this, id] { expire(id); });
  calls_.emplace(id, Call{to, std::move(done), timer, bytes});
  Load& load = loads_[to];
  ++load.calls;
  load.bytes += bytes;
  bytes_ += bytes;
  return bytes;
}

Status Rpc::judge(const base::Endpoint& to, size_t bytes) const {
  if (calls_.size() >= limits_.calls_max) {
    return {Code::kOverloaded, "too many calls to peers are unanswered"};
  }
  // Together they are below what one may leave open, nearly always: no need to look.
  if (calls_.size() < limits_.peer_calls_max && bytes_ + bytes <= limits_.peer_bytes_max) {
    return Status::ok();
  }
  const auto load = loads_.find(to);
  if (load == loads_.end()) return Status::ok();
  if (load->second.calls < limits_.peer_calls_max &&
      load->second.bytes + bytes <= limits_.peer_bytes_max) {
    return Status::ok();
  }
  return {Code::kOverloaded, to.value() + " is slow: it has left " +
                                 std::to_string(load->second.calls) + " calls of " +
                                 std::to_string(load->second.bytes) + " bytes unanswered"};
}

bool Rpc::has_room(const base::Endpoint& to, size_t bytes) const {
  return judge(to, bytes).is_ok();
}

void Rpc::unload(const Call& call) {
  bytes_ -= call.bytes;
  const auto load = loads_.find(call.to);
  load->second.bytes -= call.bytes;
  if (--load->second.calls == 0) loads_.erase(load);
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
  unload(call);
  timers_.stop(call.timer);
  call.done(result);
}

Status error_of(const FrameView& frame) {
  const base::Result<ErrorReply> error = decode<ErrorReply>(frame);
  if (!error.is_ok()) return error.status();
  return Status(error->code, std::string(error->message));
}

}  // namespace distkv::wire
