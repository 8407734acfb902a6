// What rumours missed: where a peer's table differs from ours while ours is at rest, the two are
// exchanged whole over a stream (the anti-entropy of SWIM's successors).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "membership/environment.h"
#include "membership/table.h"
#include "wire/messages.h"

namespace distkv::membership {

class Exchange {
 public:
  using OnUpdate = std::function<void(const wire::MemberUpdate&)>;

  // References must outlive this. `on_update` gets each row of a peer's table.
  Exchange(const Environment& environment, Table& table, OnUpdate on_update);

  // Rumours are about to do the work: holds off comparing for a moment.
  void note_change() { last_change_ = environment_.clock.now(); }
  // `peer` said its table has `digest`. At most one exchange at a time, and one a second.
  void compare(const base::NodeId& peer, uint64_t digest);
  // Forgets the exchange under way.
  void stop() { current_.reset(); }

 private:
  void on_answer(const base::Result<wire::FrameView>& answer);

  Environment environment_;
  Table& table_;
  OnUpdate on_update_;
  base::MonotonicTime last_change_{};
  std::optional<base::MonotonicTime> last_begin_;
  // Calls cannot be taken back; an answer that finds its token gone is dropped.
  std::shared_ptr<const bool> current_;
};

}  // namespace distkv::membership
