#include "coordinator/coordinator.h"

#include <memory>
#include <utility>

#include "coordinator/get_operation.h"
#include "coordinator/put_operation.h"
#include "coordinator/shared_reads.h"

namespace distkv::coordinator {

using base::Code;
using base::Result;
using base::Status;

namespace {
Status overloaded() {
  return {Code::kOverloaded, std::to_string(kOperationsMax) + " operations are in flight; retry"};
}

// Collects what every replica says.
struct Inspecting {
  Plan plan;
  std::vector<Inspection> found;
  size_t waiting = 0;
  InspectDone done;
};

Inspection inspection_of(const base::NodeId* node, const Result<replica::ReplicaRead>& read) {
  if (!read.is_ok()) return {node, read.status(), {}};
  Result<causality::Record> record = replica::decode(read->record);
  if (!record.is_ok()) return {node, record.status(), {}};
  return {node, Status::ok(), std::move(*record)};
}
}  // namespace

Coordinator::Coordinator(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      options_(options),
      shared_reads_(std::make_unique<SharedReads>(parts_.clock,
                                                  [this](const GetCommand& command, GetDone done) {
                                                    get_alone(command, std::move(done));
                                                  })) {}

Coordinator::~Coordinator() = default;

size_t Coordinator::in_flight() const { return counts_->in_flight + shared_reads_->waiting(); }

void Coordinator::put(PutCommand command, PutDone done) {
  if (in_flight() >= kOperationsMax) {
    PutResult refused;
    refused.status = overloaded();
    return done(std::move(refused));
  }
  std::make_shared<PutOperation>(parts_, options_, counts_, std::move(command), std::move(done))
      ->start();
}

void Coordinator::get(const GetCommand& command, GetDone done) {
  if (in_flight() >= kOperationsMax) return done({overloaded(), {}});
  // A read that is told of, or that one state may not satisfy, is done alone.
  const bool is_hot = hot_keys_.touch(ring::token_of(command.key), command.key);
  if (is_hot && !command.wants_trace && command.at_least == nullptr) {
    return shared_reads_->get(command, std::move(done));
  }
  get_alone(command, std::move(done));
}

void Coordinator::get_alone(const GetCommand& command, GetDone done) {
  std::make_shared<GetOperation>(parts_, options_, counts_, command, std::move(done))->start();
}

void Coordinator::inspect(std::string_view key, base::Duration timeout, InspectDone done) {
  auto call = std::make_shared<Inspecting>();
  call->plan = make_plan(parts_.layouts, ring::token_of(key));
  call->found.resize(call->plan.targets.size());
  call->waiting = call->plan.targets.size();
  call->done = std::move(done);
  for (size_t i = 0; i < call->plan.targets.size(); ++i) {
    const base::NodeId* node = call->plan.targets[i].node;
    parts_.replicas.read(*node, {key, call->plan.token}, false, call->plan.layouts.version(),
                         timeout, [call, i, node](const Result<replica::ReplicaRead>& read) {
                           call->found[i] = inspection_of(node, read);
                           if (--call->waiting > 0) return;
                           call->done(call->plan, std::move(call->found));
                         });
  }
}

}  // namespace distkv::coordinator
