#include "sim/sim_client.h"

#include <utility>

#include "base/check.h"

namespace distkv::sim {

namespace {
base::Endpoint endpoint_of(uint32_t number) {
  return base::Endpoint("client-" + std::to_string(number) + ":1");
}
}  // namespace

SimClient::SimClient(const ClientWorld& world, uint32_t number, const ClientHabits& habits,
                     base::Rng rng)
    : world_(world),
      number_(number),
      habits_(habits),
      rng_(rng),
      port_(world_.network),
      index_(world_.network.add(*this, endpoint_of(number))) {
  port_.plug_in(index_);
}

void SimClient::handle(EventKind, std::string_view bytes, const MachineEvent& event) {
  event(*this, bytes);
}

void SimClient::run(Request request, Finished finished) {
  DISTKV_CHECK(is_idle());
  request_ = std::move(request);
  finished_ = std::move(finished);
  attempts_ = 0;
  is_outcome_unknown_ = false;
  node_ = rng_.below(world_.nodes.size());
  if (request_.via) node_ = *request_.via;
  record_invocation();
  attempt();
}

void SimClient::skip(const Request& request) {
  (void)rng_.below(world_.nodes.size());
  if (request.kind != OperationKind::kGet) (void)rng_.next_id();
}

const SimClient::Known* SimClient::known(const std::string& key) const {
  const auto found = session_.find(key);
  return found == session_.end() ? nullptr : &found->second;
}

void SimClient::record_invocation() {
  Operation operation;
  operation.kind = request_.kind;
  operation.client = number_;
  operation.key = request_.key;
  operation.consistency = request_.consistency;
  operation.in_session = habits_.has_session;
  context_.reset();
  if (request_.kind == OperationKind::kGet) {
    operation_ = world_.recorder.invoke(std::move(operation), nullptr);
    return;
  }
  operation.op_id = base::OpId(rng_.next_id());
  WriteIntent intent;
  intent.key = request_.key;
  intent.is_delete = request_.kind == OperationKind::kDelete;
  intent.expires = request_.ttl.count() > 0;
  value_.clear();
  if (!intent.is_delete) value_ = operation.op_id.value().to_hex() + request_.padding;
  intent.value = value_;
  const Known* context = request_.context ? &*request_.context : known(request_.key);
  if (request_.uses_context && context != nullptr) {
    context_ = context->token;
    intent.context = context->covered;
    operation.context_of = context->place;
  }
  operation_ = world_.recorder.invoke(std::move(operation), &intent);
}

void SimClient::attempt() {
  ++attempts_;
  is_waiting_ = true;
  const base::RequestId id{++last_request_};
  const base::Endpoint& node = world_.nodes[node_];
  const std::string_view frame =
      request_.kind == OperationKind::kGet ? encode_get(id) : encode_put(id);
  world_.trace.record(index_, EventKind::kInvoke, frame);
  const base::Status sent = port_.send(node, frame);
  world_.scheduler.after(habits_.patience, [this, id] {
    if (is_waiting_ && last_request_ == id.value()) end_attempt(base::Code::kTimedOut);
  });
  // Later, as an answer would come: the caller is not yet back from run().
  if (!sent.is_ok()) {
    world_.scheduler.after(base::Duration::zero(), [this, id, code = sent.code()] {
      if (is_waiting_ && last_request_ == id.value()) end_attempt(code);
    });
  }
}

std::string_view SimClient::encode_put(base::RequestId id) {
  wire::PutRequest put;
  put.key = request_.key;
  put.value = value_;
  if (context_) put.context = *context_;
  put.op_id = world_.recorder.operation(operation_).op_id;
  put.ttl = request_.ttl;
  put.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(habits_.patience);
  put.consistency = request_.consistency;
  put.is_delete = request_.kind == OperationKind::kDelete;
  put.wants_trace = habits_.wants_trace;
  return encoder_.encode(put, id);
}

std::string_view SimClient::encode_get(base::RequestId id) {
  wire::GetRequest get;
  get.key = request_.key;
  get.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(habits_.patience);
  get.consistency = request_.consistency;
  get.wants_siblings = request_.wants_siblings;
  get.wants_trace = habits_.wants_trace;
  std::string at_least;
  if (const auto seen = seen_.find(request_.key); seen != seen_.end()) {
    at_least = causality::encode_token(seen->second);
    get.at_least = at_least;
  }
  return encoder_.encode(get, id);
}

void SimClient::on_reply(const base::Endpoint&, const wire::FrameView& frame) {
  // What answers an attempt that was given up already tells nothing the history may use.
  if (!is_waiting_ || frame.request_id.value() != last_request_) {
    return world_.recorder.see("answer after the deadline");
  }
  switch (frame.type) {
    case wire::MessageType::kPutReply:
      return take_put_reply(frame);
    case wire::MessageType::kGetReply:
      return take_get_reply(frame);
    case wire::MessageType::kError: {
      const auto error = wire::decode<wire::ErrorReply>(frame);
      return end_attempt(error.is_ok() ? error->code : base::Code::kCorrupt);
    }
    default:
      return end_attempt(base::Code::kCorrupt);
  }
}

void SimClient::remember(std::string_view token, DotSet covered) {
  if (habits_.keeps_first_context && session_.contains(request_.key)) return;
  session_[request_.key] = {std::string(token), std::move(covered), operation_.place};
}

void SimClient::take_put_reply(const wire::FrameView& frame) {
  const auto reply = wire::decode<wire::PutReply>(frame);
  if (!reply.is_ok()) return end_attempt(base::Code::kCorrupt);
  if (reply->code == base::Code::kOk) {
    remember(reply->context, world_.recorder.answer(operation_, *reply, is_outcome_unknown_));
    learn(reply->context);
  }
  end_attempt(reply->code);
}

void SimClient::learn(std::string_view token) {
  if (!habits_.has_session) return;
  const auto context = causality::decode_token(token);
  if (context.is_ok()) seen_[request_.key].merge(*context);
}

void SimClient::take_get_reply(const wire::FrameView& frame) {
  const auto reply = wire::decode<wire::GetReply>(frame);
  if (!reply.is_ok()) return end_attempt(base::Code::kCorrupt);
  if (reply->code == base::Code::kOk) {
    remember(reply->context, world_.recorder.answer(operation_, *reply, request_.wants_siblings));
    learn(reply->context);
  }
  end_attempt(reply->code);
}

void SimClient::on_peer_lost(const base::Endpoint& to) {
  if (is_waiting_ && world_.nodes[node_] == to) end_attempt(base::Code::kLost);
}

void SimClient::end_attempt(base::Code code) {
  is_waiting_ = false;
  world_.trace.record(index_, EventKind::kReturn, base::name_of(code));
  if (code == base::Code::kOk) return end_operation(code);
  const bool is_read = request_.kind == OperationKind::kGet;
  if (!is_read) world_.recorder.see("refused: " + std::string(base::name_of(code)));
  if (!is_read && !is_refusal(code)) is_outcome_unknown_ = true;
  const bool may_repeat = is_read || is_retry_safe(code) || habits_.repeats_unknown;
  if (may_repeat && attempts_ < habits_.attempts_max) {
    node_ = (node_ + 1) % world_.nodes.size();
    return attempt();
  }
  end_operation(is_outcome_unknown_ ? base::Code::kUnknownOutcome : code);
}

void SimClient::end_operation(base::Code code) {
  world_.recorder.finish(operation_, code);
  std::exchange(finished_, nullptr)(code);
}

}  // namespace distkv::sim
