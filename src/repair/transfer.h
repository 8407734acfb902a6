// Fills the new replicas of partitions that moved: every old replica sends all it holds of them,
// whole records, and reports when all of it is durable there.
//
// While this runs both layouts are live, so requests are right from the first moment; the layout
// before is retired only when every old replica has reported. Records merge, so a transfer that
// starts over after a crash does no harm.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/timers.h"
#include "replica/replicas.h"
#include "ring/layout.h"
#include "ring/placement.h"
#include "storage/engine.h"

namespace distkv::repair {

inline constexpr size_t kTransferItemsInFlight = 64;       // Records on the way to new replicas.
inline constexpr size_t kTransferBytesInFlight = 1 << 20;  // Their size, about.
inline constexpr base::Duration kTransferRetryInterval = std::chrono::milliseconds(200);

class Transfer {
 public:
  // All must outlive this. `done` runs once, when everything is durable at its new replicas.
  // `layouts` must be unsettled.
  Transfer(ring::LiveLayouts layouts, storage::Engine& engine, replica::Replicas& replicas,
           const replica::Holdings& holdings, base::Timers& timers, base::Log& log,
           base::Duration replica_timeout, std::function<void()> done);
  ~Transfer();

  void start();

 private:
  // Callbacks that outlive the transfer find this gone.
  struct Life {};
  // Neighbouring partitions that go to the same targets are sent as one stretch.
  struct Stretch {
    base::PartitionId first;
    base::PartitionId last;
    std::vector<base::NodeId> targets;
  };
  struct Sending {
    size_t item = 0;
    size_t target = 0;  // Of the stretch.
  };
  struct Page {
    std::vector<storage::Item> items;
    bool is_last = true;
    std::optional<storage::Cursor> last;
    // What no target has taken yet. A busy one takes some of a page at a time: what it took is not
    // sent again, or a page might never get through.
    std::vector<Sending> open;
    size_t waiting = 0;
  };

  void add(const ring::Move& move);
  void next_stretch();
  void tell_horizons();
  void scan_page();
  void send_page(const std::shared_ptr<Page>& page);
  void finish_one(const std::shared_ptr<Page>& page);
  void retry_later(std::function<void()> again);
  template <typename Callback>
  auto guarded(Callback callback);

  ring::LiveLayouts layouts_;
  storage::Engine& engine_;
  replica::Replicas& replicas_;
  const replica::Holdings& holdings_;
  base::Timers& timers_;
  base::Log& log_;
  base::Duration replica_timeout_;
  std::function<void()> done_;
  std::vector<Stretch> stretches_;  // Those this node is a source of.
  size_t stretch_ = 0;              // The one under way.
  std::optional<storage::Cursor> after_;
  uint64_t records_sent_ = 0;
  base::TimerId timer_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace distkv::repair
