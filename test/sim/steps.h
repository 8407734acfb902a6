// The faults and operations of a run by name, so that a part of them can be left out while the
// others stay what they are: every one has draws of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/scheduler.h"

namespace distkv::sim {

// What of a run takes place; what is not set: all of it.
struct Selection {
  std::optional<std::set<std::string>> faults;      // "crash#3": the third of its kind.
  std::optional<std::set<std::string>> operations;  // "2#17": the seventeenth of client 2.
  bool is_calm = false;                             // Packets and streams go as they should.
};

struct Step {
  std::string name;
  base::MonotonicTime at{};
  std::string what;
};

struct StepList {
  std::vector<Step> faults;
  std::vector<Step> operations;
};

class Steps {
 public:
  // `scheduler` outlives this. `is_kept`: lists what takes place.
  Steps(const Scheduler& scheduler, Selection selection, bool is_kept)
      : scheduler_(scheduler), selection_(std::move(selection)), is_kept_(is_kept) {}

  // False: it is left out.
  bool takes_fault(const std::string& name) {
    return takes(selection_.faults, {name, scheduler_.now(), "fault"}, list_.faults);
  }
  bool takes_operation(const std::string& name, const std::string& what) {
    return takes(selection_.operations, {name, scheduler_.now(), what}, list_.operations);
  }
  const StepList& list() const { return list_; }

 private:
  bool takes(const std::optional<std::set<std::string>>& selected, Step step,
             std::vector<Step>& list) const {
    if (selected && !selected->contains(step.name)) return false;
    if (is_kept_) list.push_back(std::move(step));
    return true;
  }

  const Scheduler& scheduler_;
  Selection selection_;
  bool is_kept_;
  StepList list_;
};

}  // namespace distkv::sim
