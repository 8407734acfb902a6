// A node's place taken by a test: keeps every event of a UvNetwork, and answers if it is told how.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "runtime/loop.h"
#include "runtime/uv_network.h"
#include "wire/frame.h"

namespace distkv::runtime {

inline constexpr base::Duration kSafety = std::chrono::seconds(60);  // Far above any test's need.

inline std::string frame_of(std::string_view body, uint64_t id = 1,
                            wire::MessageType type = wire::MessageType::kPutRequest) {
  std::string frame;
  wire::append_frame(type, base::RequestId(id), body, frame);
  return frame;
}

class MemoryLog : public base::Log {
 public:
  bool is_enabled(base::LogLevel level) const override { return level >= base::LogLevel::kWarn; }
  void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  size_t count(std::string_view text) const {
    size_t found = 0;
    for (const std::string& line : lines) found += line.find(text) != std::string::npos ? 1 : 0;
    return found;
  }
  std::vector<std::string> lines;
};

struct Request {
  base::ConnectionId from;
  wire::MessageType type;
  uint64_t id;
  std::string body;
};

class Recorder : public wire::NetworkEvents {
 public:
  explicit Recorder(Loop& loop) : network(loop, log), loop_(loop) {}

  // Takes a free port of localhost.
  void open() {
    REQUIRE(network.bind(base::Endpoint("localhost:0")).is_ok());
    REQUIRE(network.start(*this).is_ok());
  }
  const base::Endpoint& endpoint() const { return network.bound_endpoint(); }
  // Looks every millisecond too, as what a RawClient waits for is no event of the loop.
  void wait_until(const std::function<bool()>& is_done) {
    base::TimerId timer;
    const std::function<void()> tick = [&] {
      timer = loop_.timers().start(std::chrono::milliseconds(1), tick);
    };
    tick();
    const bool is_true = loop_.run_until(is_done, kSafety);
    loop_.timers().stop(timer);
    REQUIRE(is_true);
  }

  std::string greeting() override { return greeting_frame; }
  void on_datagram(const base::Endpoint& from, std::string_view packet) override {
    datagrams.emplace_back(from.value() + " " + std::string(packet));
  }
  bool on_header(base::ConnectionId from, const wire::FrameHeader& header) override {
    return !header_judge || header_judge(from, header);
  }
  void on_request(base::ConnectionId from, const wire::FrameView& frame) override {
    if (request_handler) return request_handler(from, frame);
    requests.push_back({from, frame.type, frame.request_id.value(), std::string(frame.body)});
  }
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame) override {
    CHECK_FALSE(from.value().empty());
    replies.emplace_back(frame.body);
  }
  void on_peer_lost(const base::Endpoint& to) override {
    CHECK_FALSE(is_in_call);
    lost.push_back(to);
    if (lost_handler) lost_handler(to);
  }
  void on_connection_closed(base::ConnectionId connection) override {
    CHECK_FALSE(is_in_call);
    closed.push_back(connection);
  }

  base::Status send(const base::Endpoint& to, std::string_view frame) {
    is_in_call = true;
    base::Status status = network.send(to, frame);
    is_in_call = false;
    return status;
  }

  MemoryLog log;
  std::string greeting_frame;  // None unless a test gives one.
  std::function<void(base::ConnectionId, const wire::FrameView&)> request_handler;
  std::function<bool(base::ConnectionId, const wire::FrameHeader&)> header_judge;
  std::function<void(const base::Endpoint&)> lost_handler;
  std::vector<std::string> datagrams;
  std::vector<Request> requests;
  std::vector<std::string> replies;
  std::vector<base::Endpoint> lost;
  std::vector<base::ConnectionId> closed;
  bool is_in_call = false;
  UvNetwork network;

 private:
  Loop& loop_;
};

// Sends every request's body back.
inline void echo(Recorder& server) {
  server.request_handler = [&server](base::ConnectionId from, const wire::FrameView& frame) {
    server.network.reply(from, frame_of(frame.body, frame.request_id.value()));
  };
}

}  // namespace distkv::runtime
