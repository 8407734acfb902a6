#include "node/past.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace distkv::node {

namespace {

struct Asking {
  base::NodeId self;
  size_t waiting = 0;
  Past past;
  std::function<void(const Past&)> done;
};

void take(const wire::MembersReply& table, Asking& asking) {
  const auto row = std::find_if(
      table.members.begin(), table.members.end(),
      [&](const wire::MemberUpdate& member) { return member.id == asking.self.value(); });
  if (row == table.members.end()) return;
  if (row->incarnation.generation < asking.past.generation_known) return;
  asking.past.generation_known = row->incarnation.generation;
  const bool is_up = row->state == wire::MemberState::kAlive;
  asking.past.alive_at = is_up ? std::string(row->endpoint) : std::string();
}

}  // namespace

void ask_past(wire::Rpc& rpc, const base::NodeId& self, const std::vector<base::Endpoint>& others,
              std::function<void(const Past&)> done) {
  const auto asking =
      std::make_shared<Asking>(Asking{self, others.size() + 1, {}, std::move(done)});
  const auto end_one = [asking] {
    if (--asking->waiting == 0) asking->done(asking->past);
  };
  for (const base::Endpoint& other : others) {
    rpc.call(other, wire::MembersRequest{}, kPastPatience,
             [asking, end_one](const base::Result<wire::FrameView>& answer) {
               const auto table = wire::expect<wire::MembersReply>(answer);
               if (table.is_ok()) {
                 take(*table, *asking);
               } else {
                 asking->past.is_certain = false;
               }
               end_one();
             });
  }
  end_one();
}

}  // namespace distkv::node
