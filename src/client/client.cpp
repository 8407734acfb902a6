#include "distkv/client.h"

#include <utility>

#include "client/consistency.h"
#include "client/pipeline.h"
#include "client/session.h"
#include "client/session_seen.h"

namespace distkv {

using base::Code;
using base::Status;
using client::Answer;
using client::wire_consistency;

class Client::Session : public client::Session {
 public:
  using client::Session::Session;
};

namespace {

ErrorKind kind_of(Code code) {
  switch (code) {
    case Code::kOk:
      return ErrorKind::kNone;
    case Code::kRejected:
    case Code::kOverloaded:
    case Code::kStaleLayout:
    case Code::kShuttingDown:
    case Code::kNoSpace:
      return ErrorKind::kRejected;
    case Code::kUnavailable:
      return ErrorKind::kUnavailable;
    case Code::kBehind:
      return ErrorKind::kBehind;
    case Code::kUnknownOutcome:
    case Code::kTimedOut:
    case Code::kLost:
    case Code::kIo:
    case Code::kCorrupt:
      return ErrorKind::kUnknown;
    default:
      return ErrorKind::kInvalid;
  }
}

// Of something that only reads, every failure but a wrong request is "ask again".
Error read_error(const Status& status) {
  if (status.is_ok()) return {};
  const ErrorKind kind = kind_of(status.code());
  const bool is_told = kind == ErrorKind::kInvalid || kind == ErrorKind::kBehind;
  return {is_told ? kind : ErrorKind::kUnavailable, status.to_string()};
}

template <typename Reply>
Status status_of(const base::Result<Reply>& reply) {
  if (!reply.is_ok()) return reply.status();
  return {reply->code, std::string(reply->message)};
}

// Of a request that no server ever heard of.
Error unsent_error(const Status& status) {
  const bool is_invalid = status.code() == Code::kInvalidArgument;
  return {is_invalid ? ErrorKind::kInvalid : ErrorKind::kUnreachable, status.message()};
}

// With the time after which a server that was overloaded is to be asked again.
template <typename Reply>
Error with_retry(Error error, const Answer<Reply>& answer) {
  if (error.is_ok() || answer.retry_after == std::chrono::milliseconds::zero()) return error;
  error.retry_after = answer.retry_after;
  error.message += "; try again in " + std::to_string(answer.retry_after.count()) + " ms";
  return error;
}

Error write_error(const Answer<wire::PutReply>& answer) {
  const Status status = status_of(answer.reply);
  if (status.is_ok()) return {};
  if (!answer.was_sent) return unsent_error(status);
  if (answer.may_be_stored) return {ErrorKind::kUnknown, status.to_string()};
  const ErrorKind kind = kind_of(status.code());
  return {kind == ErrorKind::kUnavailable ? ErrorKind::kRejected : kind, status.to_string()};
}

template <typename Reply>
Error read_error(const Answer<Reply>& answer) {
  const Status status = status_of(answer.reply);
  return status.is_ok() || answer.was_sent ? read_error(status) : unsent_error(status);
}

std::vector<std::string> copy(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

Persistence persistence_of(base::Persistence persistence) {
  switch (persistence) {
    case base::Persistence::kDisk:
      return Persistence::kDisk;
    case base::Persistence::kPeriodic:
      return Persistence::kPeriodic;
    case base::Persistence::kMemory:
      return Persistence::kMemory;
    case base::Persistence::kUnsaid:
      break;
  }
  return Persistence::kUnsaid;
}

std::optional<Trace> trace_of(const std::optional<wire::Trace>& told) {
  if (!told) return std::nullopt;
  Trace trace{std::string(told->node), {}, told->left_out};
  for (const wire::TraceEvent& event : told->events) {
    // Both enumerations stand in one order, which the protocol fixes.
    static_assert(static_cast<int>(TraceStep::kRepliedToClient) ==
                  static_cast<int>(wire::TraceStep::kRepliedToClient));
    const std::string text = event.code == Code::kOk
                                 ? std::string(event.text)
                                 : Status(event.code, std::string(event.text)).to_string();
    trace.events.push_back({std::chrono::microseconds(event.at_us), std::string(event.node),
                            static_cast<TraceStep>(event.step), event.is_spare, text});
  }
  return trace;
}

PutOutcome outcome_of(const Answer<wire::PutReply>& answer) {
  PutOutcome outcome;
  outcome.error = with_retry(write_error(answer), answer);
  outcome.server = answer.server;
  if (!answer.reply.is_ok()) return outcome;
  outcome.context = std::string(answer.reply->context);
  outcome.acknowledged = copy(answer.reply->acknowledged);
  outcome.hinted = copy(answer.reply->hinted);
  outcome.trace = trace_of(answer.reply->trace);
  outcome.forwarding = trace_of(answer.reply->forwarding);
  outcome.persistence.assign(outcome.acknowledged.size(), Persistence::kUnsaid);
  for (size_t i = 0; i < answer.reply->persistence.size(); ++i) {
    outcome.persistence[i] = persistence_of(answer.reply->persistence[i]);
  }
  for (const base::LayoutVersion layout :
       {answer.reply->layout_version, answer.reply->previous_layout_version}) {
    if (layout != base::LayoutVersion{}) outcome.layouts.push_back(layout.value());
  }
  outcome.may_repeat = outcome.error.is_ok() && (answer.may_repeat || answer.reply->may_repeat);
  return outcome;
}

GetOutcome outcome_of(const Answer<wire::GetReply>& answer) {
  GetOutcome outcome;
  outcome.error = with_retry(read_error(answer), answer);
  outcome.server = answer.server;
  if (answer.reply.is_ok()) outcome.trace = trace_of(answer.reply->trace);
  if (!outcome.error.is_ok()) return outcome;
  outcome.values = copy(answer.reply->values);
  outcome.sibling_count = answer.reply->sibling_count;
  outcome.context = std::string(answer.reply->context);
  return outcome;
}

Error judge_sizes(std::string_view key, std::string_view value) {
  if (key.empty()) return {ErrorKind::kInvalid, "the key is empty; give at least one byte"};
  if (key.size() > base::kKeyBytesMax) {
    return {ErrorKind::kInvalid, "the key has " + std::to_string(key.size()) + " bytes, at most " +
                                     std::to_string(base::kKeyBytesMax) + " are allowed"};
  }
  if (value.size() > base::kValueBytesMax) {
    return {ErrorKind::kInvalid, "the value has " + std::to_string(value.size()) +
                                     " bytes, at most " + std::to_string(base::kValueBytesMax) +
                                     " are allowed"};
  }
  return {};
}

wire::PutRequest put_request(std::string_view key, std::string_view value,
                             const PutOptions& options, base::OpId op_id) {
  wire::PutRequest request;
  request.key = key;
  request.value = value;
  if (options.context) request.context = *options.context;
  request.op_id = op_id;
  request.ttl = options.ttl;
  request.wants_trace = options.wants_trace;
  request.consistency = wire_consistency(options.consistency);
  return request;
}

wire::GetRequest get_request(std::string_view key, const GetOptions& options) {
  wire::GetRequest request;
  request.key = key;
  request.consistency = wire_consistency(options.consistency);
  request.wants_siblings = options.wants_siblings;
  request.wants_trace = options.wants_trace;
  return request;
}

std::string state_name(wire::MemberState state) {
  switch (state) {
    case wire::MemberState::kAlive:
      return "ALIVE";
    case wire::MemberState::kSuspect:
      return "SUSPECT";
    case wire::MemberState::kDead:
      return "DEAD";
    case wire::MemberState::kLeft:
      break;
  }
  return "LEFT";
}

std::chrono::system_clock::time_point time_of(base::WallTime time) {
  return std::chrono::system_clock::time_point(time.time_since_epoch());
}

VersionView view_of(const wire::ExplainVersion& version) {
  VersionView view{version.actor.value(), version.counter.value(), version.value_bytes,
                   version.is_tombstone, std::nullopt};
  if (version.expires_at != base::WallTime{}) view.expires_at = time_of(version.expires_at);
  return view;
}

ReplicaView view_of(const wire::ExplainReplica& replica) {
  ReplicaView view{std::string(replica.id),
                   std::string(replica.endpoint),
                   state_name(replica.state),
                   read_error(Status(replica.code, std::string(replica.message))),
                   {},
                   replica.has_hint_pending,
                   replica.digest};
  if (replica.layouts != 0) {
    view.is_in_layout = (replica.layouts & 1) != 0;
    view.is_in_previous_layout = (replica.layouts & 2) != 0;
  }
  for (const wire::ExplainVersion& version : replica.versions) {
    view.versions.push_back(view_of(version));
  }
  return view;
}

}  // namespace

Client::Client(ClientOptions options) : session_(std::make_unique<Session>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

// A session learns of what is acknowledged, and of nothing else.
void Client::learn(std::string_view key, const PutOutcome& outcome, SessionToken* session) {
  if (session == nullptr || !outcome.error.is_ok()) return;
  const auto context = causality::decode_token(outcome.context);
  if (context.is_ok()) session->seen_->learn(key, *context);
}

std::string Client::at_least(std::string_view key, const SessionToken* session) {
  const std::string* token = session == nullptr ? nullptr : session->seen_->find(key);
  return token == nullptr ? std::string() : *token;
}

// The answer is judged here again: a server too old to know of sessions just answers.
void Client::learn(std::string_view key, const std::string& at_least, GetOutcome& outcome,
                   SessionToken* session) {
  if (session == nullptr) return;
  outcome.session_forgot = at_least.empty() && session->forgotten() > 0;
  if (!outcome.error.is_ok()) return;
  const auto context = causality::decode_token(outcome.context);
  const auto seen = causality::decode_token(at_least);
  if (context.is_ok() && seen.is_ok() && context->includes(*seen)) {
    return session->seen_->learn(key, *context);
  }
  GetOutcome behind;
  behind.error = {ErrorKind::kBehind,
                  "the answer of " + outcome.server +
                      " lacks what this session has seen of the key; a server of this release "
                      "would have asked other replicas: use one, or read without the session"};
  behind.server = outcome.server;
  outcome = std::move(behind);
}

PutOutcome Client::put(std::string_view key, std::string_view value, const PutOptions& options) {
  if (Error error = judge_sizes(key, value); !error.is_ok()) return {.error = std::move(error)};
  PutOutcome outcome = outcome_of(session_->ask<wire::PutRequest, wire::PutReply>(
      put_request(key, value, options, session_->new_op_id())));
  learn(key, outcome, options.session);
  return outcome;
}

PutOutcome Client::remove(std::string_view key, const PutOptions& options) {
  if (Error error = judge_sizes(key, {}); !error.is_ok()) return {.error = std::move(error)};
  wire::PutRequest request = put_request(key, {}, options, session_->new_op_id());
  request.is_delete = true;
  PutOutcome outcome = outcome_of(session_->ask<wire::PutRequest, wire::PutReply>(request));
  learn(key, outcome, options.session);
  return outcome;
}

GetOutcome Client::get(std::string_view key, const GetOptions& options) {
  if (Error error = judge_sizes(key, {}); !error.is_ok()) {
    GetOutcome outcome;
    outcome.error = std::move(error);
    return outcome;
  }
  const std::string seen = at_least(key, options.session);
  wire::GetRequest request = get_request(key, options);
  if (!seen.empty()) request.at_least = seen;
  GetOutcome outcome = outcome_of(session_->ask<wire::GetRequest, wire::GetReply>(request));
  learn(key, seen, outcome, options.session);
  return outcome;
}

std::vector<PutOutcome> Client::put_all(const std::vector<KeyValue>& pairs,
                                        const PutOptions& options) {
  PutOptions blind = options;
  blind.context.reset();
  std::vector<PutOutcome> outcomes(pairs.size());
  std::vector<wire::PutRequest> requests;
  std::vector<size_t> places;  // Of requests in pairs.
  for (size_t i = 0; i < pairs.size(); ++i) {
    outcomes[i].error = judge_sizes(pairs[i].key, pairs[i].value);
    if (!outcomes[i].error.is_ok()) continue;
    requests.push_back(put_request(pairs[i].key, pairs[i].value, blind, session_->new_op_id()));
    places.push_back(i);
  }
  client::ask_all<wire::PutReply>(*session_, requests,
                                  [&](size_t index, const Answer<wire::PutReply>& answer) {
                                    outcomes[places[index]] = outcome_of(answer);
                                  });
  for (size_t i = 0; i < pairs.size(); ++i) learn(pairs[i].key, outcomes[i], options.session);
  return outcomes;
}

std::vector<GetOutcome> Client::get_all(const std::vector<std::string>& keys,
                                        const GetOptions& options) {
  std::vector<GetOutcome> outcomes(keys.size());
  std::vector<wire::GetRequest> requests;
  std::vector<size_t> places;                  // Of requests in keys.
  std::vector<std::string> seen(keys.size());  // By the session; requests view these.
  for (size_t i = 0; i < keys.size(); ++i) {
    outcomes[i].error = judge_sizes(keys[i], {});
    if (!outcomes[i].error.is_ok()) continue;
    requests.push_back(get_request(keys[i], options));
    places.push_back(i);
    seen[i] = at_least(keys[i], options.session);
    if (!seen[i].empty()) requests.back().at_least = seen[i];
  }
  client::ask_all<wire::GetReply>(*session_, requests,
                                  [&](size_t index, const Answer<wire::GetReply>& answer) {
                                    outcomes[places[index]] = outcome_of(answer);
                                  });
  for (const size_t i : places) learn(keys[i], seen[i], outcomes[i], options.session);
  return outcomes;
}

static std::optional<AntiEntropyStatus> status_of(
    const std::optional<wire::AntiEntropyStatus>& reply) {
  if (!reply) return std::nullopt;
  AntiEntropyStatus status{
      {},           reply->dirty,      reply->building,  reply->rounds, reply->records,
      reply->bytes, reply->mismatches, reply->collected, reply->behind};
  for (const wire::PartitionProof& proof : reply->proofs) {
    PartitionProof& shown = status.proofs.emplace_back(PartitionProof{proof.partition, {}});
    if (proof.age_s != wire::PartitionProof::kNever) shown.age = std::chrono::seconds(proof.age_s);
  }
  return status;
}

ClusterStatus Client::status() {
  const auto answer = session_->ask<wire::StatusRequest, wire::StatusReply>({});
  ClusterStatus status;
  status.error = read_error(answer);
  if (!status.error.is_ok()) return status;
  const wire::StatusReply& reply = *answer.reply;
  status.node_id = std::string(reply.node_id);
  status.cluster_name = std::string(reply.cluster_name);
  status.engine = std::string(reply.engine);
  for (const wire::StatusNode& node : reply.nodes) {
    status.nodes.push_back({std::string(node.id), std::string(node.endpoint),
                            state_name(node.state), time_of(node.last_seen)});
  }
  status.requests = reply.requests;
  status.latency_mean = std::chrono::microseconds(reply.latency_mean_us);
  status.layout_version = reply.layout_version;
  status.is_settled = reply.is_settled;
  status.partition_count = reply.partition_count;
  status.replica_count = reply.replica_count;
  status.hints_pending = reply.hints_pending;
  status.read_repairs = reply.read_repairs;
  status.storage_pressure = static_cast<double>(reply.pressure_permille) / wire::kPermilleMax;
  status.bytes_on_disk = reply.bytes_on_disk;
  status.storage_state = std::string(reply.storage_state);
  status.hint_bytes = reply.hint_bytes;
  status.hint_age = reply.hint_age;
  status.hints_dropped = reply.hints_dropped;
  status.dirty_partitions = reply.dirty_partitions;
  status.anti_entropy = status_of(reply.anti_entropy);
  for (const wire::HotKey& hot : reply.hot_keys) {
    status.hot_keys.push_back({std::string(hot.key), hot.key_bytes, hot.reads, hot.error});
  }
  status.recent_reads = reply.recent_reads;
  status.requests_refused = reply.requests_refused;
  status.request_bytes = reply.request_bytes;
  status.request_bytes_max = reply.request_bytes_max;
  return status;
}

Explanation Client::explain(std::string_view key) {
  Explanation explanation;
  explanation.error = judge_sizes(key, {});
  if (!explanation.error.is_ok()) return explanation;
  wire::ExplainRequest request;
  request.key = key;
  const auto answer = session_->ask<wire::ExplainRequest, wire::ExplainReply>(request);
  explanation.error = read_error(answer);
  if (!explanation.error.is_ok()) return explanation;
  const wire::ExplainReply& reply = *answer.reply;
  explanation.token = reply.token.value();
  explanation.slot = reply.slot;
  explanation.partition = reply.partition.value();
  explanation.layout_version = reply.layout_version;
  for (const wire::ExplainReplica& replica : reply.replicas) {
    explanation.replicas.push_back(view_of(replica));
  }
  explanation.verdict = std::string(reply.verdict);
  if (reply.previous_layout_version != 0) {
    explanation.previous_layout_version = reply.previous_layout_version;
  }
  if (!reply.tells_hints) return explanation;
  explanation.hints.emplace();
  for (const wire::ExplainHint& hint : reply.hints) {
    explanation.hints->push_back({std::string(hint.holder), std::string(hint.target), hint.age});
  }
  return explanation;
}

CheckpointOutcome Client::checkpoint(std::string_view name) {
  wire::CheckpointRequest request;
  request.name = name;
  const auto answer =
      session_->ask_one_server<wire::CheckpointRequest, wire::CheckpointReply>(request);
  CheckpointOutcome outcome;
  if (!answer.was_sent) {
    outcome.error = unsent_error(answer.reply.status());
  } else if (!answer.reply.is_ok()) {
    const ErrorKind kind = answer.may_be_stored ? ErrorKind::kUnknown : ErrorKind::kInvalid;
    outcome.error = {kind, answer.reply.status().to_string()};
  } else {
    const wire::CheckpointReply& reply = *answer.reply;
    outcome.node_id = std::string(reply.node_id);
    outcome.directory = std::string(reply.directory);
    if (reply.code == Code::kOk) return outcome;
    const bool is_wrong = reply.code == Code::kInvalidArgument;
    outcome.error = {is_wrong ? ErrorKind::kInvalid : ErrorKind::kRejected,
                     std::string(reply.message)};
  }
  return outcome;
}

HintsOutcome Client::hints(const HintsOptions& options) {
  wire::HintsRequest request;
  request.target = options.target;
  request.waits = options.waits;
  const auto answer = session_->ask_one_server<wire::HintsRequest, wire::HintsReply>(request);
  HintsOutcome outcome;
  if (!answer.was_sent) {
    outcome.error = unsent_error(answer.reply.status());
  } else if (!answer.reply.is_ok()) {
    const ErrorKind kind = answer.may_be_stored ? ErrorKind::kUnknown : ErrorKind::kInvalid;
    outcome.error = {kind, answer.reply.status().to_string()};
  } else if (answer.reply->code != Code::kOk) {
    outcome.error = {ErrorKind::kUnavailable, std::string(answer.reply->message)};
  }
  if (!outcome.error.is_ok()) return outcome;
  const wire::HintsReply& reply = *answer.reply;
  outcome.node_id = std::string(reply.node_id);
  outcome.is_done = reply.is_done;
  for (const wire::HintTarget& target : reply.targets) {
    outcome.targets.push_back({std::string(target.id), target.pending, target.bytes, target.age,
                               target.delivered, target.dropped});
  }
  outcome.bytes_max = reply.bytes_max;
  outcome.dropped = reply.dropped;
  outcome.dirty_partitions = reply.dirty_partitions;
  return outcome;
}

}  // namespace distkv
