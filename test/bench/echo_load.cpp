// Closed-loop load on an echo server: each connection keeps DEPTH messages under way, sent as one
// batch; the next batch goes out when all of the last is back.
//
//   echo_load PORT CONNECTIONS DEPTH SECONDS [MESSAGE_BYTES=100]
//
// After half a second of warm-up it measures for SECONDS and prints messages a second and the
// latency of a batch.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr std::chrono::milliseconds kWarmUp{500};
constexpr int kEventsMax = 256;

struct Options {
  uint16_t port = 0;
  size_t connections = 1;
  size_t depth = 1;
  std::chrono::duration<double> length{1};
  size_t message_bytes = 100;
};

struct Connection {
  int descriptor = -1;
  size_t unsent = 0;
  size_t unreceived = 0;
  Clock::time_point started{};
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect");
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        batch_(options.message_bytes * options.depth, 'x'),
        received_(256 * 1024),
        epoll_(::epoll_create1(0)),
        connections_(options.connections) {
    for (size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].descriptor = connect_to(options.port);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLET;
      event.data.u64 = i;
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].descriptor, &event) != 0) {
        fail("epoll_ctl");
      }
    }
  }

  void run() {
    measure_from_ = Clock::now() + kWarmUp;
    const auto end = measure_from_ + std::chrono::duration_cast<Clock::duration>(options_.length);
    for (Connection& connection : connections_) start_batch(connection);
    epoll_event events[kEventsMax];
    while (Clock::now() < end) {
      const int count = ::epoll_wait(epoll_, events, kEventsMax, 100);
      for (int i = 0; i < count; ++i) serve(connections_[events[i].data.u64]);
    }
    print(Clock::now() - measure_from_);
  }

 private:
  void start_batch(Connection& connection) {
    connection.started = Clock::now();
    connection.unsent = batch_.size();
    connection.unreceived = batch_.size();
    send_rest(connection);
  }

  void send_rest(Connection& connection) {
    while (connection.unsent > 0) {
      const ssize_t count =
          ::send(connection.descriptor, batch_.data() + (batch_.size() - connection.unsent),
                 connection.unsent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) fail("send");
      connection.unsent -= static_cast<size_t>(count);
    }
  }

  void serve(Connection& connection) {
    send_rest(connection);
    for (;;) {
      const ssize_t count =
          ::recv(connection.descriptor, received_.data(), received_.size(), MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) fail("recv");
      if (static_cast<size_t>(count) > connection.unreceived) fail("more came back than was sent");
      connection.unreceived -= static_cast<size_t>(count);
      // A short read emptied the socket; the edge comes again with the next byte.
      if (connection.unreceived == 0) finish_batch(connection);
      if (static_cast<size_t>(count) < received_.size()) return;
    }
  }

  void finish_batch(Connection& connection) {
    const Clock::time_point now = Clock::now();
    if (now >= measure_from_) latencies_.push_back(Microseconds(now - connection.started).count());
    start_batch(connection);
  }

  void print(Clock::duration measured) {
    std::sort(latencies_.begin(), latencies_.end());
    const double seconds = std::chrono::duration<double>(measured).count();
    const double messages = static_cast<double>(latencies_.size() * options_.depth);
    std::printf("%.0f ops/s  p50=%.0f us  p99=%.0f us\n", messages / seconds, quantile(0.5),
                quantile(0.99));
  }

  double quantile(double share) const {
    if (latencies_.empty()) return 0;
    return latencies_[static_cast<size_t>(share * static_cast<double>(latencies_.size() - 1))];
  }

  const Options options_;
  const std::string batch_;
  std::vector<char> received_;
  int epoll_;
  std::vector<Connection> connections_;
  Clock::time_point measure_from_{};
  std::vector<double> latencies_;  // Microseconds, one a batch.
};

size_t number(const char* text) { return std::strtoul(text, nullptr, 10); }

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) {
    std::fputs("usage: echo_load PORT CONNECTIONS DEPTH SECONDS [MESSAGE_BYTES]\n", stderr);
    return 2;
  }
  Options options;
  options.port = static_cast<uint16_t>(number(arguments[1]));
  options.connections = number(arguments[2]);
  options.depth = number(arguments[3]);
  options.length = std::chrono::duration<double>(std::strtod(arguments[4], nullptr));
  if (count > 5) options.message_bytes = number(arguments[5]);
  Load(options).run();
  return 0;
}
