// The timeline of one operation, kept only for who asked for it: whom it asked for what, what came
// of that, and when the client was answered. Its times count from its making, by the host's clock,
// which may stand still within one turn of the host. It ends with the answer: what replicas do
// later is in no timeline.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "wire/messages.h"

namespace distkv::coordinator {

class Trace {
 public:
  // `clock` must outlive this.
  explicit Trace(const base::Clock& clock) : clock_(clock), started_(clock.now()) {}

  // Past wire::kTraceEventsMax events are counted and left out, but for the last.
  void add(wire::TraceStep step, const base::NodeId& node, const base::Status& status = {},
           bool is_spare = false);
  // The client is answered so: the last event, after those of who was asked and kept silent.
  void close(const base::Status& status);

  // Views this and `recorder`.
  wire::Trace view(const base::NodeId& recorder) const;

 private:
  struct Event {
    base::Duration at{};
    base::NodeId node;
    wire::TraceStep step = wire::TraceStep::kAskedToWrite;
    bool is_spare = false;
    base::Status status;
  };

  const base::Clock& clock_;
  const base::MonotonicTime started_;
  std::vector<Event> events_;
  uint32_t left_out_ = 0;
};

}  // namespace distkv::coordinator
