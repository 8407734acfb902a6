#include "storage/lsm/wal/slot_pool.h"

#include <utility>

#include "base/check.h"
#include "storage/lsm/wal/slot_file.h"

namespace distkv::storage::lsm {

SlotPool::SlotPool(io::FileSystem& files, const LogOptions& options, Executor& background,
                   std::function<void()> changed)
    : files_(files), options_(options), background_(background), changed_(std::move(changed)) {
  DISTKV_CHECK(options.slots_max >= 2 && options.slots_max <= kLogSlotsMax);
}

SlotPool::~SlotPool() {
  if (making_) making_->pool = nullptr;
}

base::Status SlotPool::open(const LogTail& tail) {
  next_number_ = tail.next_segment;
  if (auto status = remove_unfinished_slot(files_, options_); !status.is_ok()) return status;
  for (const LogTail::Segment& segment : tail.segments) {
    if (auto status = add(segment); !status.is_ok()) return status;
  }
  if (has_free()) return {};
  if (auto making = next_making()) {
    making->run();
    finish_making(*making);
  }
  return {};
}

base::Status SlotPool::add(const LogTail::Segment& segment) {
  auto file = files_.open(log_path(options_, segment.name), io::Access::kReadWrite);
  if (!file.is_ok()) return file.status();
  auto bytes = (*file)->size();
  if (!bytes.is_ok()) return bytes.status();
  Slot slot = {.name = segment.name,
               .file = std::move(*file),
               .bytes = *bytes,
               .state = State::kHeld,
               .number = segment.number};
  if (segment.number == SegmentNumber{}) slot.state = state_when_free(slot);
  DISTKV_CHECK(segment.number < next_number_);
  slots_.push_back(std::move(slot));
  return {};
}

std::optional<size_t> SlotPool::find_free() const {
  for (size_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].state == State::kFree) return index;
  }
  return std::nullopt;
}

SlotPool::State SlotPool::state_when_free(const Slot& slot) const {
  return slot.bytes == options_.segment_bytes ? State::kFree : State::kUnusable;
}

SlotPool::Taken SlotPool::take() {
  const auto index = find_free();
  DISTKV_CHECK(index.has_value());
  Slot& slot = slots_[*index];
  slot.state = State::kHeld;
  slot.number = next_number_;
  next_number_ = SegmentNumber{next_number_.value() + 1};
  return {slot.number, slot.file};
}

void SlotPool::prepare() {
  if (room_.is_ok() && !has_free()) start_making();
}

void SlotPool::retry() {
  if (!room_.is_ok() && !has_free()) start_making();
}

void SlotPool::recycle(SegmentNumber floor, SegmentNumber current) {
  bool is_any_free = false;
  for (Slot& slot : slots_) {
    if (slot.state != State::kHeld || slot.number >= floor || slot.number == current) continue;
    slot.state = state_when_free(slot);
    slot.number = SegmentNumber{};
    is_any_free = is_any_free || slot.state == State::kFree;
  }
  if (!is_any_free) return retry();
  room_ = {};
  changed_();
}

uint64_t SlotPool::bytes_held(SegmentNumber current) const {
  uint64_t bytes = 0;
  for (const Slot& slot : slots_) {
    if (slot.state == State::kHeld && slot.number != current) bytes += slot.bytes;
  }
  return bytes;
}

bool SlotPool::is_holding() const {
  for (const Slot& slot : slots_) {
    if (slot.state == State::kHeld) return true;
  }
  return false;
}

std::shared_ptr<SlotPool::Making> SlotPool::next_making() {
  size_t index = 0;
  while (index < slots_.size() && slots_[index].state != State::kUnusable) ++index;
  if (index >= options_.slots_max) {
    room_ = {base::Code::kNoSpace, options_.directory + ": all " + std::to_string(slots_.size()) +
                                       " log segments are still needed; flush to free some"};
    return nullptr;
  }
  return std::make_shared<Making>(Making{.pool = this,
                                         .files = files_,
                                         .options = options_,
                                         .index = index,
                                         .name = log_slot_name(index)});
}

void SlotPool::start_making() {
  if (making_) return;
  auto making = next_making();
  if (!making) return;
  making_ = making;
  background_.run([making] { making->run(); },
                  [making] {
                    if (making->pool == nullptr) return;
                    making->pool->making_.reset();
                    making->pool->finish_making(*making);
                  });
}

void SlotPool::Making::run() {
  auto made = make_log_slot(files, options, name);
  if (made.is_ok()) {
    file = std::move(*made);
  } else {
    status = made.status();
  }
}

void SlotPool::finish_making(Making& making) {
  if (making.status.is_ok()) {
    adopt(making);
    room_ = {};
  } else if (!has_free()) {  // Meanwhile one may have been recycled.
    room_ = making.status;
  }
  changed_();
}

void SlotPool::adopt(Making& making) {
  if (making.index == slots_.size()) slots_.emplace_back();
  slots_[making.index] = {.name = making.name,
                          .file = std::move(making.file),
                          .bytes = options_.segment_bytes,
                          .state = State::kFree,
                          .number = SegmentNumber{}};
}

}  // namespace distkv::storage::lsm
