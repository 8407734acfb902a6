#include "storage/lsm/wal/frame_queue.h"

#include <utility>

#include "base/check.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {
namespace {

// One gathers while one is written; more would only hold memory.
constexpr size_t kSpareBuffersMax = 2;

uint64_t bytes_max_of(std::span<const LogWrite> writes) {
  uint64_t bytes = 1;  // The count of a commit without writes.
  for (const LogWrite& write : writes) bytes += Log::bytes_of(write);
  return bytes;
}

}  // namespace

void FrameQueue::append(Sequence sequence, std::span<const LogWrite> writes) {
  const uint64_t bytes_max = bytes_max_of(writes);
  DISTKV_CHECK(bytes_max <= payload_bytes_max_ + 1);
  const uint64_t frame_bytes_max = kFrameHeaderBytes + payload_bytes_max_;
  if (batches_.empty() || batches_.back().bytes.size() + bytes_max > frame_bytes_max) {
    batches_.push_back({.bytes = buffer(), .first = sequence});
  }
  FrameBatch& batch = batches_.back();
  DISTKV_CHECK(sequence.value() == batch.first.value() + batch.commits);
  const size_t before = batch.bytes.size();
  encode_commit(writes, batch.bytes);
  DISTKV_DCHECK(batch.bytes.size() - before <= bytes_max);
  ++batch.commits;
  bytes_ += batch.bytes.size() - before;
}

FrameBatch FrameQueue::pop_front() {
  FrameBatch batch = std::move(batches_.front());
  batches_.pop_front();
  bytes_ -= batch.bytes.size() - kFrameHeaderBytes;
  return batch;
}

void FrameQueue::reuse(std::string buffer) {
  if (spare_.size() < kSpareBuffersMax) spare_.push_back(std::move(buffer));
}

std::string FrameQueue::buffer() {
  std::string buffer;
  if (!spare_.empty()) {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  buffer.assign(kFrameHeaderBytes, '\0');
  return buffer;
}

}  // namespace distkv::storage::lsm
