#include "storage/lsm/wal/log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/lsm/wal/format.h"
#include "storage/lsm/wal/frame_job.h"
#include "storage/lsm/wal/frame_queue.h"
#include "storage/lsm/wal/slot_pool.h"

namespace distkv::storage::lsm {
namespace {

// How many calls of write_out() pass between two attempts to make a segment: a full disk is asked
// a few hundred times a second at most.
constexpr uint64_t kWriteOutsPerAttempt = 16;
// A frame's length and count are 32 bits wide; far below, so that no sum comes near.
constexpr uint64_t kFramePayloadMax = 1 << 30;

}  // namespace

// Sequences, each at most the one before: appended_, written_ (a frame holds it), synced_.
class Log::Impl {
 public:
  Impl(io::FileSystem& files, const LogOptions& options, const LogTail& tail, Executor& log_thread,
       Executor& background, Written written)
      : options_(options),
        log_thread_(log_thread),
        written_callback_(std::move(written)),
        queue_(options.frame_bytes_max),
        pool_(files, options, background, [this] { pump(); }),
        appended_(tail.last),
        written_(tail.last),
        synced_(tail.last) {
    DISTKV_CHECK(options.segment_bytes % kLogPageBytes == 0);
    DISTKV_CHECK(options.frame_bytes_max <= kFramePayloadMax);
    DISTKV_CHECK(options.segment_bytes >= options.frame_bytes_max + kFrameOverheadMax);
  }

  ~Impl() {
    if (flight_) flight_->log = nullptr;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Status open(const LogTail& tail) {
    auto status = pool_.open(tail);
    needs_closing_ = !tail.was_closed && pool_.is_holding();
    return status;
  }

  void append(Sequence sequence, std::span<const LogWrite> writes) {
    DISTKV_CHECK(failure_.is_ok() && !is_closing_);
    DISTKV_CHECK(sequence.value() == appended_.value() + 1);
    queue_.append(sequence, writes);
    appended_ = sequence;
  }

  void write_out(bool is_sync) {
    if (!failure_.is_ok()) return tell(appended_, false);
    wanted_written_ = appended_;
    if (is_sync) wanted_synced_ = appended_;
    if (++write_outs_ % kWriteOutsPerAttempt == 0) pool_.retry();
    pump();
  }

  void close(Done done) {
    DISTKV_CHECK(!is_closing_);
    is_closing_ = true;
    closed_ = std::move(done);
    wanted_written_ = appended_;
    wanted_synced_ = appended_;
    pool_.retry();
    pump();
  }

  void recycle(SegmentNumber floor) { pool_.recycle(floor, current_.number); }

  uint64_t bytes_waiting() const { return queue_.bytes() + bytes_in_flight_; }
  bool is_idle() const { return !flight_ && (queue_.is_empty() || !failure_.is_ok()); }
  SegmentNumber segment() const { return has_current() ? current_.number : pool_.next_number(); }
  uint64_t bytes_held() const {
    return pool_.bytes_held(current_.number) + (has_current() ? offset_ : 0);
  }
  const base::Status& room() const { return pool_.room(); }
  void retry() { pool_.retry(); }
  uint64_t frames() const { return frames_; }
  uint64_t syncs() const { return syncs_; }
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  // Shared with the log thread; outlives the log if it must.
  struct Flight {
    Impl* log;  // Null once the log is gone.
    FrameJob job;
  };

  bool has_current() const { return current_.file != nullptr; }

  // Starts what can be started. Calls from within a callback return at once: the loop they came
  // from goes on with what they left.
  void pump() {
    if (is_pumping_) return;
    is_pumping_ = true;
    while (start_next()) {
    }
    is_pumping_ = false;
    if (is_closing_ && !flight_) finish_closing();
  }

  bool start_next() {
    if (flight_ || !failure_.is_ok()) return false;
    const bool wants_frame = !queue_.is_empty() && queue_.front().first <= wanted_written_;
    if (wants_frame && has_place_for(whole_pages(queue_.front().bytes.size()))) {
      start_frame();
    } else if (wanted_synced_ > synced_ && written_ > synced_) {
      start_sync();
    } else if (is_closing_ && needs_closing_ && synced_ == appended_ && has_place_to_close()) {
      start_closing_frame();
    } else {
      return false;
    }
    return true;
  }

  // The last page of a segment is kept for the closing frame, so that closing needs no new one.
  bool fits_current(uint64_t bytes) const {
    return has_current() && offset_ + bytes + kLogPageBytes <= options_.segment_bytes;
  }

  bool has_place_for(uint64_t bytes) {
    if (fits_current(bytes) || pool_.has_free()) return true;
    pool_.prepare();
    return pool_.has_free();
  }

  bool has_place_to_close() const { return has_current() || pool_.has_free(); }

  void start_frame() {
    FrameBatch batch = queue_.pop_front();
    const FrameHeader frame = {
        .payload_bytes = static_cast<uint32_t>(batch.bytes.size() - kFrameHeaderBytes),
        .commits = batch.commits,
        .first = batch.first};
    bytes_in_flight_ = frame.payload_bytes;
    in_flight_through_ = batch.last();
    start({.frame = frame,
           .bytes = std::move(batch.bytes),
           .is_packing = is_worth_packing(frame),
           .packed = std::move(packed_),
           .is_sync = batch.first <= wanted_synced_});
  }

  bool is_worth_packing(const FrameHeader& frame) const {
    return frame.payload_bytes >= options_.pack_bytes_min &&
           frame.payload_bytes <= options_.pack_commit_bytes_max * frame.commits;
  }

  void start_sync() {
    in_flight_through_ = written_;
    start({.is_sync = true});
  }

  void start_closing_frame() {
    in_flight_through_ = appended_;
    const FrameHeader frame = {.is_closing = true, .first = Sequence{appended_.value() + 1}};
    start({.frame = frame, .bytes = queue_.buffer(), .is_sync = true});
  }

  // Gives the job its place and sends it off.
  void start(FrameJob job) {
    job.store = options_.store;
    if (job.frame) place(job);
    job.file = current_.file;
    flight_ = std::make_shared<Flight>(Flight{this, std::move(job)});
    log_thread_.run([flight = flight_] { flight->job.run(); },
                    [flight = flight_] {
                      if (flight->log != nullptr) flight->log->finish();
                    });
  }

  void place(FrameJob& job) {
    const uint64_t bytes = whole_pages(job.bytes.size());
    const bool is_closing = job.frame->is_closing;
    if (!fits_current(bytes) && !(is_closing && has_current())) begin_segment(job);
    job.offset = offset_;
    job.frame->segment = current_.number;
    job.frame->synced_to = job.new_segment ? written_ : synced_;
    DISTKV_CHECK(offset_ + bytes <= options_.segment_bytes);
  }

  void begin_segment(FrameJob& job) {
    if (written_ > synced_) job.before = current_.file;
    current_ = pool_.take();
    offset_ = kLogPageBytes;
    job.new_segment = SegmentHeader{.store = options_.store,
                                    .number = current_.number,
                                    .bytes = options_.segment_bytes,
                                    .first = job.frame->first};
  }

  void finish() {
    const std::shared_ptr<Flight> flight = std::move(flight_);
    flight_.reset();
    FrameJob& job = flight->job;
    bytes_in_flight_ = 0;
    syncs_ += job.syncs;
    bytes_written_ += job.bytes_written;
    if (!job.status.is_ok()) {
      failure_ = job.status;
      tell(appended_, false);
    } else {
      settle(job);
    }
    pump();
  }

  void settle(FrameJob& job) {
    const bool is_closing_frame = job.frame && job.frame->is_closing;
    written_ = in_flight_through_;
    if (job.is_sync) synced_ = written_;
    if (job.frame) {
      ++frames_;
      // Packed, it may have taken less than was kept for it.
      offset_ = job.offset + job.frame_bytes;
      if (offset_ > options_.segment_bytes / 2) pool_.prepare();
      queue_.reuse(std::move(job.bytes));
      packed_ = std::move(job.packed);
    }
    needs_closing_ = job.frame ? !is_closing_frame : needs_closing_;
    if (!is_closing_frame) tell(written_, job.is_sync);
  }

  void tell(Sequence through, bool is_synced) {
    if (is_telling_) return;  // A write_out() from within the news of the failure.
    is_telling_ = true;
    const bool was_pumping = std::exchange(is_pumping_, true);
    written_callback_(through, is_synced, failure_);
    is_pumping_ = was_pumping;
    is_telling_ = false;
  }

  // Nothing is in flight: answers close() if all is done, or will not be.
  void finish_closing() {
    if (!closed_) return;
    const bool is_all_synced = synced_ == appended_;
    const bool is_done = is_all_synced && (!needs_closing_ || !has_place_to_close());
    const base::Status& status = failure_.is_ok() && !is_all_synced ? pool_.room() : failure_;
    if (!is_done && status.is_ok()) return;
    const Done done = std::exchange(closed_, nullptr);
    done(status);
  }

  const LogOptions options_;
  Executor& log_thread_;
  const Written written_callback_;
  FrameQueue queue_;
  SlotPool pool_;
  SlotPool::Taken current_;
  uint64_t offset_ = 0;  // In the current segment, of the next frame.
  std::shared_ptr<Flight> flight_;
  Sequence in_flight_through_;
  uint64_t bytes_in_flight_ = 0;
  std::string packed_;  // The last frame's buffer, for the next one.
  Sequence appended_;
  Sequence written_;
  Sequence synced_;
  Sequence wanted_written_;
  Sequence wanted_synced_;
  base::Status failure_;
  bool is_pumping_ = false;
  bool is_telling_ = false;
  bool is_closing_ = false;
  bool needs_closing_ = false;  // The log does not end with a closing frame, and is not empty.
  Done closed_;
  uint64_t write_outs_ = 0;
  uint64_t frames_ = 0;
  uint64_t syncs_ = 0;
  uint64_t bytes_written_ = 0;
};

base::Result<std::unique_ptr<Log>> Log::open(io::FileSystem& files, const LogOptions& options,
                                             const LogTail& tail, Executor& log_thread,
                                             Executor& background, Written written) {
  auto impl =
      std::make_unique<Impl>(files, options, tail, log_thread, background, std::move(written));
  if (auto status = impl->open(tail); !status.is_ok()) return status;
  return std::make_unique<Log>(std::move(impl));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

void Log::append(Sequence sequence, std::span<const LogWrite> writes) {
  impl_->append(sequence, writes);
}
void Log::write_out(bool is_sync) { impl_->write_out(is_sync); }
uint64_t Log::bytes_waiting() const { return impl_->bytes_waiting(); }
bool Log::is_idle() const { return impl_->is_idle(); }
SegmentNumber Log::segment() const { return impl_->segment(); }
uint64_t Log::bytes_held() const { return impl_->bytes_held(); }
void Log::recycle(SegmentNumber floor) { impl_->recycle(floor); }
const base::Status& Log::room() const { return impl_->room(); }
void Log::retry() { impl_->retry(); }
void Log::close(Done done) { impl_->close(std::move(done)); }
uint64_t Log::frames() const { return impl_->frames(); }
uint64_t Log::syncs() const { return impl_->syncs(); }
uint64_t Log::bytes_written() const { return impl_->bytes_written(); }

}  // namespace distkv::storage::lsm
