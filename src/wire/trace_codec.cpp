#include "wire/trace_codec.h"

#include "wire/client_generated.h"

namespace distkv::wire {

static flatbuffers::Offset<fb::TraceEvent> encode_event(FrameBuilder& builder,
                                                        const TraceEvent& event) {
  const TextOffset node = builder.text(event.node);
  const TextOffset text = builder.text(event.text.substr(0, kTraceTextBytesMax));
  return fb::CreateTraceEvent(builder.flat, event.at_us, node, static_cast<uint8_t>(event.step),
                              event.is_spare, static_cast<uint8_t>(event.code), text);
}

flatbuffers::Offset<fb::Trace> encode_trace(FrameBuilder& builder,
                                            const std::optional<Trace>& trace) {
  if (!trace) return 0;
  const TextOffset node = builder.text(trace->node);
  const auto events = builder.tables<fb::TraceEvent>(trace->events, encode_event);
  return fb::CreateTrace(builder.flat, node, events, trace->left_out);
}

std::optional<Trace> read_trace(const fb::Trace* table, Checks& checks) {
  if (table == nullptr) return std::nullopt;
  Trace trace;
  trace.node = checks.optional_node_id(view(table->node()), "trace.node");
  read_each(
      table->events(), trace.events, kTraceEventsMax, "trace.events", checks,
      [&](const fb::TraceEvent* event) {
        return TraceEvent{
            .at_us = event->at_us(),
            .node = checks.optional_node_id(view(event->node()), "trace.events.node"),
            .step = checks.enumeration(event->step(), TraceStep::kAskedToWrite,
                                       TraceStep::kRepliedToClient, "trace.events.step"),
            .is_spare = event->is_spare(),
            .code = checks.code(event->code()),
            .text = checks.bytes(view(event->text()), kTraceTextBytesMax, "trace.events.text")};
      });
  trace.left_out = table->left_out();
  return trace;
}

}  // namespace distkv::wire
