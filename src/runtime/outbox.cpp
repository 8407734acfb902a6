#include "runtime/outbox.h"

#include <algorithm>

#include "runtime/stream.h"

namespace distkv::runtime {

Outbox::Outbox(Loop& loop, NetworkStats& stats)
    : loop_(loop), stats_(stats), read_buffer_(kReadBufferBytes) {}

void Outbox::add(Stream& stream) {
  waiting_.push_back(&stream);
  loop_.request_turn();  // Matters only when a turn is just ending.
}

void Outbox::remove(Stream& stream) {
  std::replace(waiting_.begin(), waiting_.end(), &stream, static_cast<Stream*>(nullptr));
  std::replace(flushing_.begin(), flushing_.end(), &stream, static_cast<Stream*>(nullptr));
}

void Outbox::flush() {
  flushing_.swap(waiting_);
  for (size_t i = 0; i < flushing_.size(); ++i) {
    Stream* const stream = flushing_[i];
    if (stream == nullptr) continue;
    flushing_[i] = nullptr;
    stream->is_in_outbox_ = false;
    stream->flush();
  }
  flushing_.clear();
}

}  // namespace distkv::runtime
