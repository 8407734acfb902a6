#include "wire/rpc.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "samples.h"

namespace distkv::wire {
namespace {

using base::Code;
using base::Endpoint;
using base::RequestId;
using std::chrono::milliseconds;

class HandClock : public base::Clock {
 public:
  base::MonotonicTime now() const override { return time; }
  base::WallTime wall_now() const override { return base::WallTime{}; }
  base::MonotonicTime time{};
};

// Remembers what was sent, and refuses when told to.
class ScriptedNetwork : public Network {
 public:
  void send_datagram(const Endpoint&, std::string_view) override {}
  base::Status send(const Endpoint& to, std::string_view frame) override {
    if (is_full) return base::Status(Code::kOverloaded, "the queue is full");
    sent.emplace_back(to, frame);
    return base::Status::ok();
  }
  void reply(base::ConnectionId, std::string_view) override {}
  void close(base::ConnectionId) override {}

  bool is_full = false;
  std::vector<std::pair<Endpoint, std::string>> sent;
};

const Endpoint kPeer("peer:1");
const Endpoint kOther("other:1");

struct Fixture {
  explicit Fixture(const RpcLimits& limits = {}) : rpc(network, timers, encoder, limits) {}

  HandClock clock;
  base::Timers timers{clock};
  ScriptedNetwork network;
  Encoder encoder;
  Rpc rpc;
  std::string transcript;  // One line a call that ended.

  // Notes "name: ok" or "name: code" when the call ends.
  ReplyDone note(std::string name) {
    return [this, name = std::move(name)](const base::Result<FrameView>& reply) {
      transcript += name + ": " + std::string(base::name_of(reply.code())) + "\n";
    };
  }
  void call(const Endpoint& to, const std::string& name,
            base::Duration timeout = milliseconds(100)) {
    rpc.call(to, sample_read_request(), timeout, note(name));
  }
  RequestId sent_id(size_t index) { return parse_datagram(network.sent[index].second)->request_id; }
  // The peer answers the frame sent at `index`.
  void answer(size_t index, const Endpoint& from) {
    Encoder peer;
    const std::string frame(peer.encode(sample_read_reply(), sent_id(index)));
    rpc.on_reply(from, *parse_datagram(frame));
  }
  void pass(base::Duration duration) {
    clock.time += duration;
    timers.run_due();
  }
};

TEST_SUITE_BEGIN("rpc");

TEST_CASE_FIXTURE(Fixture, "a call sends its message and ends with the reply") {
  std::optional<ReadReply> answered;
  rpc.call(kPeer, sample_read_request(), milliseconds(100),
           [&](const base::Result<FrameView>& reply) {
             const auto message = expect<ReadReply>(reply);
             REQUIRE(message.is_ok());
             CHECK((*message == sample_read_reply()));
             answered.emplace();
           });
  REQUIRE(network.sent.size() == 1);
  CHECK(network.sent[0].first == kPeer);
  CHECK((*decode<ReadRequest>(*parse_datagram(network.sent[0].second)) == sample_read_request()));
  CHECK(rpc.outstanding() == 1);

  answer(0, kPeer);

  CHECK(answered.has_value());
  CHECK(rpc.outstanding() == 0);
  CHECK(timers.size() == 0);
}

TEST_CASE_FIXTURE(Fixture, "replies may come in any order") {
  call(kPeer, "a");
  call(kPeer, "b");
  answer(1, kPeer);
  answer(0, kPeer);
  CHECK(transcript == "b: ok\na: ok\n");
}

TEST_CASE_FIXTURE(Fixture, "a call without an answer times out once, and a late reply is dropped") {
  call(kPeer, "a", milliseconds(100));
  pass(milliseconds(99));
  CHECK(transcript.empty());
  pass(milliseconds(1));
  CHECK(transcript == "a: timed out\n");

  answer(0, kPeer);
  rpc.on_peer_lost(kPeer);

  CHECK(transcript == "a: timed out\n");
}

TEST_CASE_FIXTURE(Fixture, "a reply that comes twice ends the call once") {
  call(kPeer, "a");
  answer(0, kPeer);
  answer(0, kPeer);
  CHECK(transcript == "a: ok\n");
}

TEST_CASE_FIXTURE(Fixture, "a reply from a peer that was not asked is dropped") {
  call(kPeer, "a");
  answer(0, kOther);
  CHECK(transcript.empty());
  CHECK(rpc.outstanding() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a lost peer fails its own calls, oldest first, and no other's") {
  for (int i = 0; i < 20; ++i) {
    call(i % 2 == 0 ? kPeer : kOther, std::to_string(i));
  }

  rpc.on_peer_lost(kPeer);

  std::string expected;
  for (int i = 0; i < 20; i += 2) expected += std::to_string(i) + ": connection lost\n";
  CHECK(transcript == expected);
  CHECK(rpc.outstanding() == 10);
  CHECK(timers.size() == 10);
}

TEST_CASE_FIXTURE(Fixture, "a call started while its peer's calls fail is not failed with them") {
  rpc.call(kPeer, sample_read_request(), milliseconds(100),
           [&](const base::Result<FrameView>&) { call(kPeer, "again"); });
  call(kPeer, "b");

  rpc.on_peer_lost(kPeer);

  CHECK(transcript == "b: connection lost\n");
  CHECK(rpc.outstanding() == 1);
  answer(2, kPeer);
  CHECK(transcript == "b: connection lost\nagain: ok\n");
}

TEST_CASE_FIXTURE(Fixture, "a peer lost again while its calls fail ends each call once") {
  rpc.call(kPeer, sample_read_request(), milliseconds(100),
           [&](const base::Result<FrameView>&) { rpc.on_peer_lost(kPeer); });
  call(kPeer, "b");
  call(kPeer, "c");

  rpc.on_peer_lost(kPeer);

  CHECK(transcript == "b: connection lost\nc: connection lost\n");
}

TEST_CASE_FIXTURE(Fixture, "a call that cannot be queued ends at once as overloaded") {
  network.is_full = true;
  call(kPeer, "a");
  CHECK(transcript == "a: overloaded\n");
  CHECK(rpc.outstanding() == 0);
  CHECK(timers.size() == 0);
}

TEST_CASE("past the limit of outstanding calls a call is refused unsent") {
  Fixture fixture({.calls_max = 2});
  fixture.call(kPeer, "a");
  fixture.call(kPeer, "b");
  fixture.call(kOther, "c");
  CHECK(fixture.transcript == "c: overloaded\n");
  CHECK(fixture.network.sent.size() == 2);
}

TEST_CASE("a peer that leaves calls unanswered is sent no more, and the others are") {
  Fixture fixture({.peer_calls_max = 2});
  fixture.call(kPeer, "a");
  fixture.call(kPeer, "b");
  CHECK_FALSE(fixture.rpc.has_room(kPeer, 1));
  fixture.call(kPeer, "c");
  fixture.call(kOther, "d");
  CHECK(fixture.transcript == "c: overloaded\n");
  CHECK(fixture.network.sent.size() == 3);

  fixture.answer(0, kPeer);
  CHECK(fixture.rpc.has_room(kPeer, 1));
  fixture.call(kPeer, "e");
  CHECK(fixture.network.sent.size() == 4);
}

TEST_CASE("so is one that leaves bytes unanswered, but a single call may have any size") {
  Fixture fixture({.peer_bytes_max = 1});
  fixture.call(kPeer, "a");
  fixture.call(kPeer, "b");
  fixture.call(kOther, "c");
  CHECK(fixture.transcript == "b: overloaded\n");
  CHECK(fixture.network.sent.size() == 2);
}

TEST_CASE("calls that time out or are lost make room again") {
  Fixture fixture({.peer_calls_max = 1});
  fixture.call(kPeer, "a", milliseconds(100));
  fixture.pass(milliseconds(100));
  fixture.call(kPeer, "b");
  fixture.rpc.on_peer_lost(kPeer);
  CHECK(fixture.transcript == "a: timed out\nb: connection lost\n");
  CHECK(fixture.rpc.has_room(kPeer, 1));
}

TEST_CASE("what is outstanding when an rpc goes away is forgotten, its timers too") {
  Fixture fixture;
  {
    Rpc rpc(fixture.network, fixture.timers, fixture.encoder);
    rpc.call(kPeer, LayoutRequest{}, milliseconds(100), fixture.note("a"));
  }
  CHECK(fixture.timers.size() == 0);
  CHECK(fixture.transcript.empty());
}

TEST_CASE("an error frame, another type and a failed call all become a status") {
  Encoder encoder;
  const auto code_of = [](const base::Result<FrameView>& reply) {
    return expect<ReadReply>(reply).code();
  };
  const std::string error(encoder.encode(sample_error_reply(), RequestId(1)));
  const std::string other(encoder.encode(sample_apply_reply(), RequestId(1)));

  CHECK(code_of(*parse_datagram(error)) == Code::kWrongCluster);
  CHECK(expect<ReadReply>(*parse_datagram(error)).status().message() == "another cluster");
  CHECK(code_of(*parse_datagram(other)) == Code::kInvalidArgument);
  CHECK(code_of(base::Status(Code::kLost, "broke")) == Code::kLost);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::wire
