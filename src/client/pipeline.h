// Many requests at once over one connection: a window of them is on the way, each answer lets the
// next go. Where the connection breaks, the next server gets what is not answered yet, under the
// same operation ids. What no pipeline settles is asked for alone, with all the retries of one.
#pragma once

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/session.h"
#include "wire/rpc.h"

namespace distkv::client {

inline constexpr size_t kWindow = 128;  // Requests on the way: enough to keep a log's groups full.
// And their bytes: half a dozen of the largest values, so that a server is never buried in them.
inline constexpr size_t kWindowBytesMax = 48 * 1024 * 1024;

inline size_t bytes_of(const wire::PutRequest& request) {
  return request.key.size() + request.value.size();
}
inline size_t bytes_of(const wire::GetRequest& request) { return request.key.size(); }

// One use of ask_all, below. Views the requests, which must outlive it.
template <typename Reply, typename Request, typename Finish>
class Pipeline {
 public:
  Pipeline(Session& session, std::vector<Request>& requests, const Finish& finish)
      : session_(session),
        requests_(requests),
        finish_(finish),
        is_done_(requests.size(), false),
        unanswered_(requests.size(), 0) {}

  void run() {
    for (size_t round = 0; round <= session_.server_count() && !is_settled_; ++round) {
      if (!session_.connect(session_.deadline()).is_ok()) break;
      is_settled_ = run_once();
      if (!is_settled_) session_.use_next_server();
    }
    ask_the_rest_alone();
  }

 private:
  // Asks everything not done; false if the connection broke.
  bool run_once() {
    on_the_way_.clear();
    bytes_on_the_way_ = 0;
    size_t next = 0;
    while (true) {
      while (next < requests_.size() && is_done_[next]) ++next;
      const bool has_next = next < requests_.size();
      if (!has_next && on_the_way_.empty()) return true;
      // Each step has its own deadline: a long pipeline is not one operation.
      const bool is_well = has_next && has_room(next) ? send(next++) : receive();
      if (!is_well) return false;
    }
  }

  bool has_room(size_t index) const {
    return on_the_way_.empty() ||
           (on_the_way_.size() < kWindow &&
            bytes_on_the_way_ + bytes_of(requests_[index]) <= kWindowBytesMax);
  }

  bool send(size_t index) {
    const Deadline until = session_.deadline();
    requests_[index].timeout = Session::patience(until);
    const base::RequestId id = session_.next_id();
    ++unanswered_[index];
    on_the_way_[id] = index;
    bytes_on_the_way_ += bytes_of(requests_[index]);
    return session_.send(requests_[index], id, until).is_ok();
  }

  bool receive() {
    const base::Result<wire::FrameView> frame = session_.receive(session_.deadline());
    if (!frame.is_ok()) return false;
    const auto found = on_the_way_.find(frame->request_id);
    if (found == on_the_way_.end()) return true;
    const size_t index = found->second;
    on_the_way_.erase(found);
    bytes_on_the_way_ -= bytes_of(requests_[index]);
    const base::Result<Reply> reply = wire::expect<Reply>(frame);
    if (stores_nothing(*frame, reply)) --unanswered_[index];
    if (reply.is_ok() && reply->code == base::Code::kOk) {
      const bool may_repeat = unanswered_[index] > 1;  // This sending was one of them.
      finish(index, {reply, false, true, may_repeat, session_.server()});
    }
    return true;
  }

  // Once an attempt gets no answer the others would not either: they end alike, so that a cluster
  // that is gone costs one timeout and not one for each.
  void ask_the_rest_alone() {
    base::Status gone;
    for (size_t index = 0; index < requests_.size(); ++index) {
      if (is_done_[index]) continue;
      const bool is_in_doubt = unanswered_[index] > 0;
      if (!gone.is_ok()) {
        finish(index, {gone, is_in_doubt, is_in_doubt, false, {}});
        continue;
      }
      Answer<Reply> answer = session_.ask<Request, Reply>(requests_[index]);
      if (!answer.reply.is_ok() && !session_.is_connected()) gone = answer.reply.status();
      answer.may_be_stored = answer.may_be_stored || is_in_doubt;
      answer.was_sent = answer.was_sent || is_in_doubt;
      answer.may_repeat = answer.may_repeat || is_in_doubt;
      finish(index, answer);
    }
  }

  void finish(size_t index, const Answer<Reply>& answer) {
    is_done_[index] = true;
    finish_(index, answer);
  }

  Session& session_;
  std::vector<Request>& requests_;
  const Finish& finish_;
  std::vector<bool> is_done_;
  std::vector<uint32_t> unanswered_;  // Times it was sent without an answer that nothing is stored.
  std::unordered_map<base::RequestId, size_t> on_the_way_;
  size_t bytes_on_the_way_ = 0;
  bool is_settled_ = false;
};

// Asks for all of `requests` and hands each answer to `finish(index, answer)`, exactly once, in any
// order; it lives for that call.
template <typename Reply, typename Request, typename Finish>
void ask_all(Session& session, std::vector<Request>& requests, const Finish& finish) {
  Pipeline<Reply, Request, Finish>(session, requests, finish).run();
}

}  // namespace distkv::client
