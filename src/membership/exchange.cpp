#include "membership/exchange.h"

#include <utility>

namespace distkv::membership {

namespace {
// Tables are compared only after this node's own has been still for so long: until then rumours do
// the work for less.
constexpr base::Duration kStillness = std::chrono::milliseconds(500);
constexpr base::Duration kInterval = std::chrono::seconds(1);  // A table is some 80 bytes a member.
constexpr base::Duration kTimeout = std::chrono::seconds(1);
}  // namespace

Exchange::Exchange(const Environment& environment, Table& table, OnUpdate on_update)
    : environment_(environment), table_(table), on_update_(std::move(on_update)) {}

void Exchange::compare(const base::NodeId& peer, uint64_t digest) {
  const Member* member = table_.find(peer);
  if (member == nullptr || digest == table_.digest() || current_ != nullptr) return;
  const base::MonotonicTime now = environment_.clock.now();
  if (now - last_change_ < kStillness || (last_begin_ && now - *last_begin_ < kInterval)) return;
  last_begin_ = now;
  current_ = std::make_shared<const bool>(true);
  environment_.rpc.call(member->endpoint, wire::MembersRequest{table_.updates()}, kTimeout,
                        [this, token = std::weak_ptr<const bool>(current_)](
                            const base::Result<wire::FrameView>& answer) {
                          if (!token.expired()) on_answer(answer);
                        });
}

void Exchange::on_answer(const base::Result<wire::FrameView>& answer) {
  current_.reset();
  if (!answer.is_ok() || answer->type != wire::MessageType::kMembersReply) return;
  const auto reply = wire::decode<wire::MembersReply>(*answer);
  if (!reply.is_ok()) return;
  for (const wire::MemberUpdate& update : reply->members) on_update_(update);
}

}  // namespace distkv::membership
