// Keeps the hash tree equal to the store: builds what is not known to be right, and now and then
// reads everything again to see that it still is.
//
//   a section: copy its leaves, take a snapshot at the same moment → scan the snapshot page by page
//   and take each record's hash out of the copy → what is left is the error the leaves had at that
//   moment; XOR it into the leaves as they are by now.
//
// Building and verifying are the same: a section that was never built is just all wrong. Writes go
// on meanwhile and need no bookkeeping, since the snapshot fixes which of them are in the copy and
// in the scan alike, and XOR lets the error be taken out later.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/timers.h"
#include "replica/hash_tree.h"
#include "storage/engine.h"

namespace distkv::repair {

inline constexpr size_t kSurveyItems = 512;  // In one page: about a millisecond of a reader.
// Between pages: at least two thirds of a reader's time are left to others.
inline constexpr base::Duration kSurveyPause = std::chrono::milliseconds(2);
inline constexpr base::Duration kSurveyYield = std::chrono::milliseconds(100);
inline constexpr double kSurveyPressureMax = 0.5;
// A snapshot pins tables: one that had to yield this often (a minute) is given up.
inline constexpr uint32_t kSurveyYieldsMax = 600;
// After a failed scan: damage takes a repair, which takes a while.
inline constexpr base::Duration kSurveyRetry = std::chrono::seconds(2);
// Between sections that are only verified: all of them in a bit more than ten hours.
inline constexpr base::Duration kVerifyInterval = std::chrono::minutes(40);

class TreeSurvey {
 public:
  // All must outlive this.
  TreeSurvey(storage::Engine& engine, replica::HashTree& tree, base::Timers& timers,
             base::Log& log);
  ~TreeSurvey() { stop(); }

  void start();
  void stop();
  // Records of these tokens may have changed without the tree being told.
  void doubt(const storage::Range& range);
  // Leaves that were believed right and found wrong.
  uint64_t mismatches() const { return mismatches_; }

 private:
  struct Section {
    uint32_t number = 0;
    bool is_verified = false;  // It was ready when the survey of it began.
    bool is_doubted = false;   // Since then.
    uint32_t yields = 0;
    std::vector<uint64_t> error;
    std::unique_ptr<storage::Snapshot> snapshot;
    std::optional<storage::Cursor> after;
  };

  void go_on(base::Duration delay, void (TreeSurvey::*step)());
  bool is_damaged(uint32_t section) const;
  void next_section();
  void begin(uint32_t number);
  void scan_page();
  void take(const base::Result<storage::Page>& page);
  void finish();
  void give_up(const std::string& why);

  storage::Engine& engine_;
  replica::HashTree& tree_;
  base::Timers& timers_;
  base::Log& log_;
  uint32_t next_verified_ = 0;
  std::shared_ptr<Section> section_;  // The one under way.
  uint64_t mismatches_ = 0;
  base::TimerId timer_;
};

}  // namespace distkv::repair
