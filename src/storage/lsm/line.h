// Operations that wait because an earlier one on their key waits for a read from disk. Per key
// first come, first served; other keys are not held up.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "storage/engine.h"

namespace distkv::storage::lsm {

class Line {
 public:
  // Runs when it is the operation's turn. False: it went to the disk and keeps its place at the
  // front until release().
  using Turn = std::function<bool()>;

  static std::string name_of(const KeyRef& key);

  bool is_empty() const { return queues_.empty(); }
  size_t size() const { return size_; }
  bool holds(const KeyRef& key) const { return !queues_.empty() && queues_.contains(name_of(key)); }

  // The operation at the front of a new queue: it is at the disk already.
  void open(const std::string& name);
  // Behind those that wait for the key already.
  void join(const std::string& name, Turn turn);
  // The front is done: the next ones have their turns, until one goes to the disk or none is left.
  void release(const std::string& name);

 private:
  struct Queue {
    std::deque<Turn> turns;
    bool is_running = false;   // A turn is running, in a call further up.
    bool is_released = false;  // And what it sent to the disk has come back already.
  };
  std::unordered_map<std::string, Queue> queues_;  // Only looked up, never walked.
  size_t size_ = 0;
};

}  // namespace distkv::storage::lsm
