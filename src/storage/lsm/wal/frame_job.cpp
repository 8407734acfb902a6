#include "storage/lsm/wal/frame_job.h"

#include "storage/io/whole.h"

namespace distkv::storage::lsm {

void FrameJob::run() {
  status = begin_segment();
  if (status.is_ok() && frame) {
    std::string& sealed = is_packing && pack_frame(*frame, bytes, packed) ? packed : bytes;
    seal_frame(*frame, store, offset, sealed);
    frame_bytes = sealed.size();
    status = write(offset, sealed);
  }
  if (status.is_ok() && is_sync) status = sync(*file);
}

base::Status FrameJob::begin_segment() {
  if (before) {
    if (auto synced = sync(*before); !synced.is_ok()) return synced;
  }
  if (!new_segment) return {};
  if (auto written = write(0, encode_segment_header(*new_segment)); !written.is_ok()) {
    return written;
  }
  return sync(*file);
}

base::Status FrameJob::write(uint64_t at, const std::string& what) {
  auto written = io::write_fully(*file, at, what);
  if (written.is_ok()) bytes_written += what.size();
  return written;
}

base::Status FrameJob::sync(io::File& which) {
  ++syncs;
  return which.sync();
}

}  // namespace distkv::storage::lsm
