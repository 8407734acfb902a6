#include "sim/recorder.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

namespace {
std::string_view name_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::kPut:
      return "put";
    case OperationKind::kDelete:
      return "delete";
    case OperationKind::kGet:
      return "get";
  }
  return "unrecognised";
}

std::string_view name_of(wire::Consistency consistency) {
  switch (consistency) {
    case wire::Consistency::kOne:
      return "one";
    case wire::Consistency::kQuorum:
      return "quorum";
    case wire::Consistency::kAll:
      return "all";
  }
  return "unrecognised";
}
}  // namespace

OperationId Recorder::invoke(Operation operation, const WriteIntent* intent) {
  operation.invoked_at = scheduler_.now();
  if (intent != nullptr) truth_.intend(operation.op_id, *intent);
  if (trace_.is_printing())
    note(operation, intent != nullptr && intent->context ? "begins, with context" : "begins");
  history_.push_back(std::move(operation));
  return {history_.size() - 1};
}

std::string Recorder::describe_operation(const Operation& operation) const {
  std::string text("client c" + std::to_string(operation.client) + " ");
  text.append(name_of(operation.kind)).append(" ").append(operation.key);
  return text.append(" at ").append(name_of(operation.consistency));
}

void Recorder::note(const Operation& operation, const std::string& what) {
  std::string text = describe_operation(operation);
  if (!operation.is_read()) text += " op " + operation.op_id.value().to_hex().substr(0, 8);
  const KeyTruth& key = truth_.key(operation.key);
  text += " " + what;
  if (!operation.seen.is_empty()) {
    text +=
        "; alive in its context: " + describe(key, operation.seen - key.superseded(operation.seen));
  }
  trace_.note(MachineIndex{}, EventKind::kOperation, text);
}

DotSet Recorder::cover(const Operation& operation, std::string_view token) {
  const auto context = causality::decode_token(token);
  if (context.is_ok()) {
    KeyTruth& key = truth_.key(operation.key);
    DotSet covered = key.covered(*context);
    for (const size_t place : covered.places()) key.mint(place).was_observed = true;
    return covered;
  }
  violations_.push_back({"P8", describe_operation(operation) +
                                   ": unreadable context: " + context.status().to_string()});
  return {};
}

// A read at one answers what one replica of each live layout holds, which while keys move no single
// one need hold together: there each write is asked for by itself.
size_t Recorder::count_holders(const Operation& operation, const DotSet& writes) const {
  if (!operation.is_read() || operation.consistency != wire::Consistency::kOne) {
    return witness_->holders(operation.key, writes);
  }
  size_t fewest = SIZE_MAX;
  for (const size_t place : writes.places()) {
    DotSet write;
    write.add(place);
    fewest = std::min(fewest, witness_->holders(operation.key, write));
  }
  return fewest;
}

// What makes quorums mean something: at the moment of the answer as many replicas as it needs hold
// durably what it says. Later reads and crashes then follow.
void Recorder::check_holders(const Operation& operation, DotSet writes) {
  if (witness_ == nullptr) return;
  writes.remove(truth_.key(operation.key).phantoms(writes));
  const size_t holders = count_holders(operation, writes);
  const size_t needed = witness_->needed(operation.consistency, operation.is_read());
  if (holders >= needed) return;
  violations_.push_back({operation.is_read() ? "P7" : "P1",
                         describe_operation(operation) + ": answered while " +
                             std::to_string(holders) + " replicas held it durably, of " +
                             std::to_string(needed) + " needed"});
}

DotSet Recorder::answer(OperationId id, const wire::GetReply& reply, bool wants_siblings) {
  Operation& operation = history_[id.place];
  operation.seen = cover(operation, reply.context);
  ReadAnswer answer;
  answer.where = describe_operation(operation);
  answer.key = operation.key;
  answer.seen = operation.seen;
  answer.values.assign(reply.values.begin(), reply.values.end());
  answer.sibling_count = reply.sibling_count;
  answer.wants_siblings = wants_siblings;
  check_read(truth_, answer, violations_);
  check_holders(operation, operation.seen);
  return operation.seen;
}

DotSet Recorder::answer(OperationId id, const wire::PutReply& reply) {
  Operation& operation = history_[id.place];
  operation.seen = cover(operation, reply.context);
  const DotSet dots = truth_.key(operation.key).of_operation(operation.op_id);
  operation.own = dots - (dots - operation.seen);
  PutAnswer answer;
  answer.where = describe_operation(operation);
  answer.key = operation.key;
  answer.op_id = operation.op_id;
  answer.seen = operation.seen;
  const WriteIntent* intent = truth_.intent(operation.op_id);
  if (intent->context) answer.context = *intent->context;
  check_receipt(truth_, answer, violations_);
  check_holders(operation, operation.own);
  return operation.seen;
}

void Recorder::finish(OperationId id, base::Code code) {
  Operation& operation = history_[id.place];
  operation.returned_at = scheduler_.now();
  operation.code = code;
  if (trace_.is_printing()) note(operation, "ends: " + std::string(base::name_of(code)));
  std::string name(name_of(operation.kind));
  ++tally_.operations[name.append(" ").append(base::name_of(code))];
}

}  // namespace distkv::sim
