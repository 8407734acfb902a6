// The timeline of an operation, as --trace shows it.
#include <algorithm>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

struct StepName {
  std::string_view phrase;
  std::string_view name;  // In JSON.
};

StepName name_of(TraceStep step) {
  switch (step) {
    case TraceStep::kAskedToWrite:
      return {"asked to write", "asked to write"};
    case TraceStep::kAskedForRecord:
      return {"asked for the record", "asked for record"};
    case TraceStep::kAskedForDigest:
      return {"asked for a digest", "asked for digest"};
    case TraceStep::kAskedToTakeMerged:
      return {"asked to take the merged record", "asked to take merged"};
    case TraceStep::kMinted:
      return {"made the write visible", "minted"};
    case TraceStep::kAnswered:
      return {"answered", "answered"};
    case TraceStep::kStale:
      return {"turned out stale", "stale"};
    case TraceStep::kFailed:
      return {"failed", "failed"};
    case TraceStep::kSilent:
      return {"had not answered", "silent"};
    case TraceStep::kPassedOver:
      return {"not asked, believed dead", "passed over"};
    case TraceStep::kHinted:
      return {"gets a hint", "hinted"};
    case TraceStep::kForwarded:
      return {"handed the request", "forwarded"};
    case TraceStep::kRepliedToClient:
      break;
  }
  return {"client answered", "replied"};
}

std::string padded(std::string text, size_t width, bool is_right) {
  const std::string blanks(width - std::min(width, text.size()), ' ');
  return is_right ? blanks + text : text + blanks;
}

std::string event_text(const TraceEvent& event, size_t node_width) {
  std::string line = padded(std::to_string(event.at.count()), 9, true) + " us  " +
                     padded(event.node, node_width, false) + "  ";
  line.append(name_of(event.step).phrase);
  if (event.is_spare) line += " as a spare";
  if (!event.text.empty()) line += ": " + event.text;
  return line + "\n";
}

std::string event_json(const TraceEvent& event) {
  JsonObject object;
  object.number("at_us", static_cast<uint64_t>(event.at.count()));
  if (!event.node.empty()) object.bytes("node", event.node);
  object.bytes("step", name_of(event.step).name);
  if (event.is_spare) object.boolean("spare", true);
  if (!event.text.empty()) object.bytes("text", event.text);
  return object.text();
}

}  // namespace

std::string trace_text(const Trace& trace) {
  size_t node_width = 0;
  for (const TraceEvent& event : trace.events) {
    node_width = std::max(node_width, event.node.size());
  }
  std::string text = "Trace by " + trace.node + ":\n";
  for (const TraceEvent& event : trace.events) text += event_text(event, node_width);
  if (trace.left_out == 0) return text;
  return text + "  " + std::to_string(trace.left_out) + " more events were left out\n";
}

std::string trace_json(const Trace& trace) {
  std::vector<std::string> events;
  for (const TraceEvent& event : trace.events) events.push_back(event_json(event));
  JsonObject object;
  object.bytes("node", trace.node).json("events", json_array(events));
  return object.number("left_out", trace.left_out).text();
}

}  // namespace distkv::bin::cli
