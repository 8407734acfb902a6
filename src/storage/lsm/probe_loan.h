// A probe for the length of a call and its callbacks, which may need probes of their own: taken
// from those that are free, given back at the end. Single owner.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "storage/lsm/version.h"

namespace distkv::storage::lsm {

class ProbeLoan {
 public:
  // `free` must outlive this.
  explicit ProbeLoan(std::vector<std::unique_ptr<Probe>>& free) : free_(free) {
    if (free_.empty()) free_.push_back(std::make_unique<Probe>());
    probe_ = std::move(free_.back());
    free_.pop_back();
    probe_->damage = {};
  }
  ~ProbeLoan() { free_.push_back(std::move(probe_)); }
  ProbeLoan(const ProbeLoan&) = delete;
  ProbeLoan& operator=(const ProbeLoan&) = delete;
  Probe& operator*() { return *probe_; }

 private:
  std::vector<std::unique_ptr<Probe>>& free_;
  std::unique_ptr<Probe> probe_;
};

}  // namespace distkv::storage::lsm
