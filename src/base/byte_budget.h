// Bytes that several owners may hold at once, counted so that none of them takes what the others
// need. It counts; who finds no room decides what to do about it. Single owner.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/check.h"

namespace distkv::base {

class ByteBudget {
 public:
  explicit ByteBudget(size_t max) : max_(max) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  size_t max() const { return max_; }
  size_t held() const { return held_; }
  bool has_room(size_t bytes) const { return held_ + bytes <= max_; }
  // For what is there already: may pass the maximum, and then nobody else finds room.
  void take(size_t bytes) { held_ += bytes; }
  void give_back(size_t bytes) {
    DISTKV_CHECK(bytes <= held_);
    held_ -= bytes;
  }

 private:
  const size_t max_;
  size_t held_ = 0;
};

// What one owner holds of a budget, given back when the owner goes.
class BudgetShare {
 public:
  explicit BudgetShare(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  ~BudgetShare() { budget_->give_back(held_); }
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;

  // False: there is no room, and nothing is taken.
  bool try_take(size_t bytes) {
    if (!budget_->has_room(bytes)) return false;
    take(bytes);
    return true;
  }
  void take(size_t bytes) {
    budget_->take(bytes);
    held_ += bytes;
  }

 private:
  const std::shared_ptr<ByteBudget> budget_;
  size_t held_ = 0;
};

}  // namespace distkv::base
