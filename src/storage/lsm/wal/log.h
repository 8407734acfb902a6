// The write-ahead log, owner's side. Commits gather in memory; write_out() makes them one frame and
// hands it to the log thread, which writes it and, if asked, syncs; what comes meanwhile gathers
// for the next frame. Frames are never in flight together.
//
// Segments are files of a fixed size, filled with zeros and synced before use (a sync of written
// blocks costs half of one that grows the file), then recycled. Invariants:
//   - commits reach the disk in their order; a frame is synced only after all frames before it;
//   - a segment begins only when all before it is on disk, and its header is on disk before its
//     first frame is written;
//   - a segment is rewritten only after recycle() said that nothing in it is needed;
//   - nothing is appended to a segment that was replayed;
//   - after a failed write or sync nothing more is written, and every later answer is that failure.
// Format: FORMAT.md. Source: DeWitt et al. 1984 (group commit); the fsync failure rule is Rebello
// et al., "Can Applications Recover from fsync Failures?" (ATC 2020).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/executor.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/wal/replay.h"

namespace distkv::storage::lsm {

struct LogOptions {
  std::string directory;
  StoreId store;
  uint64_t segment_bytes = 64 << 20;
  // The commits of a frame take at most this, by bytes_of; the engine refuses a larger commit. A
  // segment must hold such a frame: segment_bytes >= frame_bytes_max + kFrameOverheadMax.
  uint64_t frame_bytes_max = 16 << 20;
  // Files the log may have; with all of them needed, room() says kNoSpace. At most 100.
  size_t slots_max = 64;
  // Payloads this large are packed where it saves a quarter. Smaller ones are groups that somebody
  // waits for, and would save few pages.
  uint64_t pack_bytes_min = 64 << 10;
  // Frames whose commits are larger than this on average are not: packing costs time by the byte,
  // and at 1 KiB a commit that time slows writers by a tenth to save a seventh of the bytes.
  uint64_t pack_commit_bytes_max = 512;
};

// One write of a commit; `entry` null erases. Views live for the length of append().
struct LogWrite {
  KeyRef key;
  const EntryView* entry = nullptr;
};

class Log {
  class Impl;

 public:
  // Called on the owner when a frame is written: everything up to `through` is on disk if
  // `is_synced`. With a failure the log has stopped. May start new appends and writes; must not
  // destroy the log.
  using Written = std::function<void(Sequence through, bool is_synced, const base::Status&)>;

  // `tail` is what replay left: new frames go to segments after it. Blocks: makes the first
  // segment ready if no recycled one is (if that fails, room() says why). `files` and the executors
  // must outlive the log; an executor may still hold work of it afterwards, which then tells
  // nobody. kIo if a segment cannot be opened.
  static base::Result<std::unique_ptr<Log>> open(io::FileSystem& files, const LogOptions& options,
                                                 const LogTail& tail, Executor& log_thread,
                                                 Executor& background, Written written);
  // For open().
  explicit Log(std::unique_ptr<Impl> impl);
  ~Log();

  // Adds a commit to what gathers. Sequences go up by one, from the tail's. Not after a failure or
  // close().
  void append(Sequence sequence, std::span<const LogWrite> writes);
  // Bytes one write adds, before padding: to refuse what no frame can hold.
  static uint64_t bytes_of(const LogWrite& write);

  // Writes what has gathered, now or as soon as the frame in flight is done; with `is_sync` it is
  // then synced, and so is everything written before. No effect if there is nothing to do; after a
  // failure `Written` is told it again.
  void write_out(bool is_sync);
  // Appended and not yet written: what the engine's bound on pending bytes counts.
  uint64_t bytes_waiting() const;
  // No frame is in flight and none waits, or none ever will be written.
  bool is_idle() const;

  // The segment the next appended commit will be in or after: a lower bound for what replay needs.
  SegmentNumber segment() const;
  // Bytes of segments, padding included, that recycle() has not freed.
  uint64_t bytes_held() const;
  // Nothing before `floor` will be read again (the manifest that says so is durable).
  void recycle(SegmentNumber floor);
  // Why no more can be appended at the moment: kNoSpace while a next segment cannot be made. Heals
  // by itself when recycle() frees one or a later attempt (at each recycle() and each 16th
  // write_out()) succeeds; until then what is appended waits in memory once the segment is full.
  const base::Status& room() const;
  // Tries again to make a segment, if room() is not ok.
  void retry();

  // Ends in order: writes an empty, synced frame whose synced_to covers everything, so that damage
  // to the last frame with commits is told from a torn one. `done` when it is on disk, with what
  // was appended before; with room() if a segment that needs cannot be made. Call it once.
  void close(Done done);

  uint64_t frames() const;
  uint64_t syncs() const;
  uint64_t bytes_written() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace distkv::storage::lsm
