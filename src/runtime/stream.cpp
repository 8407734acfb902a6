#include "runtime/stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

namespace distkv::runtime {
namespace {

base::Status lost(std::string_view what, int code) {
  return {base::Code::kLost, std::string(what) + ": " + uv_strerror(code)};
}

uv_buf_t buffer_of(const char* bytes, size_t size) {
  return uv_buf_init(const_cast<char*>(bytes), static_cast<unsigned>(size));
}

std::string remote_of(const uv_tcp_t* handle) {
  sockaddr_storage address{};
  int bytes = sizeof address;
  if (uv_tcp_getpeername(handle, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    return "unknown";
  }
  return SocketAddress(reinterpret_cast<const sockaddr*>(&address)).to_endpoint().value();
}

}  // namespace

// libuv's requests, in memory of their own until their callbacks. The handle outlives its requests,
// and forgets its owner when it is closed.
struct Stream::Connect {
  uv_connect_t request{};

  static void on_done(uv_connect_t* request, int code) {
    const std::unique_ptr<Connect> connect(static_cast<Connect*>(request->data));
    Stream* const stream = owner_of<Stream>(request->handle);
    if (stream == nullptr) return;
    if (code != 0) return stream->end(lost("connect failed", code));
    stream->start();
    stream->events_.on_connected();
  }
};

struct Stream::Write {
  uv_write_t request{};
  std::string bytes;

  static void on_done(uv_write_t* request, int code) {
    const std::unique_ptr<Write> write(static_cast<Write*>(request->data));
    Stream* const stream = owner_of<Stream>(request->handle);
    if (stream != nullptr) stream->on_written(code);
  }
};

Stream::Stream(Outbox& outbox, StreamEvents& events)
    : outbox_(outbox), events_(events), handle_(this, [&outbox](uv_tcp_t* handle) {
        return uv_tcp_init(outbox.loop().raw(), handle);
      }) {}

Stream::~Stream() { close(); }

base::Status Stream::accept(uv_stream_t* server) {
  const int code = uv_accept(server, raw());
  if (code != 0) return lost("accept failed", code);
  start();
  return base::Status::ok();
}

void Stream::connect(const SocketAddress& address) {
  auto connect = std::make_unique<Connect>();
  connect->request.data = connect.get();
  const int code =
      uv_tcp_connect(&connect->request, handle_.get(), address.raw(), Connect::on_done);
  if (code != 0) return end(lost("connect failed", code));
  static_cast<void>(connect.release());
}

void Stream::start() {
  remote_ = remote_of(handle_.get());
  uv_tcp_nodelay(handle_.get(), 1);
  set_reading(true);
}

void Stream::wait_for_flush() {
  if (is_in_outbox_) return;
  is_in_outbox_ = true;
  outbox_.add(*this);
}

void Stream::detect_dead_peer(std::chrono::seconds limit) {
  const auto seconds = static_cast<unsigned>(limit.count());
  uv_tcp_keepalive(handle_.get(), 1, seconds);
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(raw()), &descriptor) != 0) return;
  const unsigned milliseconds = seconds * 1000;
  // Where the kernel refuses it, its own (longer) patience holds.
  static_cast<void>(
      setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds));
}

void Stream::queue(std::string_view bytes) {
  if (is_ended()) return;
  queue_.append(bytes);
  // Behind a write under way the queue waits for that one's callback.
  if (bytes_in_write_ == 0) wait_for_flush();
}

void Stream::set_reading(bool is_reading) {
  if (is_ended() || is_reading == is_reading_) return;
  is_reading_ = is_reading;
  if (!is_reading) {
    uv_read_stop(raw());
    return;
  }
  uv_read_start(
      raw(),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        std::vector<char>& shared = owner_of<Stream>(handle)->outbox_.read_buffer();
        *buffer = buffer_of(shared.data(), shared.size());
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        if (count != 0) owner_of<Stream>(handle)->on_read(count, buffer->base);
      });
}

void Stream::on_read(ssize_t count, const char* bytes) {
  if (count < 0) {
    return end(count == UV_EOF ? base::Status(base::Code::kLost, "closed by the other end")
                               : lost("read failed", static_cast<int>(count)));
  }
  ++outbox_.stats().stream_reads;
  outbox_.stats().stream_bytes_read += static_cast<uint64_t>(count);
  events_.on_bytes(std::string_view(bytes, static_cast<size_t>(count)));
}

void Stream::flush() {
  if (is_ended() || bytes_in_write_ > 0) return;
  if (!queue_.empty()) {
    const uv_buf_t buffer = buffer_of(queue_.data(), queue_.size());
    const int code = uv_try_write(raw(), &buffer, 1);
    if (code < 0 && code != UV_EAGAIN) return end(lost("write failed", code));
    const size_t written = code > 0 ? static_cast<size_t>(code) : 0;
    ++outbox_.stats().stream_writes;
    outbox_.stats().stream_bytes_written += written;
    if (written < queue_.size()) return write_rest(written);
    queue_.clear();
    if (queue_.capacity() > kQueueBytesKept) queue_.shrink_to_fit();
    events_.on_written();
  }
  if (ends_when_written_ && bytes_queued() == 0) end(base::Status::ok());
}

// Hands the queue to libuv, which writes it when the socket takes more.
void Stream::write_rest(size_t written) {
  auto write = std::make_unique<Write>();
  write->bytes = std::exchange(queue_, std::string());
  write->request.data = write.get();
  bytes_in_write_ = write->bytes.size() - written;
  const uv_buf_t buffer = buffer_of(write->bytes.data() + written, bytes_in_write_);
  const int code = uv_write(&write->request, raw(), &buffer, 1, Write::on_done);
  if (code != 0) return end(lost("write failed", code));
  static_cast<void>(write.release());
}

void Stream::on_written(int code) {
  if (code != 0) return end(lost("write failed", code));
  ++outbox_.stats().stream_writes;
  outbox_.stats().stream_bytes_written += bytes_in_write_;
  bytes_in_write_ = 0;
  events_.on_written();
  if (!is_ended() && (!queue_.empty() || ends_when_written_)) wait_for_flush();
}

void Stream::end_when_written() {
  if (is_ended() || ends_when_written_) return;
  ends_when_written_ = true;
  set_reading(false);
  wait_for_flush();
}

void Stream::close() {
  if (is_in_outbox_) outbox_.remove(*this);
  is_in_outbox_ = false;
  handle_.close();
}

void Stream::end(const base::Status& why) {
  if (is_ended()) return;
  close();
  events_.on_end(why);
}

}  // namespace distkv::runtime
