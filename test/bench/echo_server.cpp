// The floor under every server here: libuv, and nothing but sending back what came, with
// uv_try_write once per read. What a node costs above this is its own.
//
//   echo_server [PORT]      prints the port it listens on (0 or none: any) and serves until killed
#include <uv.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

constexpr int kBacklog = 1024;

// Every read is answered, or copied, before the next.
std::array<char, 256 * 1024> read_buffer;

struct Connection {
  uv_tcp_t stream{};
};

// What the kernel did not take at once.
struct Rest {
  uv_write_t request{};
  std::string bytes;
};

uv_stream_t* stream_of(uv_tcp_t* handle) { return reinterpret_cast<uv_stream_t*>(handle); }

void free_connection(uv_handle_t* handle) {
  const std::unique_ptr<Connection> freed(static_cast<Connection*>(handle->data));
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

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) return close_connection(stream);
  if (count == 0) return;
  const size_t size = static_cast<size_t>(count);
  const uv_buf_t reply = uv_buf_init(buffer->base, static_cast<unsigned>(size));
  const int code = uv_try_write(stream, &reply, 1);
  if (code < 0 && code != UV_EAGAIN) return close_connection(stream);
  const size_t written = code > 0 ? static_cast<size_t>(code) : 0;
  if (written < size) write_rest(stream, std::string(buffer->base + written, size - written));
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
  uv_tcp_t server{};
  uv_tcp_init(&loop, &server);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", count > 1 ? std::atoi(arguments[1]) : 0, &address);
  uv_tcp_bind(&server, reinterpret_cast<const sockaddr*>(&address), 0);
  const int code = uv_listen(stream_of(&server), kBacklog, on_connection);
  if (code != 0) return fail("cannot listen", code);
  int bytes = sizeof address;
  uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &bytes);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return uv_run(&loop, UV_RUN_DEFAULT);
}
