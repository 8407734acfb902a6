// Commits on their way to frames: each batch becomes one frame, the last one still gathers. Buffers
// are used again, so that nothing is allocated once the largest frame was seen. Invariant: batches
// follow each other without a gap, and each commit lies whole in one. Single owner.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

struct FrameBatch {
  std::string bytes;  // Room for the frame's header, then the payload.
  Sequence first;
  uint32_t commits = 0;

  Sequence last() const { return Sequence{first.value() + commits - 1}; }
};

class FrameQueue {
 public:
  explicit FrameQueue(uint64_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  void append(Sequence sequence, std::span<const LogWrite> writes);

  bool is_empty() const { return batches_.empty(); }
  const FrameBatch& front() const { return batches_.front(); }
  FrameBatch pop_front();
  // Payload bytes in the queue.
  uint64_t bytes() const { return bytes_; }
  // Takes back the buffer of a batch that was written.
  void reuse(std::string buffer);
  // An empty buffer with room for a frame's header.
  std::string buffer();

 private:
  uint64_t payload_bytes_max_;
  std::deque<FrameBatch> batches_;
  uint64_t bytes_ = 0;
  std::vector<std::string> spare_;
};

}  // namespace distkv::storage::lsm
