#include "sim/recorder.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

namespace {
// Values begin with the id of their operation, and the rest may be long.
constexpr size_t kValueNameBytes = 32;
std::string name_of_value(std::string_view value) {
  return std::string(value.substr(0, kValueNameBytes));
}

history::Outcome outcome_of(base::Code code) {
  if (code == base::Code::kOk) return history::Outcome::kOk;
  return is_refusal(code) ? history::Outcome::kRefused : history::Outcome::kUnknown;
}
}  // namespace

OperationId Recorder::invoke(Operation operation, const WriteIntent* intent) {
  operation.invoked_at = scheduler_.now();
  if (const KeyTruth* key = truth_.find(operation.key)) operation.gone = key->gone();
  if (intent != nullptr) {
    truth_.intend(operation.op_id, *intent);
    operation.value = name_of_value(intent->value);
    operation.expires = intent->expires;
  }
  if (trace_.is_printing())
    note(operation, intent != nullptr && intent->context ? "begins, with context" : "begins");
  history_.push_back(std::move(operation));
  return {history_.size() - 1};
}

std::string Recorder::describe_operation(const Operation& operation) const {
  std::string text("client c" + std::to_string(operation.client) + " ");
  text.append(history::name_of(operation.kind)).append(" ").append(operation.key);
  return text.append(" at ").append(history::name_of(operation.consistency));
}

void Recorder::note(const Operation& operation, const std::string& what) {
  std::string text = describe_operation(operation);
  if (!operation.is_read()) text += " op " + operation.op_id.value().to_hex().substr(0, 8);
  const KeyTruth& key = truth_.key(operation.key);
  text += " " + what;
  if (!operation.covered.is_empty()) {
    text += "; alive in its context: " +
            describe(key, operation.covered - key.superseded(operation.covered));
  }
  trace_.note(MachineIndex{}, EventKind::kOperation, text);
}

DotSet Recorder::cover(Operation& operation, std::string_view token) {
  const auto context = causality::decode_token(token);
  if (context.is_ok()) {
    operation.seen = history::Coverage(*context);
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
  // A session may know it although no replica needs to any more.
  writes.remove(truth_.key(operation.key).gone());
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
  operation.covered = cover(operation, reply.context);
  for (const std::string_view value : reply.values) {
    operation.values.push_back(name_of_value(value));
  }
  operation.sibling_count = reply.sibling_count;
  ReadAnswer answer;
  answer.where = describe_operation(operation);
  answer.key = operation.key;
  answer.seen = operation.covered;
  answer.gone = operation.gone;
  answer.values.assign(reply.values.begin(), reply.values.end());
  answer.sibling_count = reply.sibling_count;
  answer.wants_siblings = wants_siblings;
  check_read(truth_, answer, violations_);
  check_holders(operation, operation.covered);
  note_sights(operation);
  return operation.covered;
}

void Recorder::note_sights(const Operation& read) {
  const KeyTruth& key = truth_.key(read.key);
  if (read.sibling_count > 1) see("siblings read");
  const DotSet alive = read.covered - key.superseded(read.covered);
  for (const size_t place : alive.places()) {
    const Mint& mint = key.mint(place);
    if (mint.is_tombstone) see("tombstone read");
    if (key.of_operation(mint.op_id).places().size() > 1) see("write minted twice");
    if (!mint.expires || !read.is_complete()) continue;
    const std::string name = name_of_value(truth_.intent(mint.op_id)->value);
    const bool is_shown =
        std::find(read.values.begin(), read.values.end(), name) != read.values.end();
    if (!is_shown) gone_.insert(mint.op_id);
    if (is_shown && gone_.contains(mint.op_id)) see("expired for one node, alive for another");
  }
}

DotSet Recorder::answer(OperationId id, const wire::PutReply& reply, bool may_repeat) {
  Operation& operation = history_[id.place];
  if (reply.may_repeat) see("forwarded put perhaps stored twice");
  if (!reply.hinted.empty()) see("receipt names a hint");
  operation.covered = cover(operation, reply.context);
  operation.may_repeat = may_repeat || reply.may_repeat;
  KeyTruth& key = truth_.key(operation.key);
  const DotSet dots = key.of_operation(operation.op_id);
  const DotSet own = dots - (dots - operation.covered);
  for (const size_t place : own.places()) {
    Mint& mint = key.mint(place);
    if (!(mint.supersedes - operation.covered).is_empty()) mint.has_partial_receipt = true;
  }
  PutAnswer answer;
  answer.where = describe_operation(operation);
  answer.key = operation.key;
  answer.op_id = operation.op_id;
  answer.seen = operation.covered;
  const WriteIntent* intent = truth_.intent(operation.op_id);
  if (intent->context) answer.context = *intent->context;
  check_receipt(truth_, answer, violations_);
  check_holders(operation, own);
  return operation.covered;
}

void Recorder::finish(OperationId id, base::Code code) {
  Operation& operation = history_[id.place];
  operation.returned_at = scheduler_.now();
  operation.code = code;
  operation.outcome = outcome_of(code);
  if (trace_.is_printing()) note(operation, "ends: " + std::string(base::name_of(code)));
  std::string name(history::name_of(operation.kind));
  ++tally_.operations[name.append(" ").append(base::name_of(code))];
}

}  // namespace distkv::sim
