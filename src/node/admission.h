// Which requests a node takes on, judged by the headers of their frames, before there is a body to
// keep: what the requests under way hold has a bound, and past it a request is refused as
// overloaded while refusing still costs nothing.
//
// A request is charged the size of its frame from its header to its answer. Answers that their
// clients have not read count too, and so do records that reads gathered (base::ByteBudget is
// shared with the coordinator). Clients may fill three quarters; the rest is for other nodes, whose
// requests end what some client waits for. Large requests of clients may fill half, so that a few
// dozen that take their time leave room for small ones. What keeps the cluster together (layouts,
// members, greetings) and `status` are charged and never refused. Single owner, pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/byte_budget.h"
#include "base/result.h"
#include "base/types.h"
#include "wire/frame.h"

namespace distkv::node {

// Above it a client's request is large.
inline constexpr size_t kSmallRequestBytesMax = 64 << 10;

struct AdmissionLimits {
  // Of all requests and unread answers: a quarter of what the smallest machine anybody runs a store
  // on has.
  size_t bytes_max = 256 << 20;
  // Of one connection, so that no client pushes out the others: one frame more is refused.
  size_t connection_bytes_max = 64 << 20;
};

class Admission {
 public:
  explicit Admission(const AdmissionLimits& limits)
      : limits_(limits), budget_(std::make_shared<base::ByteBudget>(limits.bytes_max)) {}

  // A frame begins. Ok: it is charged, until `end`. kOverloaded: it is not, and is to be refused.
  // `replies_queued`: bytes of answers not yet taken by the network.
  base::Status begin(base::ConnectionId from, const wire::FrameHeader& header, bool is_peer,
                     size_t replies_queued);
  // The frame that began last has arrived whole.
  void arrived(base::ConnectionId from);
  // A request of `bytes` is answered.
  void end(base::ConnectionId from, size_t bytes);
  // The connection is gone. Its requests go on until they end; a frame that has not arrived whole
  // never will.
  void forget(base::ConnectionId from);

  // An answer of `bytes` may be queued: one read may be shared by thousands of clients, each of
  // whom gets its own.
  bool may_answer(size_t bytes, size_t replies_queued) const;

  // Shared, since operations may end after the node.
  const std::shared_ptr<base::ByteBudget>& budget() const { return budget_; }
  // Requests refused since the start.
  uint64_t refused() const { return refused_; }

 private:
  struct Account {
    size_t bytes = 0;     // Of requests that are not answered.
    size_t arriving = 0;  // Of these, the frame that has not arrived whole.
  };
  base::Status judge(const Account& account, size_t bytes, bool is_peer,
                     size_t replies_queued) const;

  const AdmissionLimits limits_;
  const std::shared_ptr<base::ByteBudget> budget_;
  std::unordered_map<base::ConnectionId, Account> accounts_;
  uint64_t refused_ = 0;
};

}  // namespace distkv::node
