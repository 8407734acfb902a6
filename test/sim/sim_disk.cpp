#include "sim/sim_disk.h"

#include <utility>

#include "base/check.h"

namespace distkv::sim {

SimDisk::SimDisk(Scheduler& scheduler, base::Rng rng, Hand hand)
    : scheduler_(scheduler), rng_(rng), hand_(std::move(hand)) {}

void SimDisk::append(std::vector<storage::Write> batch, storage::Done durable) {
  pending_.push_back({std::move(batch), std::move(durable)});
  if (!is_syncing_) start_sync();
}

void SimDisk::start_sync() {
  is_syncing_ = true;
  // The group is what waits when the sync starts; what comes meanwhile waits for the next one.
  scheduler_.after(draw(rng_, sync_delay_), [this, life = life_, batches = pending_.size()] {
    if (life == life_) finish_sync(batches);
  });
}

void SimDisk::finish_sync(size_t batches) {
  std::vector<storage::Done> group;
  group.reserve(batches);
  for (size_t i = 0; i < batches; ++i) {
    keep(std::move(pending_.front().batch));
    group.push_back(std::move(pending_.front().durable));
    pending_.pop_front();
  }
  hand_([this, group = std::move(group)]() mutable { answer(std::move(group)); });
}

void SimDisk::answer(std::vector<storage::Done> group) {
  // A writer that goes on from within its answer joins the next group.
  for (const storage::Done& durable : group) durable(base::Status::ok());
  is_syncing_ = false;
  if (!pending_.empty()) start_sync();
}

void SimDisk::keep(std::vector<storage::Write> batch) {
  for (storage::Write& write : batch) {
    Key key{write.space, write.token, std::move(write.key)};
    if (write.entry) {
      durable_.insert_or_assign(std::move(key), *std::move(write.entry));
    } else {
      durable_.erase(key);
    }
  }
}

void SimDisk::crash() {
  ++life_;
  is_syncing_ = false;
  enum : uint64_t { kLoseAll, kKeepAll, kKeepSome, kWays };
  const uint64_t way = rng_.below(kWays);
  size_t kept = way == kKeepAll ? pending_.size() : 0;
  if (way == kKeepSome && !pending_.empty()) kept = rng_.between(0, pending_.size());
  for (size_t i = 0; i < kept; ++i) keep(std::move(pending_[i].batch));
  pending_.clear();
}

void SimDisk::wipe() {
  DISTKV_CHECK(pending_.empty());
  durable_.clear();
}

std::vector<storage::Write> SimDisk::contents() const {
  std::vector<storage::Write> writes;
  writes.reserve(durable_.size());
  for (const auto& [key, entry] : durable_) {
    const auto& [space, token, name] = key;
    writes.push_back({space, token, name, entry});
  }
  return writes;
}

}  // namespace distkv::sim
