// Counts answers: whatever is asked of a store must be answered exactly once.
#pragma once

#include <cstddef>
#include <memory>

namespace distkv::storage::lsm::test {

class Tickets {
 public:
  // Goes with one question; copies stand for the same one. May outlive the counter.
  class Ticket {
   public:
    explicit Ticket(std::shared_ptr<Tickets> counter) : counter_(std::move(counter)) {}
    void answer() const {
      counter_->repeated_ += *is_answered_ ? 1 : 0;
      counter_->open_ -= *is_answered_ ? 0 : 1;
      *is_answered_ = true;
    }

   private:
    std::shared_ptr<Tickets> counter_;
    std::shared_ptr<bool> is_answered_ = std::make_shared<bool>(false);
  };

  static Ticket take(const std::shared_ptr<Tickets>& counter) {
    ++counter->open_;
    return Ticket(counter);
  }
  size_t open() const { return open_; }          // Not answered yet.
  size_t repeated() const { return repeated_; }  // Answers too many.

 private:
  size_t open_ = 0;
  size_t repeated_ = 0;
};

}  // namespace distkv::storage::lsm::test
