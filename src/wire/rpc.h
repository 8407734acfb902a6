// Questions to peers and their answers. One owner; deterministic.
//
// Every call ends exactly once: with the reply frame, or with kTimedOut, kLost (the stream broke
// first) or kOverloaded (never sent). A peer that leaves too much unanswered is not sent more: who
// asks learns at once that it is slow, and one slow peer holds no memory that the others need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/timers.h"
#include "wire/messages.h"
#include "wire/network.h"

namespace distkv::wire {

// What may be sent and not answered. A peer always takes one call, however large.
struct RpcLimits {
  size_t calls_max = 100'000;  // Of all peers together; at most Rpc::kSlotsMax.
  // Several times what a peer that keeps up leaves open: 50 clients 64 deep are 3200.
  size_t peer_calls_max = 10'000;
  size_t peer_bytes_max = kPeerFrameBytesMax;
};

// The reply frame lives for the length of the call.
using ReplyDone = std::function<void(const base::Result<FrameView>&)>;

class Rpc {
 public:
  static constexpr unsigned kSlotBits = 17;
  static constexpr size_t kSlotsMax = size_t{1} << kSlotBits;

  // All must outlive this.
  Rpc(Network& network, base::Timers& timers, Encoder& encoder, const RpcLimits& limits = {});
  // Forgets what is outstanding: no `done` runs.
  ~Rpc();
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  // Sends `message`; `done` never runs before call returns except when it was never sent. It may
  // start calls and lose peers itself, but not destroy this. The size of the frame sent, or zero.
  template <typename Message>
  size_t call(const base::Endpoint& to, const Message& message, base::Duration timeout,
              ReplyDone done) {
    const base::RequestId id = next_id();
    return start(to, id, encoder_.encode(message, id), timeout, std::move(done));
  }

  // From NetworkEvents. A reply nobody waits for any more is dropped; so is one that comes from
  // another peer than was asked.
  void on_reply(const base::Endpoint& from, const FrameView& frame);
  // Fails this peer's calls with kLost, oldest first. Calls started meanwhile are not among them.
  void on_peer_lost(const base::Endpoint& to);
  size_t outstanding() const { return outstanding_; }
  // The peer would be sent a call of `bytes`.
  bool has_room(const base::Endpoint& to, size_t bytes) const;

 private:
  // Of one peer, unanswered.
  struct Load {
    size_t calls = 0;
    size_t bytes = 0;
  };
  using Peers = std::unordered_map<base::Endpoint, Load>;
  // A slot, used again and again: a call takes no memory but its first. Its id says where it is,
  // below a sequence that no other call of it had: a late answer finds the id changed.
  struct Call {
    base::RequestId id;               // Zero: the slot is free.
    Peers::value_type* to = nullptr;  // Its peer in peers_, which stays while it has calls.
    ReplyDone done;
    base::TimerId timer;
    size_t bytes = 0;
    size_t next_free = 0;
  };
  base::Status judge(const base::Endpoint& to, size_t bytes) const;
  // Of the slot that the next call takes.
  base::RequestId next_id();
  Call* find(base::RequestId id);
  // Frees the slot; what it held.
  Call take(Call& call);
  size_t start(const base::Endpoint& to, base::RequestId id, std::string_view frame,
               base::Duration timeout, ReplyDone done);
  void expire(base::RequestId id);
  void finish(base::RequestId id, const base::Result<FrameView>& result);

  Network& network_;
  base::Timers& timers_;
  Encoder& encoder_;
  const RpcLimits limits_;
  uint64_t last_sequence_ = 0;
  std::vector<Call> calls_;
  size_t first_free_ = 0;  // calls_.size(): no slot is.
  size_t outstanding_ = 0;
  Peers peers_;       // Those with a call outstanding.
  size_t bytes_ = 0;  // Of all of them.
};

// What an error frame says, as a status; never ok.
base::Status error_of(const FrameView& frame);

// The answer of a call as the message it should be: a call that failed, an error frame and a frame
// of another type all become a status. Views live as long as the frame.
template <typename T>
base::Result<T> expect(const base::Result<FrameView>& reply) {
  if (!reply.is_ok()) return reply.status();
  if (reply->type == MessageType::kError) return error_of(*reply);
  return decode<T>(*reply);
}

}  // namespace distkv::wire
