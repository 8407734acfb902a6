#include "runtime/uv_network.h"

#include <doctest/doctest.h>

#include <string>

#include "runtime/raw_client.h"
#include "runtime/recorder.h"

namespace distkv::runtime {
namespace {

using base::Endpoint;

TEST_SUITE_BEGIN("uv network");

TEST_CASE("frames go to a node and its replies come back, in order") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  echo(server);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(client.send(server.endpoint(), frame_of(std::to_string(i))).is_ok());
  }

  client.wait_until([&] { return client.replies.size() == 1000; });

  for (size_t i = 0; i < 1000; ++i) CHECK(client.replies[i] == std::to_string(i));
  CHECK(client.lost.empty());
}

TEST_CASE("frames of one turn leave in one write, as do their replies") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  echo(server);
  REQUIRE(client.send(server.endpoint(), frame_of("opens the stream")).is_ok());
  client.wait_until([&] { return client.replies.size() == 1; });
  const uint64_t writes_before = client.network.stats().stream_writes;
  const uint64_t replies_before = server.network.stats().stream_writes;

  for (int i = 0; i < 500; ++i) REQUIRE(client.send(server.endpoint(), frame_of("x")).is_ok());
  client.wait_until([&] { return client.replies.size() == 501; });

  CHECK(client.network.stats().stream_writes - writes_before == 1);
  CHECK(server.network.stats().stream_writes - replies_before <= 2);
}

TEST_CASE("the greeting opens every stream, and lifts the limit on its frames") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  client.greeting_frame = frame_of("hello", 0, wire::MessageType::kGreeting);
  const std::string large(wire::kClientFrameBytesMax + 1000, 'v');

  REQUIRE(client.send(server.endpoint(), frame_of("first", 1)).is_ok());
  REQUIRE(client.send(server.endpoint(), frame_of(large, 2)).is_ok());
  client.wait_until([&] { return server.requests.size() == 3; });

  CHECK(server.requests[0].type == wire::MessageType::kGreeting);
  CHECK(server.requests[0].body == "hello");
  CHECK(server.requests[1].body == "first");
  CHECK(server.requests[2].body == large);
}

TEST_CASE("who has not greeted may not send a peer's large frames") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();

  REQUIRE(client.send(server.endpoint(), frame_of("first")).is_ok());
  REQUIRE(client.send(server.endpoint(), frame_of(std::string(wire::kClientFrameBytesMax, 'v')))
              .is_ok());
  client.wait_until([&] { return client.lost.size() == 1; });

  CHECK(server.requests.size() == 1);
  CHECK(server.log.count("over the limit") == 1);
}

TEST_CASE("a frame of 8 MiB there and back arrives whole") {
  Loop loop;
  Recorder server(loop);
  Recorder client(loop);
  server.open();
  client.open();
  echo(server);
  std::string large(8 * 1024 * 1024, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 8);

  REQUIRE(client.send(server.endpoint(), frame_of(large)).is_ok());
  REQUIRE(client.send(server.endpoint(), frame_of("after")).is_ok());
  client.wait_until([&] { return client.replies.size() == 2; });

  CHECK(client.replies[0] == large);
  CHECK(client.replies[1] == "after");
}

TEST_CASE("datagrams carry their sender's address") {
  Loop loop;
  Recorder a(loop);
  Recorder b(loop);
  a.open();
  b.open();

  a.network.send_datagram(b.endpoint(), "ping");
  b.wait_until([&] { return b.datagrams.size() == 1; });

  const size_t space = b.datagrams[0].find(' ');
  CHECK(b.datagrams[0].substr(space + 1) == "ping");
  b.network.send_datagram(Endpoint(b.datagrams[0].substr(0, space)), "ack");
  a.wait_until([&] { return a.datagrams.size() == 1; });
  CHECK(a.datagrams[0].find("127.0.0.1:") == 0);
}

TEST_CASE("a packet to a name that does not exist is dropped") {
  Loop loop;
  Recorder a(loop);
  a.open();

  a.network.send_datagram(Endpoint("no-such-host.invalid:1"), "ping");
  a.network.send_datagram(Endpoint("not an address"), "ping");

  a.wait_until([&] { return a.network.stats().datagrams_dropped == 2; });
}

TEST_CASE("an address in use is named, with what to do") {
  Loop loop;
  Recorder first(loop);
  first.open();
  Recorder second(loop);

  const base::Status status = second.network.bind(first.endpoint());

  CHECK(status.code() == base::Code::kIo);
  CHECK(status.message() == first.endpoint().value() +
                                " is already in use; is another distkv-server running? choose "
                                "another --address");
}

TEST_CASE("an address that cannot be bound says why") {
  Loop loop;
  Recorder recorder(loop);
  CHECK(recorder.network.bind(Endpoint("nonsense")).code() == base::Code::kInvalidArgument);
  const base::Status foreign = recorder.network.bind(Endpoint("192.0.2.1:0"));
  CHECK(foreign.code() == base::Code::kIo);
  CHECK(foreign.message().find("cannot listen on 192.0.2.1:0: ") == 0);
}

TEST_CASE("an address is free again when its network is gone") {
  Loop loop;
  Recorder other(loop);
  other.open();
  Endpoint endpoint("");
  {
    Recorder first(loop);
    first.open();
    endpoint = first.endpoint();
    REQUIRE(other.send(endpoint, frame_of("x")).is_ok());
    first.wait_until([&] { return first.requests.size() == 1; });
  }
  other.wait_until([&] { return other.lost.size() == 1; });

  Recorder second(loop);
  CHECK(second.network.bind(endpoint).is_ok());
}

TEST_CASE("a network destroyed with work under way leaves nothing behind") {
  Loop loop;
  {
    Recorder server(loop);
    Recorder client(loop);
    server.open();
    client.open();
    REQUIRE(client.send(Endpoint("no-such-host.invalid:1"), frame_of("x")).is_ok());
    client.network.send_datagram(Endpoint("another-host.invalid:1"), "x");
    REQUIRE(client.send(server.endpoint(), frame_of(std::string(32 << 20, 'x'))).is_ok());
    client.wait_until([&] { return server.network.stats().stream_bytes_read > 0; });
  }
  // ~Loop checks that every handle and request ended.
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
