#include "storage/io/sim_file.h"

#include <algorithm>

namespace distkv::storage::io::test {

SimFile::SimFile(std::shared_ptr<SimDevice> device, std::string path, NodeId node, Access access)
    : device_(std::move(device)),
      path_(std::move(path)),
      node_(node),
      access_(access),
      life_(device_->life) {
  ++inode().opens;
}

SimFile::~SimFile() {
  if (device_->life != life_) return;
  --inode().opens;
  device_->collect(node_);
}

base::Status SimFile::check_alive() const {
  if (device_->life == life_) return device_->check_up(path_);
  return {base::Code::kIo, path_ + ": crashed"};
}

base::Status SimFile::check_writable(const char* call) const {
  base::Status status = check_alive();
  if (!status.is_ok() || access_ != Access::kRead) return status;
  return failure(path_, call, "Bad file descriptor");
}

size_t SimFile::moved_of(size_t count, Effect effect) {
  return effect == Effect::kShort && count > 1 ? 1 + device_->rng.below(count - 1) : count;
}

void SimFile::read(uint64_t offset, std::span<char> into, Effect effect) {
  const bool is_wrong = effect == Effect::kMisread || effect == Effect::kDecay;
  if (!is_wrong || into.empty()) return inode().current().read(offset, into);
  const size_t at = device_->rng.below(into.size());
  const char bit = static_cast<char>(1U << device_->rng.below(8));
  if (effect == Effect::kDecay) inode().flip(offset + at, bit);
  inode().current().read(offset, into);
  if (effect == Effect::kMisread) into[at] = static_cast<char>(into[at] ^ bit);
}

base::Result<Moved> SimFile::read_some(uint64_t offset, std::span<char> into) {
  base::Status status = check_alive();
  if (!status.is_ok()) return status;
  const auto start = device_->start(Operation::kRead, path_);
  if (!start.status.is_ok()) return start.status;
  if (start.effect == Effect::kInterrupted) return Moved{.is_interrupted = true};
  const uint64_t left = inode().size() - std::min(inode().size(), offset);
  const size_t count = moved_of(std::min<uint64_t>(left, into.size()), start.effect);
  if (count > 0) read(offset, into.first(count), start.effect);
  return Moved{.bytes = count};
}

base::Result<bool> SimFile::read_cached(uint64_t offset, std::span<char> into) {
  base::Status status = check_alive();
  if (!status.is_ok()) return status;
  const auto start = device_->start(Operation::kRead, path_);
  if (!start.status.is_ok()) return start.status;
  const CachedReads policy = device_->cached_reads;
  const bool is_cached = policy == CachedReads::kAlways ||
                         (policy == CachedReads::kRandom && device_->rng.below(2) == 0);
  const bool is_cut = start.effect == Effect::kShort || start.effect == Effect::kInterrupted;
  const bool is_within = offset <= inode().size() && into.size() <= inode().size() - offset;
  if (!is_cached || is_cut || !is_within) return false;
  read(offset, into, start.effect);
  return true;
}

base::Result<Moved> SimFile::write_some(uint64_t offset, std::string_view bytes) {
  base::Status status = check_writable("write");
  if (!status.is_ok()) return status;
  const auto start = device_->start(Operation::kWrite, path_);
  const uint64_t limit = device_->growth_limit(inode(), offset + bytes.size());
  const size_t fitting = std::min<uint64_t>(bytes.size(), limit - std::min(limit, offset));
  if (start.is_last) inode().write(offset, bytes.substr(0, device_->rng.below(fitting + 1)));
  if (!start.status.is_ok()) return start.status;
  if (start.effect == Effect::kInterrupted) return Moved{.is_interrupted = true};
  if (fitting == 0 && !bytes.empty()) return no_space(path_, "write");
  const size_t count = moved_of(fitting, start.effect);
  inode().write(offset, bytes.substr(0, count));
  return Moved{.bytes = count};
}

base::Status SimFile::sync() {
  base::Status status = check_alive();
  if (!status.is_ok()) return status;
  const auto start = device_->start(Operation::kSync, path_);
  if (start.effect == Effect::kLie) return base::Status::ok();
  if (start.status.is_ok()) {
    inode().sync();
  } else if (!start.is_last) {
    inode().fail_sync();
  }
  return start.status;
}

base::Status SimFile::reserve(uint64_t bytes) {
  base::Status status = check_writable("reserve");
  if (!status.is_ok()) return status;
  const auto start = device_->start(Operation::kReserve, path_);
  if (!start.status.is_ok() || !device_->can_reserve) return start.status;
  if (device_->growth_limit(inode(), bytes) < bytes) return no_space(path_, "reserve");
  inode().grow(bytes);
  return base::Status::ok();
}

base::Result<uint64_t> SimFile::size() {
  base::Status status = check_alive();
  if (!status.is_ok()) return status;
  return inode().size();
}

SimLock::SimLock(std::shared_ptr<SimDevice> device, NodeId node)
    : device_(std::move(device)), node_(node), life_(device_->life) {
  device_->locked.insert(node_);
}

SimLock::~SimLock() {
  if (device_->life == life_) device_->locked.erase(node_);
}

}  // namespace distkv::storage::io::test
