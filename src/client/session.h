// What a client does about servers that fail: one connection at a time, the next server after a
// failure, and retries only where they cannot write twice.
//
// A write keeps its operation id through all retries, so that the cluster sees one write. Once an
// attempt may have been carried out, no later refusal makes the outcome "rejected". One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "client/connection.h"
#include "distkv/client.h"
#include "wire/messages.h"

namespace distkv::client {

// How asking ended: a reply, or why there is none.
template <typename Reply>
struct Answer {
  base::Result<Reply> reply = base::Status(base::Code::kUnavailable, "not asked yet");
  bool may_be_stored = false;  // Some attempt got no answer that says nothing was stored.
  bool was_sent = false;       // Some server may have heard of it at all.
  bool may_repeat = false;     // An attempt before the one answered may be carried out too.
  std::string server;          // Who answered; empty: nobody.
  // A server that is overloaded asked to be left alone for so long; zero: none did.
  std::chrono::milliseconds retry_after{0};
};

// True if a server that answers with this code has stored nothing for the request.
bool stores_nothing(base::Code code);
// The same of a frame and what it was read as: an error frame refuses the request as a whole, and
// an answer that cannot be read says nothing.
template <typename Reply>
bool stores_nothing(const wire::FrameView& frame, const base::Result<Reply>& reply) {
  if (!reply.is_ok()) return frame.type == wire::MessageType::kError;
  return stores_nothing(reply->code);
}

// How long a reply, or an error frame in its place, asks to be left alone.
std::chrono::milliseconds retry_after_of(const wire::FrameView& frame);
template <typename Reply>
std::chrono::milliseconds retry_after_of(const wire::FrameView& frame,
                                         const base::Result<Reply>& reply) {
  if constexpr (requires { reply->retry_after; }) {
    if (reply.is_ok()) return reply->retry_after;
  }
  return retry_after_of(frame);
}

class Session {
 public:
  explicit Session(ClientOptions options);

  // Asks one server after another until one gives an answer worth keeping or time is up. The reply
  // lives until the next call.
  template <typename Request, typename Reply>
  Answer<Reply> ask(Request request);

  // Asks the first server that can be reached, once. What was sent and not answered may be done.
  template <typename Request, typename Reply>
  Answer<Reply> ask_one_server(Request request);

  // One request on the connection as it is, without retries, for pipelines.
  template <typename Request>
  base::Status send(const Request& request, base::RequestId id, Deadline deadline) {
    return connection_.send(encoder_.encode(request, id), deadline);
  }
  base::Result<wire::FrameView> receive(Deadline deadline) { return connection_.receive(deadline); }

  // Connects to the current server or, failing that, to each of the others once. kInvalidArgument
  // for what is no address; otherwise kUnavailable names each server and why.
  base::Status connect(Deadline deadline);
  bool is_connected() const { return connection_.is_open(); }
  const std::string& server() const { return connection_.server(); }
  size_t server_count() const { return options_.servers.size(); }
  void use_next_server();
  Deadline deadline() const;
  // What a server may spend of the time left, so that its own answer comes before ours.
  static std::chrono::milliseconds patience(Deadline deadline);
  base::RequestId next_id() { return base::RequestId{++last_id_}; }
  base::OpId new_op_id();

 private:
  template <typename Request, typename Reply>
  Answer<Reply> ask_once(const Request& request, Deadline deadline);
  bool is_worth_retrying(base::Code code, size_t attempt) const;
  std::chrono::milliseconds pause(size_t attempt, std::chrono::milliseconds retry_after) const;

  ClientOptions options_;
  Connection connection_;
  wire::Encoder encoder_;
  size_t server_ = 0;  // Index of the one in use.
  uint64_t last_id_ = 0;
};

extern template Answer<wire::PutReply> Session::ask(wire::PutRequest);
extern template Answer<wire::GetReply> Session::ask(wire::GetRequest);
extern template Answer<wire::StatusReply> Session::ask(wire::StatusRequest);
extern template Answer<wire::ExplainReply> Session::ask(wire::ExplainRequest);
extern template Answer<wire::CheckpointReply> Session::ask_one_server(wire::CheckpointRequest);
extern template Answer<wire::HintsReply> Session::ask_one_server(wire::HintsRequest);

}  // namespace distkv::client
