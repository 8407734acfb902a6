// Many requests at once over one connection: a window of them is on the way, each answer lets the
// next go. What gets no answer, or one worth retrying, is left to the caller, who asks again alone.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "client/session.h"
#include "wire/rpc.h"

namespace distkv::client {

inline constexpr size_t kWindow = 64;  // Requests on the way: enough to keep a log's groups full.

// Sends `requests` and hands each reply that is ok to `keep(index, reply)`. Returns the indexes of
// the others; `was_sent[i]` tells whether request i may have been carried out.
template <typename Reply, typename Request, typename Keep>
std::vector<size_t> run_pipeline(Session& session, std::vector<Request>& requests,
                                 std::vector<bool>& was_sent, const Keep& keep) {
  std::unordered_map<base::RequestId, size_t> on_the_way;
  std::vector<bool> is_done(requests.size(), false);
  size_t next = 0;
  const auto has_more = [&] { return next < requests.size() || !on_the_way.empty(); };
  if (session.connect(session.deadline()).is_ok()) {
    while (has_more()) {
      // Each step has its own deadline: a long pipeline is not one operation.
      const Deadline until = session.deadline();
      if (next < requests.size() && on_the_way.size() < kWindow) {
        requests[next].timeout = Session::patience(until);
        const base::RequestId id = session.next_id();
        was_sent[next] = true;
        if (!session.send(requests[next], id, until).is_ok()) break;
        on_the_way[id] = next++;
        continue;
      }
      const base::Result<wire::FrameView> frame = session.receive(until);
      if (!frame.is_ok()) break;
      const auto found = on_the_way.find(frame->request_id);
      if (found == on_the_way.end()) continue;
      const size_t index = found->second;
      on_the_way.erase(found);
      const base::Result<Reply> reply = wire::expect<Reply>(frame);
      if (!reply.is_ok() || reply->code != base::Code::kOk) continue;
      keep(index, *reply);
      is_done[index] = true;
    }
  }
  std::vector<size_t> left;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!is_done[i]) left.push_back(i);
  }
  return left;
}

}  // namespace distkv::client
