// The floor under every server here: libuv, and nothing but sending back what came, with
// uv_try_write once per read. What a node costs above this is its own.
//
//   echo_server [WORK [LOG]]     prints the port it listens on and serves until killed
//
// WORK: nanoseconds it computes for each 100 bytes, to stand for a node's own work. LOG: a file
// into which what came is written and synced, in groups, before it is sent back.
#include <uv.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "group_log.h"

namespace {

constexpr int kBacklog = 1024;
constexpr size_t kMessageBytes = 100;

// Every read is answered, or copied, before the next.
std::array<char, 256 * 1024> read_buffer;
uint64_t work_nanoseconds = 0;
GroupLog* group_log = nullptr;

struct Connection {
  uv_tcp_t stream{};
  size_t waiting = 0;  // Entries of `waiters`.
  bool is_closed = false;
};

// What came and is not on disk, in order.
struct Waiter {
  Connection* connection;
  std::string bytes;
};
std::deque<Waiter> waiters;

// What the kernel did not take at once.
struct Rest {
  uv_write_t request{};
  std::string bytes;
};

uv_stream_t* stream_of(uv_tcp_t* handle) { return reinterpret_cast<uv_stream_t*>(handle); }

void free_if_done(Connection* connection) {
  if (!connection->is_closed || connection->waiting > 0) return;
  const std::unique_ptr<Connection> freed(connection);
}

void free_connection(uv_handle_t* handle) {
  auto* const connection = static_cast<Connection*>(handle->data);
  connection->is_closed = true;
  free_if_done(connection);
}

void close_connection(uv_stream_t* stream) {
  auto* const handle = reinterpret_cast<uv_handle_t*>(stream);
  if (uv_is_closing(handle) == 0) uv_close(handle, free_connection);
}

void write_rest(uv_stream_t* stream, std::string bytes) {
  auto rest = std::make_unique<Rest>();
  rest->bytes = std::move(bytes);
  rest->request.data = rest.get();
  const uv_buf_t buffer =
      uv_buf_init(rest->bytes.data(), static_cast<unsigned>(rest->bytes.size()));
  const int code = uv_write(&rest->request, stream, &buffer, 1, [](uv_write_t* request, int) {
    const std::unique_ptr<Rest> freed(static_cast<Rest*>(request->data));
  });
  if (code != 0) return close_connection(stream);
  static_cast<void>(rest.release());
}

void answer(uv_stream_t* stream, char* bytes, size_t size) {
  const uv_buf_t reply = uv_buf_init(bytes, static_cast<unsigned>(size));
  const int code = uv_try_write(stream, &reply, 1);
  if (code < 0 && code != UV_EAGAIN) return close_connection(stream);
  const size_t written = code > 0 ? static_cast<size_t>(code) : 0;
  if (written < size) write_rest(stream, std::string(bytes + written, size - written));
}

void work_for(size_t bytes) {
  if (work_nanoseconds == 0) return;
  const uint64_t until = uv_hrtime() + bytes * work_nanoseconds / kMessageBytes;
  while (uv_hrtime() < until) {
  }
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) return close_connection(stream);
  if (count == 0) return;
  const size_t size = static_cast<size_t>(count);
  work_for(size);
  if (group_log == nullptr) return answer(stream, buffer->base, size);
  auto* const connection = static_cast<Connection*>(stream->data);
  ++connection->waiting;
  waiters.push_back({connection, std::string(buffer->base, size)});
  group_log->append(size);
}

// So much more is on disk: what was read at one go was handed over at one go, so whole entries are.
void on_synced(size_t bytes) {
  while (bytes > 0) {
    Waiter first = std::move(waiters.front());
    waiters.pop_front();
    bytes -= first.bytes.size();
    --first.connection->waiting;
    auto* const handle = reinterpret_cast<uv_handle_t*>(&first.connection->stream);
    if (first.connection->is_closed) {
      free_if_done(first.connection);
    } else if (uv_is_closing(handle) == 0) {
      answer(stream_of(&first.connection->stream), first.bytes.data(), first.bytes.size());
    }
  }
}

void on_connection(uv_stream_t* server, int code) {
  if (code != 0) return;
  auto connection = std::make_unique<Connection>();
  uv_tcp_init(server->loop, &connection->stream);
  connection->stream.data = connection.get();
  uv_tcp_t* const handle = &connection.release()->stream;  // Freed in its close callback.
  if (uv_accept(server, stream_of(handle)) != 0) return close_connection(stream_of(handle));
  uv_tcp_nodelay(handle, 1);
  uv_read_start(
      stream_of(handle),
      [](uv_handle_t*, size_t, uv_buf_t* buffer) {
        *buffer = uv_buf_init(read_buffer.data(), static_cast<unsigned>(read_buffer.size()));
      },
      on_read);
}

int fail(const char* what, int code) {
  std::fprintf(stderr, "echo_server: %s: %s\n", what, uv_strerror(code));
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t loop;
  uv_loop_init(&loop);
  uv_check_t turn_end{};
  if (count > 1) work_nanoseconds = std::strtoull(arguments[1], nullptr, 10);
  if (count > 2) {
    group_log = new GroupLog(loop, arguments[2], on_synced);  // For as long as the process.
    uv_check_init(&loop, &turn_end);
    uv_check_start(&turn_end, [](uv_check_t*) { group_log->write_out(); });
  }
  uv_tcp_t server{};
  uv_tcp_init(&loop, &server);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&server, reinterpret_cast<const sockaddr*>(&address), 0);
  const int code = uv_listen(stream_of(&server), kBacklog, on_connection);
  if (code != 0) return fail("cannot listen", code);
  int bytes = sizeof address;
  uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &bytes);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return uv_run(&loop, UV_RUN_DEFAULT);
}
