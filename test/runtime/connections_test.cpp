#include "runtime/connections.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/raw_client.h"
#include "runtime/recorder.h"

namespace distkv::runtime {
namespace {

TEST_SUITE_BEGIN("connections");

TEST_CASE("a frame split at every byte is one request") {
  Loop loop;
  Recorder server(loop);
  server.open();
  RawClient client(server.endpoint());
  const std::string frame = frame_of("body", 7);
  for (size_t i = 0; i < frame.size(); ++i) {
    const uint64_t read_before = server.network.stats().stream_bytes_read;
    REQUIRE(client.write(frame.substr(i, 1)) == 1);
    server.wait_until([&] { return server.network.stats().stream_bytes_read > read_before; });
  }

  REQUIRE(server.requests.size() == 1);
  CHECK(server.requests[0].body == "body");
  CHECK(server.requests[0].id == 7);
}

TEST_CASE("bytes that are no frame close the connection, unanswered, with a warning") {
  Loop loop;
  Recorder server(loop);
  server.open();
  RawClient client(server.endpoint());
  REQUIRE(client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") > 0);

  server.wait_until([&] { return client.reads_end(); });

  CHECK(client.received.empty());
  CHECK(server.requests.empty());
  CHECK(server.closed.size() == 1);
  CHECK(server.log.count("connection_refused_bytes remote=127.0.0.1:") == 1);
}

TEST_CASE("requests before a bad frame are served, those after it are not") {
  Loop loop;
  Recorder server(loop);
  server.open();
  RawClient client(server.endpoint());
  std::string damaged = frame_of("bad");
  damaged.back() ^= 1;
  REQUIRE(client.write(frame_of("good") + damaged + frame_of("late")) > 0);

  server.wait_until([&] { return client.reads_end(); });

  REQUIRE(server.requests.size() == 1);
  CHECK(server.requests[0].body == "good");
}

TEST_CASE("close lets the last replies out, takes no more requests, and is told once") {
  Loop loop;
  Recorder server(loop);
  server.open();
  const std::string last(20 * 1024 * 1024, 'l');
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView& frame) {
    server.requests.push_back({from, frame.type, 0, std::string(frame.body)});
    server.network.reply(from, last);
    server.is_in_call = true;
    server.network.close(from);
    server.network.close(from);
    server.is_in_call = false;
    server.network.reply(from, "never");
  };
  RawClient client(server.endpoint());
  REQUIRE(client.write(frame_of("one") + frame_of("two")) > 0);

  server.wait_until([&] { return client.reads_end(); });

  CHECK(client.received == last);
  CHECK(server.requests.size() == 1);
  CHECK(server.closed.size() == 1);
  server.network.reply(server.closed[0], "to nobody");
  server.network.close(server.closed[0]);
}

TEST_CASE("connection ids are not used again") {
  Loop loop;
  Recorder server(loop);
  server.open();
  for (size_t i = 0; i < 3; ++i) {
    {
      RawClient client(server.endpoint());
      REQUIRE(client.write(frame_of("x")) > 0);
      server.wait_until([&] { return server.requests.size() == i + 1; });
    }
    server.wait_until([&] { return server.closed.size() == i + 1; });
  }

  CHECK(server.closed[0] == server.requests[0].from);
  CHECK(server.closed[0] < server.closed[1]);
  CHECK(server.closed[1] < server.closed[2]);
  CHECK(server.network.connection_count() == 0);
}

TEST_CASE("a client that does not read is not read from until it does") {
  Loop loop;
  Recorder server(loop);
  server.open();
  const std::string reply = frame_of(std::string(256 * 1024, 'r'));
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView& frame) {
    server.requests.push_back({from, frame.type, 0, std::string(frame.body)});
    server.network.reply(from, reply);
  };
  RawClient client(server.endpoint(), 64 * 1024);
  const std::string request = frame_of(std::string(128 * 1024, 'q'));
  constexpr size_t kRequests = 200;
  std::string unsent;
  for (size_t i = 0; i < kRequests; ++i) unsent += request;
  const auto write_more = [&] {
    unsent.erase(0, client.write(unsent));
    return unsent.empty();
  };

  server.wait_until([&] {
    write_more();
    return server.network.stats().reads_paused > 0;
  });
  // However long the client goes on: what is read now is at most what was read before the pause.
  const size_t served = server.requests.size();
  for (int turn = 0; turn < 20; ++turn) {
    write_more();
    loop.run_until([] { return false; }, std::chrono::milliseconds(1));
  }
  CHECK(server.requests.size() == served);
  CHECK_FALSE(unsent.empty());

  server.wait_until([&] {
    write_more();
    client.read();
    return client.received.size() == kRequests * reply.size();
  });
  CHECK(server.requests.size() == kRequests);
  CHECK(server.network.stats().reads_paused > 1);
}

TEST_CASE("replies over the last bound close the connection, not within the call") {
  Loop loop;
  Recorder server(loop);
  server.open();
  const std::string reply(32 * 1024 * 1024, 'r');
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView&) {
    server.is_in_call = true;
    for (size_t bytes = 0; bytes <= kReplyQueueBytesMax; bytes += reply.size()) {
      server.network.reply(from, reply);
    }
    server.is_in_call = false;
  };
  RawClient client(server.endpoint());
  REQUIRE(client.write(frame_of("x")) > 0);

  server.wait_until([&] { return server.closed.size() == 1; });

  CHECK(server.log.count("connection_not_reading") == 1);
}

TEST_CASE("a request refused at its header is dropped, and the next one is served") {
  Loop loop;
  Recorder server(loop);
  server.open();
  server.header_judge = [&](base::ConnectionId from, const wire::FrameHeader& header) {
    if (header.frame_bytes < 1024 * 1024) return true;
    server.network.reply(from, frame_of("no"));
    return false;
  };
  RawClient client(server.endpoint());
  const std::string large = frame_of(std::string(4 * 1024 * 1024, 'x'), 1);
  std::string unsent = large.substr(0, wire::kFrameHeaderBytes);
  const auto write_more = [&] {
    unsent.erase(0, client.write(unsent));
    client.read();
    return unsent.empty();
  };

  // Answered before its body is sent.
  server.wait_until([&] { return write_more() && !client.received.empty(); });
  CHECK(client.received == frame_of("no"));
  unsent = large.substr(wire::kFrameHeaderBytes) + frame_of("small", 2);
  server.wait_until([&] {
    write_more();
    return !server.requests.empty();
  });

  CHECK(server.requests[0].id == 2);
  CHECK(server.closed.empty());
}

TEST_CASE("replies count until the kernel has taken them, or their connection is gone") {
  Loop loop;
  Recorder server(loop);
  server.open();
  const std::string reply = frame_of(std::string(16 * 1024 * 1024, 'r'));
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView& frame) {
    server.requests.push_back({from, frame.type, 0, std::string(frame.body)});
    server.network.reply(from, reply);
    CHECK(server.network.reply_bytes_queued() >= reply.size());
  };
  RawClient reader(server.endpoint());
  REQUIRE(reader.write(frame_of("x")) > 0);
  server.wait_until([&] {
    reader.read();
    return reader.received.size() == reply.size();
  });
  server.wait_until([&] { return server.network.reply_bytes_queued() == 0; });
  {
    RawClient deaf(server.endpoint(), 64 * 1024);
    REQUIRE(deaf.write(frame_of("x")) > 0);
    server.wait_until([&] { return server.requests.size() == 2; });
    CHECK(server.network.reply_bytes_queued() > 0);
  }
  server.wait_until([&] { return server.closed.size() == 1; });
  CHECK(server.network.reply_bytes_queued() == 0);
}

TEST_CASE("who stands still within a frame, or does not read, is closed; who rests is not") {
  Loop loop;
  Recorder server(loop);
  server.network.set_stall_sweep(std::chrono::milliseconds(20));
  server.open();
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView& frame) {
    server.requests.push_back({from, frame.type, 0, std::string(frame.body)});
    if (frame.body == "large") server.network.reply(from, std::string(32 << 20, 'r'));
  };
  RawClient resting(server.endpoint());
  REQUIRE(resting.write(frame_of("x")) > 0);
  RawClient unfinished(server.endpoint());
  REQUIRE(unfinished.write(frame_of("body").substr(0, 26)) == 26);
  RawClient deaf(server.endpoint(), 64 * 1024);
  REQUIRE(deaf.write(frame_of("large")) > 0);

  server.wait_until([&] { return server.closed.size() == 2; });

  CHECK(unfinished.reads_end());
  CHECK(server.log.count("connection_stalled") == 2);
  CHECK(server.network.connection_count() == 1);
  REQUIRE(resting.write(frame_of("again")) > 0);
  server.wait_until([&] { return server.requests.back().body == "again"; });
}

TEST_CASE("who moves on, however slowly, is not closed") {
  Loop loop;
  Recorder server(loop);
  server.network.set_stall_sweep(std::chrono::milliseconds(200));
  server.open();
  RawClient slow(server.endpoint());
  const std::string frame = frame_of(std::string(60, 'x'));
  // A byte every few milliseconds: several sweeps.
  for (size_t i = 0; i < frame.size(); ++i) {
    REQUIRE(slow.write(frame.substr(i, 1)) == 1);
    loop.run_until([] { return false; }, std::chrono::milliseconds(10));
  }
  server.wait_until([&] { return server.requests.size() == 1; });
  CHECK(server.closed.empty());
}

TEST_CASE("connections over the limit are closed at once and logged once a second") {
  Loop loop;
  Recorder server(loop);
  server.network.set_connections_max(2);
  server.open();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(std::make_unique<RawClient>(server.endpoint()));

  server.wait_until([&] { return server.network.stats().connections_refused == 4; });

  CHECK(server.network.connection_count() == 2);
  CHECK(server.closed.empty());
  CHECK(server.log.count("connections_exhausted") >= 1);
  CHECK(server.log.count("connections_exhausted") <= 2);
  server.wait_until([&] { return clients.back()->reads_end(); });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
