// A TCP stream of bytes, accepted or opened, with everything queued in one turn leaving in one
// write. Knows nothing of frames.
//
// Happy path: construct, accept() or connect(); queue() appends; the Outbox flushes at the end of
// the turn: uv_try_write first, and what the kernel did not take in one uv_write, with whatever is
// queued meanwhile waiting behind it. Failures: end of file, a read or write error, or end(): the
// owner hears on_end once, as the last thing the stream does, and destroys it then or later. Bytes
// not yet written are lost. Who frees: the handle frees itself when closed (handle.h); a write
// under way owns its bytes and is freed in its callback, which comes also when closing cancels it.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/endpoint.h"
#include "runtime/handle.h"
#include "runtime/outbox.h"

namespace distkv::runtime {

// A queue that once held a large value gives its memory back.
inline constexpr size_t kQueueBytesKept = 256 * 1024;

class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // connect() succeeded, and reading has started.
  virtual void on_connected() {}
  // The view lives for the call. The stream may be ended, and destroyed, in it.
  virtual void on_bytes(std::string_view bytes) = 0;
  // Fewer bytes wait than before.
  virtual void on_written() = 0;
  // The stream is over; kOk if end_when_written() asked for it. The stream may be destroyed in it.
  virtual void on_end(const base::Status& why) = 0;
};

class Stream {
 public:
  // Both must outlive this.
  Stream(Outbox& outbox, StreamEvents& events);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Takes the connection that waits at `server` and starts reading.
  base::Status accept(uv_stream_t* server);
  // Calls back later: on_connected, or on_end with the reason.
  void connect(const SocketAddress& address);
  // Breaks a connected stream whose other end is gone without a word: when idle by keep-alive
  // probes, else by bytes that stay unacknowledged for `limit`.
  void detect_dead_peer(std::chrono::seconds limit);

  // Appends to what leaves at the end of this turn. Ignored once ended.
  void queue(std::string_view bytes);
  // Queued, and not yet taken by the kernel.
  size_t bytes_queued() const { return queue_.size() + bytes_in_write_; }
  // Of these, what a write under way has not handed to the kernel yet.
  size_t bytes_unwritten() const { return queue_.size() + uv_stream_get_write_queue_size(raw()); }
  void set_reading(bool is_reading);
  // Stops reading, ends with kOk when all is written.
  void end_when_written();
  // Closes at once, without a word to the owner: the owner is the caller, or on_end is running.
  void close();
  // Closes and tells the owner. `this` may be gone afterwards.
  void end(const base::Status& why);

  bool is_ended() const { return handle_.is_closed(); }
  // The address of the other end, for log lines.
  const std::string& remote() const { return remote_; }

 private:
  friend class Outbox;
  struct Connect;
  struct Write;

  void start();
  void wait_for_flush();
  void flush();
  uv_stream_t* raw() const { return reinterpret_cast<uv_stream_t*>(handle_.get()); }
  void write_rest(size_t written);
  void on_written(int code);
  void on_read(ssize_t count, const char* bytes);

  Outbox& outbox_;
  StreamEvents& events_;
  Handle<uv_tcp_t> handle_;
  std::string queue_;
  std::string remote_ = "unknown";
  size_t bytes_in_write_ = 0;  // Of the one uv_write under way.
  bool is_in_outbox_ = false;
  bool is_reading_ = false;
  bool ends_when_written_ = false;
};

}  // namespace distkv::runtime
