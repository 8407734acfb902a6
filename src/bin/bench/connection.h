// One stream to a server with its operations under way: closed -> connecting -> open -> closed.
//
// Invariant: a slot is busy exactly from queue() to its answer or to close(); the slot's number is
// the request's id, so answers may come in any order. Everything queued between two calls of
// flush() leaves in one write. One owner; allocates nothing once its buffers have grown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bin/bench/socket.h"
#include "bin/bench/workload.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace distkv::bin::bench {

using Time = std::chrono::steady_clock::time_point;

// An operation under way.
struct Slot {
  Time started{};
  bool is_read = false;
  bool is_busy = false;
};

// What every request of a run has in common.
struct RequestTerms {
  wire::Consistency consistency = wire::Consistency::kQuorum;
  std::chrono::milliseconds timeout{};
};

class Connection {
 public:
  // With room for `slots` operations. `addresses` are tried in turn, one an attempt, and must
  // outlive this.
  Connection(const std::vector<Address>& addresses, size_t slots);

  // Starts connecting. kIo: not now.
  base::Status connect();
  // To be called when connecting has ended; kLost and closed if it failed.
  base::Status finish_connecting();
  // Gives up the operations under way: `on_lost` is told of each.
  void close(const std::function<void(const Slot&)>& on_lost);

  bool is_closed() const { return !socket_.is_open(); }
  bool is_connecting() const { return is_connecting_; }
  size_t under_way() const { return slots_.size() - idle_.size(); }
  // When the oldest operation under way was started; `now` if there is none.
  Time oldest(Time now) const;
  int descriptor() const { return socket_.descriptor(); }

  // Takes an idle slot; there must be one.
  void queue(const Operation& operation, const RequestTerms& terms, wire::Encoder& encoder,
             Time now);
  // Writes what is queued; what the kernel does not take waits for the next call. False: broken.
  bool flush();
  bool has_unsent() const { return !unsent_.empty(); }

  // Reads once, into `memory`; `on_frame` is handed what came. False: broken.
  bool receive(std::span<char> memory, const wire::FrameHandler& on_frame);
  // Frees the slot an answer belongs to; nothing if it belongs to none.
  std::optional<Slot> take(base::RequestId id);

 private:
  const std::vector<Address>& addresses_;
  size_t attempts_ = 0;
  Socket socket_;
  bool is_connecting_ = false;
  std::optional<wire::FrameReader> reader_;
  std::string unsent_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> idle_;  // Numbers of the slots that are not busy.
};

}  // namespace distkv::bin::bench
