#include "coordinator/trace.h"

#include <algorithm>

namespace distkv::coordinator {

using wire::TraceStep;

namespace {

bool is_question(TraceStep step) {
  return step == TraceStep::kAskedToWrite || step == TraceStep::kAskedForRecord ||
         step == TraceStep::kAskedForDigest || step == TraceStep::kAskedToTakeMerged ||
         step == TraceStep::kForwarded;
}

bool is_answer(TraceStep step) {
  return step == TraceStep::kAnswered || step == TraceStep::kFailed;
}

}  // namespace

void Trace::add(TraceStep step, const base::NodeId& node, const base::Status& status,
                bool is_spare) {
  // The last place is for the answer to the client.
  const size_t max = wire::kTraceEventsMax - (step == TraceStep::kRepliedToClient ? 0 : 1);
  if (events_.size() >= max) {
    ++left_out_;
    return;
  }
  events_.push_back({clock_.now() - started_, node, step, is_spare, status});
}

void Trace::close(const base::Status& status) {
  std::vector<base::NodeId> silent;  // In the order in which they were asked.
  for (const Event& event : events_) {
    if (is_question(event.step) || is_answer(event.step)) std::erase(silent, event.node);
    if (is_question(event.step)) silent.push_back(event.node);
  }
  for (const base::NodeId& node : silent) add(TraceStep::kSilent, node);
  add(TraceStep::kRepliedToClient, base::NodeId{}, status);
}

wire::Trace Trace::view(const base::NodeId& recorder) const {
  wire::Trace trace;
  trace.node = recorder.value();
  trace.left_out = left_out_;
  trace.events.reserve(events_.size());
  for (const Event& event : events_) {
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(event.at);
    trace.events.push_back({static_cast<uint64_t>(at.count()), event.node.value(), event.step,
                            event.is_spare, event.status.code(), event.status.message()});
  }
  return trace;
}

}  // namespace distkv::coordinator
