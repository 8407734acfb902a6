#include "runtime/peer_pool.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "runtime/raw_client.h"
#include "runtime/recorder.h"

namespace distkv::runtime {
namespace {

using base::Endpoint;

// An endpoint of localhost where nothing listens.
Endpoint dead_endpoint(Loop& loop) {
  Recorder passing(loop);
  REQUIRE(passing.network.bind(Endpoint("localhost:0")).is_ok());
  return passing.endpoint();
}

TEST_SUITE_BEGIN("peer pool");

TEST_CASE("a refused stream is lost once, for all that was sent to it") {
  Loop loop;
  Recorder client(loop);
  client.open();
  const Endpoint nobody = dead_endpoint(loop);
  for (int i = 0; i < 10; ++i) REQUIRE(client.send(nobody, frame_of("x")).is_ok());

  client.wait_until([&] { return !client.lost.empty(); });

  CHECK(client.lost == std::vector<Endpoint>{nobody});
  CHECK(client.log.count("peer_lost") == 1);
}

TEST_CASE("a name that does not exist is a lost peer") {
  Loop loop;
  Recorder client(loop);
  client.open();
  REQUIRE(client.send(Endpoint("no-such-host.invalid:1"), frame_of("x")).is_ok());
  REQUIRE(client.send(Endpoint("no address"), frame_of("x")).is_ok());

  client.wait_until([&] { return client.lost.size() == 2; });
}

TEST_CASE("a frame to a resting peer is lost at the end of the turn, without an attempt") {
  Loop loop;
  Recorder client(loop);
  client.open();
  const Endpoint nobody = dead_endpoint(loop);
  int left = 5;
  base::MonotonicTime first_lost{};
  client.lost_handler = [&](const Endpoint& to) {
    if (left == 5) first_lost = loop.now();
    if (left-- > 0) CHECK(client.send(to, frame_of("again")).is_ok());
  };
  REQUIRE(client.send(nobody, frame_of("x")).is_ok());

  client.wait_until([&] { return client.lost.size() == 6; });

  // Well within the first rest unless this machine stands still, and then there was one attempt
  // more.
  if (loop.now() - first_lost < kRestMin) CHECK(client.log.count("peer_lost") == 1);
}

TEST_CASE("a sign of life ends a peer's rest: the next frame gets there") {
  Loop loop;
  Recorder client(loop);
  client.open();
  const Endpoint back = dead_endpoint(loop);
  // Each refusal doubles the rest; after these it is longer than a test's turn.
  for (size_t losses = 1; losses <= 3; ++losses) {
    client.network.retry_now(back);
    REQUIRE(client.send(back, frame_of("too early")).is_ok());
    client.wait_until([&] { return client.lost.size() == losses; });
  }
  Recorder server(loop);
  REQUIRE(server.network.bind(back).is_ok());
  REQUIRE(server.network.start(server).is_ok());

  client.network.retry_now(back);
  REQUIRE(client.send(back, frame_of("x")).is_ok());

  server.wait_until([&] { return !server.requests.empty() || client.lost.size() > 3; });
  CHECK(client.lost.size() == 3);
}

TEST_CASE("a peer that comes back is found again") {
  Loop loop;
  Recorder client(loop);
  client.open();
  const Endpoint endpoint = dead_endpoint(loop);
  Recorder server(loop);
  client.lost_handler = [&](const Endpoint& to) {
    // As a node would: again later, not at once.
    loop.timers().start(std::chrono::milliseconds(10),
                        [&client, to] { CHECK(client.send(to, frame_of("again")).is_ok()); });
  };
  REQUIRE(client.send(endpoint, frame_of("x")).is_ok());
  client.wait_until([&] { return client.lost.size() >= 2; });

  REQUIRE(server.network.bind(endpoint).is_ok());
  REQUIRE(server.network.start(server).is_ok());
  client.wait_until([&] { return !server.requests.empty(); });

  CHECK(server.requests[0].body == "again");
}

TEST_CASE("a peer's death is told once, and its restart begins with a greeting") {
  Loop loop;
  Recorder client(loop);
  client.open();
  client.greeting_frame = frame_of("hello", 0, wire::MessageType::kGreeting);
  auto server = std::make_unique<Recorder>(loop);
  server->open();
  const Endpoint endpoint = server->endpoint();
  echo(*server);
  REQUIRE(client.send(endpoint, frame_of("x")).is_ok());
  client.wait_until([&] { return client.replies.size() == 2; });

  server.reset();
  client.wait_until([&] { return client.lost.size() == 1; });
  server = std::make_unique<Recorder>(loop);
  REQUIRE(server->network.bind(endpoint).is_ok());
  REQUIRE(server->network.start(*server).is_ok());
  bool has_rested = false;
  loop.timers().start(kRestMin, [&] { has_rested = true; });
  client.wait_until([&] { return has_rested; });
  REQUIRE(client.send(endpoint, frame_of("y")).is_ok());
  client.wait_until([&] { return server->requests.size() == 2; });

  CHECK(server->requests[0].body == "hello");
  CHECK(server->requests[1].body == "y");
  CHECK(client.lost.size() == 1);
}

TEST_CASE("a full queue refuses a frame and keeps what it has") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  client.greeting_frame = frame_of("hello", 0, wire::MessageType::kGreeting);
  const std::string frame = frame_of(std::string(kPeerQueueBytesMax / 4, 'x'));
  int accepted = 0;
  base::Status status;
  while ((status = client.send(server.endpoint(), frame)).is_ok()) ++accepted;

  CHECK(accepted == 3);
  CHECK(status.code() == base::Code::kOverloaded);
  CHECK(client.network.stats().sends_overloaded == 1);
  client.wait_until([&] { return server.requests.size() == 4; });
  CHECK(client.lost.empty());
}

TEST_CASE("a peer that answers with bytes that are no frames is lost") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  server.request_handler = [&](base::ConnectionId from, const wire::FrameView&) {
    server.network.reply(from, std::string(100, 'z'));
  };
  REQUIRE(client.send(server.endpoint(), frame_of("x")).is_ok());

  client.wait_until([&] { return client.lost.size() == 1; });

  CHECK(client.log.count("peer_refused_bytes") == 1);
  CHECK(client.replies.empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
