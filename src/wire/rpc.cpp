#include "wire/rpc.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace distkv::wire {

using base::Code;
using base::Status;

Rpc::Rpc(Network& network, base::Timers& timers, Encoder& encoder, const RpcLimits& limits)
    : network_(network), timers_(timers), encoder_(encoder), limits_(limits) {
  DISTKV_CHECK(limits.calls_max <= kSlotsMax);
}

Rpc::~Rpc() {
  for (Call& call : calls_) timers_.stop(call.timer);
}

base::RequestId Rpc::next_id() {
  return base::RequestId{++last_sequence_ << kSlotBits | (first_free_ & (kSlotsMax - 1))};
}

Rpc::Call* Rpc::find(base::RequestId id) {
  const size_t slot = id.value() & (kSlotsMax - 1);
  if (slot >= calls_.size() || calls_[slot].id != id) return nullptr;
  return &calls_[slot];
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
  if (first_free_ == calls_.size()) calls_.push_back({.next_free = calls_.size() + 1});
  Call& call = calls_[first_free_];
  first_free_ = call.next_free;
  Peers::value_type& peer = *peers_.try_emplace(to).first;
  call = {id, &peer, std::move(done), timers_.start(timeout, [this, id] { expire(id); }), bytes};
  ++outstanding_;
  ++peer.second.calls;
  peer.second.bytes += bytes;
  bytes_ += bytes;
  return bytes;
}

Status Rpc::judge(const base::Endpoint& to, size_t bytes) const {
  if (outstanding_ >= limits_.calls_max) {
    return {Code::kOverloaded, "too many calls to peers are unanswered"};
  }
  // Together they are below what one may leave open, nearly always: no need to look.
  if (outstanding_ < limits_.peer_calls_max && bytes_ + bytes <= limits_.peer_bytes_max) {
    return Status::ok();
  }
  const auto peer = peers_.find(to);
  if (peer == peers_.end()) return Status::ok();
  const Load& load = peer->second;
  if (load.calls < limits_.peer_calls_max && load.bytes + bytes <= limits_.peer_bytes_max) {
    return Status::ok();
  }
  return {Code::kOverloaded, to.value() + " is slow: it has left " + std::to_string(load.calls) +
                                 " calls of " + std::to_string(load.bytes) + " bytes unanswered"};
}

bool Rpc::has_room(const base::Endpoint& to, size_t bytes) const {
  return judge(to, bytes).is_ok();
}

Rpc::Call Rpc::take(Call& slot) {
  Call call = std::exchange(slot, Call{.next_free = first_free_});
  first_free_ = static_cast<size_t>(&slot - calls_.data());
  --outstanding_;
  bytes_ -= call.bytes;
  call.to->second.bytes -= call.bytes;
  if (--call.to->second.calls == 0) peers_.erase(call.to->first);
  return call;
}

void Rpc::on_reply(const base::Endpoint& from, const FrameView& frame) {
  const Call* const call = find(frame.request_id);
  // Late, or not from the peer that was asked.
  if (call == nullptr || call->to->first != from) return;
  finish(frame.request_id, frame);
}

void Rpc::on_peer_lost(const base::Endpoint& to) {
  std::vector<base::RequestId> lost;
  for (const Call& call : calls_) {
    if (call.to != nullptr && call.to->first == to) lost.push_back(call.id);
  }
  std::sort(lost.begin(), lost.end());
  for (const base::RequestId id : lost) {
    finish(id, Status(Code::kLost, "the stream to " + to.value() + " broke before the answer"));
  }
}

void Rpc::expire(base::RequestId id) {
  const Call* const call = find(id);
  if (call == nullptr) return;
  finish(id, Status(Code::kTimedOut, "no answer from " + call->to->first.value() + " in time"));
}

void Rpc::finish(base::RequestId id, const base::Result<FrameView>& result) {
  Call* const found = find(id);
  // Ended already, by what an earlier `done` did.
  if (found == nullptr) return;
  // Forgotten before `done` runs, which may start calls or lose peers itself.
  Call call = take(*found);
  timers_.stop(call.timer);
  call.done(result);
}

Status error_of(const FrameView& frame) {
  const base::Result<ErrorReply> error = decode<ErrorReply>(frame);
  if (!error.is_ok()) return error.status();
  return Status(error->code, std::string(error->message));
}

}  // namespace distkv::wire
