// Which files are free for the next segment, which are held by one that is still needed, and the
// making of new ones ahead of need. Invariants: a number is given once; a slot is free only if
// nothing in it will be read again; at most one slot is being made. Single owner; files are made on
// `background`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/executor.h"
#include "storage/io/file_system.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

class SlotPool {
 public:
  // `changed` is called when a slot was made or recycled, or could not be made.
  SlotPool(io::FileSystem& files, const LogOptions& options, Executor& background,
           std::function<void()> changed);
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  // Takes over what replay found and makes a slot if none is free. Blocks. Failing to make one is
  // not an error here: room() says it.
  base::Status open(const LogTail& tail);

  struct Taken {
    SegmentNumber number;
    std::shared_ptr<io::File> file;
  };
  bool has_free() const { return find_free().has_value(); }
  // Gives the next number to a free slot; there must be one.
  Taken take();
  // The number take() gives next.
  SegmentNumber next_number() const { return next_number_; }

  // Sees to it that a slot is free soon. Does nothing while room() fails.
  void prepare();
  // One more attempt, if room() fails.
  void retry();
  // Segments below `floor` are free, but for `current`.
  void recycle(SegmentNumber floor, SegmentNumber current);
  const base::Status& room() const { return room_; }

  // Bytes of the segments held, but for `current`.
  uint64_t bytes_held(SegmentNumber current) const;
  bool is_holding() const;

 private:
  enum class State : uint8_t {
    kUnusable,  // Not there, or not of the right size: made anew before use.
    kFree,
    kHeld,
  };
  struct Slot {
    std::string name;
    std::shared_ptr<io::File> file;
    uint64_t bytes = 0;
    State state = State::kUnusable;
    SegmentNumber number;
  };
  // One making of a slot; outlives the pool if it must.
  struct Making {
    SlotPool* pool;  // Null once the pool is gone.
    io::FileSystem& files;
    LogOptions options;
    size_t index;
    std::string name;
    base::Status status;
    std::shared_ptr<io::File> file;

    void run();
  };

  std::optional<size_t> find_free() const;
  State state_when_free(const Slot& slot) const;
  base::Status add(const LogTail::Segment& segment);
  // The slot to make next; nullopt, and room() says so, if there are as many as may be.
  std::shared_ptr<Making> next_making();
  void start_making();
  void finish_making(Making& making);
  void adopt(Making& making);

  io::FileSystem& files_;
  const LogOptions options_;
  Executor& background_;
  const std::function<void()> changed_;
  std::vector<Slot> slots_;
  SegmentNumber next_number_{1};
  std::shared_ptr<Making> making_;
  base::Status room_;
};

}  // namespace distkv::storage::lsm
