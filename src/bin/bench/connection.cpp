#include "bin/bench/connection.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::bin::bench {

using base::Status;

Connection::Connection(const std::vector<Address>& addresses, size_t slots)
    : addresses_(addresses), slots_(slots) {
  for (size_t i = slots; i > 0; --i) idle_.push_back(static_cast<uint32_t>(i - 1));
}

Status Connection::connect() {
  DISTKV_CHECK(is_closed() && under_way() == 0);
  const Status started = socket_.connect(addresses_[attempts_++ % addresses_.size()]);
  if (!started.is_ok()) return started;
  is_connecting_ = true;
  reader_.emplace(wire::kClientFrameBytesMax);
  return started;
}

Status Connection::finish_connecting() {
  is_connecting_ = false;
  const Status connected = socket_.connected();
  if (!connected.is_ok()) socket_.close();
  return connected;
}

void Connection::close(const std::function<void(const Slot&)>& on_lost) {
  socket_.close();
  is_connecting_ = false;
  unsent_.clear();
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].is_busy) continue;
    slots_[i].is_busy = false;
    idle_.push_back(static_cast<uint32_t>(i));
    on_lost(slots_[i]);
  }
}

Time Connection::oldest(Time now) const {
  Time oldest = now;
  for (const Slot& slot : slots_) {
    if (slot.is_busy) oldest = std::min(oldest, slot.started);
  }
  return oldest;
}

void Connection::queue(const Operation& operation, const RequestTerms& terms,
                       wire::Encoder& encoder, Time now) {
  DISTKV_CHECK(!idle_.empty());
  const uint32_t number = idle_.back();
  idle_.pop_back();
  slots_[number] = {.started = now, .is_read = operation.is_read, .is_busy = true};
  const base::RequestId id{number};
  if (operation.is_read) {
    wire::GetRequest request;
    request.key = operation.key;
    request.timeout = terms.timeout;
    request.consistency = terms.consistency;
    unsent_.append(encoder.encode(request, id));
  } else {
    wire::PutRequest request;
    request.key = operation.key;
    request.value = operation.value;
    request.op_id = operation.op_id;
    request.timeout = terms.timeout;
    request.consistency = terms.consistency;
    unsent_.append(encoder.encode(request, id));
  }
}

bool Connection::flush() {
  if (unsent_.empty()) return true;
  const ssize_t count = socket_.send(unsent_);
  if (count < 0) return false;
  unsent_.erase(0, static_cast<size_t>(count));
  return true;
}

bool Connection::receive(std::span<char> memory, const wire::FrameHandler& on_frame) {
  const ssize_t count = socket_.receive(memory);
  if (count < 0) return false;
  return reader_->feed({memory.data(), static_cast<size_t>(count)}, on_frame).is_ok();
}

std::optional<Slot> Connection::take(base::RequestId id) {
  if (id.value() >= slots_.size() || !slots_[id.value()].is_busy) return std::nullopt;
  Slot& slot = slots_[id.value()];
  slot.is_busy = false;
  idle_.push_back(static_cast<uint32_t>(id.value()));
  return slot;
}

}  // namespace distkv::bin::bench
