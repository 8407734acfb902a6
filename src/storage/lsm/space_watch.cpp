#include "storage/lsm/space_watch.h"

#include <algorithm>
#include <utility>

namespace distkv::storage::lsm {

using base::Code;
using base::Status;

SpaceWatch::SpaceWatch(io::FileSystem& files, std::string directory, uint64_t ballast_bytes)
    : files_(files), directory_(std::move(directory)), ballast_bytes_(ballast_bytes) {}

SpaceWatch::Reading SpaceWatch::look() const {
  Reading reading;
  const auto free = files_.free_bytes(directory_);
  const auto exists = files_.exists(path());
  if (!free.is_ok() || !exists.is_ok()) {
    reading.status = free.is_ok() ? exists.status() : free.status();
    return reading;
  }
  reading.bytes_free = *free;
  reading.has_ballast = *exists || ballast_bytes_ == 0;
  if (reading.has_ballast || *free < 2 * ballast_bytes_) return reading;

  auto file = files_.open(path(), io::Access::kCreate);
  reading.status = file.is_ok() ? (*file)->reserve(ballast_bytes_) : file.status();
  reading.has_ballast = reading.status.is_ok();
  if (reading.has_ballast) {
    reading.bytes_free -= std::min(ballast_bytes_, reading.bytes_free);
  } else if (file.is_ok()) {
    (void)files_.remove(path());  // Half a ballast is none; the next look tries again.
  }
  return reading;
}

SpaceWatch::Reading SpaceWatch::give_up() const {
  (void)files_.remove(path());  // Not there: nothing to give.
  Reading reading;
  const auto free = files_.free_bytes(directory_);
  if (free.is_ok()) reading.bytes_free = *free;
  return reading;
}

bool SpaceWatch::is_full() const {
  return !reading_.has_ballast || reading_.bytes_free < ballast_bytes_;
}

double SpaceWatch::pressure() const {
  constexpr uint64_t kFreeFrom = 4;
  if (is_full()) return 1;
  const auto spare = static_cast<double>(reading_.bytes_free - ballast_bytes_);
  return std::max(0.0, 1 - spare / static_cast<double>((kFreeFrom - 1) * ballast_bytes_ + 1));
}

Status SpaceWatch::refusal() const {
  if (!is_full()) return Status::ok();
  return {Code::kNoSpace, "the disk of " + directory_ + " is full: " +
                              std::to_string(reading_.bytes_free) + " bytes are free, " +
                              std::to_string((reading_.has_ballast ? 1 : 2) * ballast_bytes_) +
                              " are needed; free space on it or delete keys, then writes resume "
                              "by themselves"};
}

}  // namespace distkv::storage::lsm
