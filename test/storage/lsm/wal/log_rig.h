// A log under a test's hand: executors that run at once or step by step, commits by number, and
// what replay gives back as text.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/executor.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm::test {

class InlineExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
  }
};

// Holds items until told; in order.
class SteppedExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    items_.push_back({std::move(work), std::move(done)});
  }
  size_t size() const { return items_.size(); }
  // Work and done of the oldest item.
  void step();
  void settle();
  // The host stops: nothing of what is left runs.
  void drop() { items_.clear(); }

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
  };
  std::deque<Item> items_;
};

inline constexpr uint64_t kSmallSegmentBytes = 32 * 1024;

// Segments of eight pages, frames of up to four.
LogOptions small_options(const std::string& directory);

// The commit every test writes under a number: a put and, every third time, an erasure.
struct Commit {
  explicit Commit(uint64_t number, size_t value_bytes = 40);
  std::vector<LogWrite> writes() const;

  std::string key;
  std::string value;
  EntryView entry;
  uint64_t number;
};
// The same as text, one line.
std::string text_of_commit(uint64_t number, size_t value_bytes = 40);

// A log with its executors; tells what it was told.
class LogRig {
 public:
  LogRig(io::FileSystem& files, const LogOptions& options, const LogTail& tail = {});

  Log& log() { return *log_; }
  const base::Status& opened() const { return opened_; }
  // Appends the next commit.
  void append(size_t value_bytes = 40);
  // Appends, writes out with a sync.
  void commit(size_t value_bytes = 40);
  // Lets both executors run dry.
  void settle();
  // Closes, settles, and gives the answer.
  base::Status close();
  void drop() { log_.reset(); }

  SteppedExecutor log_thread;
  SteppedExecutor background;
  Sequence appended;
  Sequence told_synced;   // Newest sequence reported as on disk.
  Sequence told_written;  // Newest reported as written.
  base::Status failure;
  size_t tellings = 0;
  std::function<void()> on_written;

 private:
  void written(Sequence through, bool is_synced, const base::Status& status);

  base::Status opened_;
  std::unique_ptr<Log> log_;
};

// What replay found: the commits as text, a line each, and the tail.
struct Replayed {
  base::Status status;
  LogTail tail;
  std::vector<std::string> commits;
  std::vector<Sequence> sequences;
};
Replayed replay(io::FileSystem& files, const LogOptions& options, uint64_t floor = 1,
                uint64_t flushed = 0);

}  // namespace distkv::storage::lsm::test
