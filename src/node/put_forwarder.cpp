#include "node/put_forwarder.h"

#include <optional>
#include <utility>

#include "coordinator/trace.h"

namespace distkv::node {

using base::Code;
using base::Result;

struct PutForwarder::Call {
  std::string key;
  std::string value;
  std::optional<std::string> context;
  wire::PutRequest request;  // Views the strings above.
  std::vector<base::NodeId> replicas;
  size_t next = 0;
  base::MonotonicTime deadline;
  size_t under_way = 0;        // Attempts.
  bool is_again = false;       // One was made.
  bool may_be_stored = false;  // An attempt ended without an answer.
  std::string last_refusal = "no replica of the key is up";
  Code last_code = Code::kRejected;
  base::TimerId late_timer;
  std::unique_ptr<coordinator::Trace> trace;  // Null unless asked for.
  Done done;                                  // Empty once answered.
};

namespace {
// Answers after which another replica may do better, and which stored nothing.
bool is_worth_another(Code code) {
  return code == Code::kShuttingDown || code == Code::kStaleLayout || code == Code::kOverloaded ||
         code == Code::kNoSpace || code == Code::kCorrupt || code == Code::kUnavailable;
}
}  // namespace

void PutForwarder::forward(const wire::PutRequest& request, std::vector<base::NodeId> replicas,
                           base::Duration timeout, Done done) {
  auto call = std::make_shared<Call>();
  call->key = std::string(request.key);
  call->value = std::string(request.value);
  if (request.context) call->context = std::string(*request.context);
  call->request = request;
  call->request.key = call->key;
  call->request.value = call->value;
  if (call->context) call->request.context = *call->context;
  call->request.is_forwarded = true;
  call->replicas = std::move(replicas);
  call->deadline = host_.clock.now() + timeout;
  call->done = std::move(done);
  if (request.wants_trace) call->trace = std::make_unique<coordinator::Trace>(host_.clock);
  try_next(call);
}

void PutForwarder::try_next(const std::shared_ptr<Call>& call) {
  const base::Duration left = call->deadline - host_.clock.now();
  while (call->next < call->replicas.size() && left > base::Duration::zero()) {
    const base::NodeId& node = call->replicas[call->next++];
    const membership::Member* member = host_.membership.find(node);
    if (member == nullptr || !member->is_reachable()) continue;
    call->request.timeout = std::chrono::ceil<std::chrono::milliseconds>(left);
    if (call->is_again) host_.log.debug("put_forwarded_again", {{"to", node.value()}});
    call->is_again = true;
    if (call->trace) {
      const bool is_spare = call->under_way > 0;
      call->trace->add(wire::TraceStep::kForwarded, node, {}, is_spare);
    }
    ++call->under_way;
    call->late_timer =
        host_.timers.start(kForwardPatience, [this, call, &node] { on_late(call, node); });
    host_.rpc.call(member->endpoint, call->request, left,
                   [this, call, &node](const Result<wire::FrameView>& answer) {
                     host_.timers.stop(call->late_timer);
                     --call->under_way;
                     if (call->done) on_answer(call, node, answer);
                   });
    return;
  }
  if (call->under_way == 0) give_up(call);
}

// Its answer still counts, if it comes before that of the next.
void PutForwarder::on_late(const std::shared_ptr<Call>& call, const base::NodeId& node) {
  host_.replicas.score(node).is_late(host_.clock.now(), kForwardPatience);
  if (call->done) try_next(call);
}

void PutForwarder::on_answer(const std::shared_ptr<Call>& call, const base::NodeId& node,
                             const Result<wire::FrameView>& answer) {
  const Result<wire::PutReply> reply = wire::expect<wire::PutReply>(answer);
  note_answer(*call, node, reply);
  if (!reply.is_ok()) {
    // Never sent is the one failure after which the replica cannot hold it.
    if (reply.code() != Code::kOverloaded) call->may_be_stored = true;
    call->last_refusal = reply.status().to_string();
    call->last_code = reply.code();
    return try_next(call);
  }
  if (is_worth_another(reply->code)) {
    call->last_refusal = std::string(reply->message);
    call->last_code = reply->code;
    return try_next(call);
  }
  // A refusal by this replica does not undo what another one may have stored.
  wire::PutReply final = *reply;
  const bool may_be_elsewhere = call->may_be_stored || call->under_way > 0;
  if (final.code == Code::kOk) {
    final.may_repeat = final.may_repeat || may_be_elsewhere;
  } else if (may_be_elsewhere) {
    final.code = Code::kUnknownOutcome;
  }
  tell(*call, final);
}

void PutForwarder::note_answer(Call& call, const base::NodeId& node,
                               const Result<wire::PutReply>& reply) {
  if (!call.trace) return;
  using wire::TraceStep;
  if (!reply.is_ok()) return call.trace->add(TraceStep::kFailed, node, reply.status());
  const base::Status status = reply->code == Code::kOk
                                  ? base::Status()
                                  : base::Status(reply->code, std::string(reply->message));
  call.trace->add(status.is_ok() ? TraceStep::kAnswered : TraceStep::kFailed, node, status);
}

void PutForwarder::tell(Call& call, wire::PutReply& reply) const {
  if (call.trace) {
    call.trace->close(reply.code == Code::kOk
                          ? base::Status()
                          : base::Status(reply.code, std::string(reply.message)));
    reply.forwarding = call.trace->view(host_.replicas.self());
  }
  std::exchange(call.done, nullptr)(reply);
}

void PutForwarder::give_up(const std::shared_ptr<Call>& call) const {
  wire::PutReply reply;
  reply.code = call->may_be_stored                 ? Code::kUnknownOutcome
               : is_worth_another(call->last_code) ? call->last_code
                                                   : Code::kRejected;
  reply.message = call->last_refusal;
  tell(*call, reply);
}

}  // namespace distkv::node
