#include "history/key_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include "history/writes.h"

namespace distkv::history {

using wire::Consistency;

namespace {

constexpr size_t kLevels = 3;

size_t index_of(Consistency level) { return static_cast<size_t>(level); }

// True if a read at one level meets every write acknowledged at the other.
bool do_meet(Consistency read, Consistency write, bool has_quorums) {
  if (read == Consistency::kAll || write == Consistency::kAll) return true;
  return has_quorums && read == Consistency::kQuorum && write == Consistency::kQuorum;
}

// What a read must have seen, as it was when the read began.
struct Required {
  Coverage written;
  Coverage read;
  Coverage session;
};

class KeyCheck {
 public:
  KeyCheck(const History& history, const std::vector<size_t>& places, const Writers& writers,
           const Promises& promises, Verdict& verdict)
      : history_(history),
        places_(places),
        writers_(writers),
        promises_(promises),
        verdict_(verdict),
        writes_(writes_of(history, places)) {
    for (const Write& write : writes_) by_place_.emplace(write.place, &write);
  }

  void run() {
    for (const Moment& moment : moments_of(history_, places_)) {
      const Operation& operation = history_[moment.place];
      if (!operation.is_ok()) continue;
      if (!moment.is_return) {
        begin(moment.place);
      } else if (operation.is_read()) {
        end_read(moment.place);
      } else {
        end_write(moment.place);
      }
    }
  }

 private:
  void begin(size_t place) {
    const Operation& operation = history_[place];
    if (!operation.is_read()) return;
    Required& required = required_[place];
    required.written = written_[index_of(operation.consistency)];
    if (operation.in_session) required.session = tokens_[operation.client];
    if (!operation.is_strict()) return;
    required.read = read_;
    required.session.merge(sessions_[operation.client]);
  }

  void end_write(size_t place) {
    const Operation& operation = history_[place];
    const Write& write = *by_place_.at(place);
    if (operation.in_session) tokens_[operation.client].merge(operation.seen);
    if (promises_.keeps_disks) {
      for (const Consistency level : {Consistency::kOne, Consistency::kQuorum, Consistency::kAll}) {
        if (!do_meet(level, operation.consistency, promises_.has_quorums)) continue;
        written_[index_of(level)].merge(operation.seen);
      }
      if (promises_.has_quorums && operation.is_strict()) {
        sessions_[operation.client].merge(operation.seen);
      }
    }
    judge_receipt(write);
    if (write.is_exact && operation.kind == Kind::kPut && !operation.expires) {
      awaited_.push_back(&write);
    }
  }

  void end_read(size_t place) {
    const Operation& read = history_[place];
    judge_order(place, required_[place]);
    required_.erase(place);
    for (const std::string& value : read.values) judge_value(place, value);
    judge_absence(place);
    if (read.in_session) tokens_[read.client].merge(read.seen);
    if (!promises_.keeps_disks || !promises_.is_monotonic || !read.is_strict()) return;
    read_.merge(read.seen);
    sessions_[read.client].merge(read.seen);
  }

  // ---- Contexts: what a read must have seen.

  // Contexts may not speak of it any more.
  bool may_be_collected(const Operation& read) const {
    return !promises_.keeps_tombstones &&
           std::any_of(writes_.begin(), writes_.end(), [&read](const Write& write) {
             const Operation& operation = *write.operation;
             return (operation.kind == Kind::kDelete || operation.expires) &&
                    operation.invoked_at < *read.returned_at;
           });
  }

  void judge_order(size_t place, const Required& required) {
    const Operation& read = history_[place];
    if (may_be_collected(read)) return;
    if (!read.seen.includes(required.session)) {
      report(Fault::kSession, place,
             unseen(place,
                    [&](const Operation& other) {
                      const bool counts = read.in_session ? other.in_session : other.is_strict();
                      return other.client == read.client && counts;
                    }),
             "does not show what its own client wrote or read before");
    }
    if (!read.seen.includes(required.written)) {
      report(read.is_final ? Fault::kLost : Fault::kStale, place,
             unseen(place,
                    [&](const Operation& other) {
                      return !other.is_read() &&
                             do_meet(read.consistency, other.consistency, promises_.has_quorums);
                    }),
             "has not seen a write that was acknowledged before it began");
    }
    if (!read.seen.includes(required.read)) {
      report(Fault::kNonMonotonic, place,
             unseen(place,
                    [](const Operation& other) { return other.is_read() && other.is_strict(); }),
             "has not seen what an earlier read had seen");
    }
  }

  // The last operation of those meant that ended before the read began and saw more than it.
  template <typename Meant>
  std::vector<size_t> unseen(size_t place, Meant is_meant) const {
    const Operation& read = history_[place];
    const size_t* found = nullptr;
    for (const size_t& other_place : places_) {
      const Operation& other = history_[other_place];
      if (!other.is_ok() || *other.returned_at >= read.invoked_at || !is_meant(other)) continue;
      if (read.seen.includes(other.seen)) continue;
      if (found == nullptr || *history_[*found].returned_at < *other.returned_at) {
        found = &other_place;
      }
    }
    return found == nullptr ? std::vector<size_t>{} : std::vector<size_t>{*found};
  }

  // ---- Values: what a read must show, and what it must not.

  void judge_value(size_t place, const std::string& value) {
    const Operation& read = history_[place];
    const auto writer = writers_.find(value);
    if (writer == writers_.end()) {
      return report(Fault::kUnwritten, place, {}, "shows '" + value + "', which nobody ever put");
    }
    const Operation& put = history_[writer->second];
    if (put.key != read.key || put.invoked_at > *read.returned_at) {
      return report(Fault::kUnwritten, place, {writer->second},
                    "shows '" + value + "' before it was put, or from another key");
    }
    if (put.outcome == Outcome::kRefused) {
      return report(Fault::kAborted, place, {writer->second},
                    "shows '" + value + "', whose put was refused");
    }
    judge_shown(place, *by_place_.at(writer->second));
  }

  void judge_shown(size_t place, const Write& shown) {
    if (is_forgetful_) return;
    const Operation& read = history_[place];
    for (auto later = after(shown); later != writes_.end(); ++later) {
      if (later->operation->invoked_at > *read.returned_at) return;
      if (!surely_supersedes(*later, shown) || !has_seen(read, *later)) continue;
      return report(Fault::kResurrected, place, {shown.place, later->place},
                    "shows '" + shown.operation->value + "' and has seen what superseded it");
    }
  }

  std::vector<Write>::const_iterator after(const Write& write) const {
    return writes_.begin() + (&write - writes_.data()) + 1;
  }

  static bool shows(const Operation& read, const Write& write) {
    return std::find(read.values.begin(), read.values.end(), write.operation->value) !=
           read.values.end();
  }

  static bool has_seen(const Operation& read, const Write& write) {
    if (surely_covers(read.seen, write)) return true;
    return write.operation->kind == Kind::kPut && shows(read, write);
  }

  // What is covered, not shown, and cannot have been superseded is gone.
  void judge_absence(size_t place) {
    const Operation& read = history_[place];
    std::erase_if(awaited_, [&read](const Write* write) {
      return write->superseded_from <= *read.returned_at;
    });
    if (!read.is_complete()) return;
    for (const Write* write : awaited_) {
      if (!surely_covers(read.seen, *write) || shows(read, *write)) continue;
      report(Fault::kLost, place, {write->place},
             "does not show '" + write->operation->value +
                 "', which was acknowledged and which nothing can have superseded");
    }
  }

  // A receipt covers its own write. It also keeps what its client knew, unless that knowledge grew
  // too long (causality/record.h): from then on a context no longer tells all it stands for.
  void judge_receipt(const Write& write) {
    if (write.context != nullptr && !write.operation->seen.includes(*write.context)) {
      is_forgetful_ = true;
    }
    if (!write.is_exact || !write.dots.empty()) return;
    report(Fault::kSession, write.place, {}, "was acknowledged with a context that lacks it");
  }

  void report(Fault fault, size_t place, std::vector<size_t> others, const std::string& what) {
    ++verdict_.counts[static_cast<size_t>(fault)];
    if (verdict_.violations.size() >= kViolationsMax) return;
    others.insert(others.begin(), place);
    verdict_.violations.push_back({fault, history_[place].key, what, std::move(others)});
  }

  const History& history_;
  const std::vector<size_t>& places_;
  const Writers& writers_;
  const Promises& promises_;
  Verdict& verdict_;
  const std::vector<Write> writes_;  // In order of invocation.
  std::map<size_t, const Write*> by_place_;

  std::map<size_t, Required> required_;    // Of the reads under way.
  std::array<Coverage, kLevels> written_;  // What a read at each level must have seen.
  Coverage read_;
  std::map<uint32_t, Coverage> sessions_;  // Of strict operations alone, by client.
  std::map<uint32_t, Coverage> tokens_;    // Of operations in a session, at any level.
  std::vector<const Write*> awaited_;      // Acknowledged, and not yet perhaps superseded.
  bool is_forgetful_ = false;
};

}  // namespace

void check_key(const History& history, const std::vector<size_t>& places, const Writers& writers,
               const Promises& promises, Verdict& verdict) {
  KeyCheck(history, places, writers, promises, verdict).run();
}

}  // namespace distkv::history
