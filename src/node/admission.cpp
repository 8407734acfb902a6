#include "node/admission.h"

#include <string>

namespace distkv::node {

using base::Code;
using base::Status;

namespace {

// A client's question about the cluster is small; anything larger is judged like the rest.
constexpr size_t kVitalBytesMax = 4096;

bool is_vital(const wire::FrameHeader& header, bool is_peer) {
  using wire::MessageType;
  switch (header.type) {
    case MessageType::kGreeting:
    case MessageType::kStatusRequest:
      return header.frame_bytes <= kVitalBytesMax;
    case MessageType::kJoinRequest:
    case MessageType::kLayoutRequest:
    case MessageType::kLayoutReply:
    case MessageType::kMembersRequest:
    case MessageType::kTransferDone:
      return is_peer;
    default:
      return false;
  }
}

}  // namespace

Status Admission::begin(base::ConnectionId from, const wire::FrameHeader& header, bool is_peer,
                        size_t replies_queued) {
  Account& account = accounts_[from];
  if (!is_vital(header, is_peer)) {
    Status judged = judge(account, header.frame_bytes, is_peer, replies_queued);
    if (!judged.is_ok()) {
      ++refused_;
      return judged;
    }
  }
  account.bytes += header.frame_bytes;
  account.arriving = header.frame_bytes;
  budget_->take(header.frame_bytes);
  return Status::ok();
}

// Where nothing is under way one request of any size is taken: a bound below the largest would
// refuse it for ever.
Status Admission::judge(const Account& account, size_t bytes, bool is_peer,
                        size_t replies_queued) const {
  if (account.bytes > 0 && account.bytes + bytes > limits_.connection_bytes_max) {
    return {Code::kOverloaded, "this connection has requests of " + std::to_string(account.bytes) +
                                   " bytes under way; await their answers"};
  }
  const size_t held = budget_->held() + replies_queued;
  const size_t quarters = is_peer ? 4 : bytes <= kSmallRequestBytesMax ? 3 : 2;
  const size_t share = limits_.bytes_max / 4 * quarters;
  if (held == 0 || held + bytes <= share) return Status::ok();
  return {Code::kOverloaded, "requests of " + std::to_string(budget_->held()) +
                                 " bytes are under way and answers of " +
                                 std::to_string(replies_queued) + " bytes are not read yet"};
}

void Admission::arrived(base::ConnectionId from) {
  const auto account = accounts_.find(from);
  if (account != accounts_.end()) account->second.arriving = 0;
}

void Admission::end(base::ConnectionId from, size_t bytes) {
  budget_->give_back(bytes);
  const auto account = accounts_.find(from);
  if (account != accounts_.end()) account->second.bytes -= bytes;
}

void Admission::forget(base::ConnectionId from) {
  const auto account = accounts_.find(from);
  if (account == accounts_.end()) return;
  budget_->give_back(account->second.arriving);
  accounts_.erase(account);
}

bool Admission::may_answer(size_t bytes, size_t replies_queued) const {
  return replies_queued == 0 || budget_->held() + replies_queued + bytes <= limits_.bytes_max;
}

}  // namespace distkv::node
