#include "distkv/client.h"

#include <doctest/doctest.h>

#include "base/types.h"
#include "client/fake_server.h"

namespace distkv {
namespace {

using base::Code;
using std::chrono::milliseconds;
using test::FakeServer;
using test::LoopbackPort;
using wire::Encoder;
using wire::FrameView;
using Reaction = FakeServer::Reaction;

constexpr milliseconds kLong{20000};  // Never waited for where the code is right.
constexpr milliseconds kShort{60};    // Waited for in full.

Client client_of(std::vector<std::string> servers, milliseconds timeout = kLong) {
  return Client({std::move(servers), timeout});
}

Reaction refuse(const FrameView& frame, Encoder& encoder, Code code) {
  wire::PutReply no;
  no.code = code;
  no.message = "the reason";
  return test::reply(frame, encoder, no);
}

TEST_SUITE_BEGIN("client");

TEST_CASE("a put carries what was asked for and returns the receipt") {
  wire::PutRequest seen;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    seen = *wire::decode<wire::PutRequest>(frame);
    CHECK(seen.key == "key");
    CHECK(seen.value == std::string_view("va\0lue", 6));
    CHECK(seen.context == "what I saw");
    CHECK(!seen.is_delete);
    wire::PutReply yes;
    yes.context = "what you wrote";
    yes.acknowledged = {"node1", "node2"};
    yes.hinted = {"node3"};
    yes.persistence.push_back(base::Persistence::kDisk);
    yes.persistence.push_back(base::Persistence::kPeriodic);
    yes.layout_version = base::LayoutVersion{4};
    yes.previous_layout_version = base::LayoutVersion{3};
    return test::reply(frame, encoder, yes);
  });
  Client client = client_of({server.address()});

  const PutOutcome outcome =
      client.put("key", {"va\0lue", 6}, {Consistency::kAll, "what I saw", milliseconds(250)});

  server.stop();
  CHECK(outcome.error.is_ok());
  CHECK(outcome.context == "what you wrote");
  CHECK(outcome.acknowledged == std::vector<std::string>{"node1", "node2"});
  CHECK(outcome.hinted == std::vector<std::string>{"node3"});
  CHECK(outcome.persistence == std::vector{Persistence::kDisk, Persistence::kPeriodic});
  CHECK(outcome.layouts == std::vector<uint64_t>{4, 3});
  CHECK(seen.consistency == wire::Consistency::kAll);
  CHECK(seen.ttl == milliseconds(250));
  CHECK(seen.timeout > milliseconds(0));
  CHECK(seen.timeout < kLong);
}

TEST_CASE("a removal is a put without a value that says so") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    const auto request = wire::decode<wire::PutRequest>(frame);
    return refuse(frame, encoder, request->is_delete ? Code::kOk : Code::kRejected);
  });

  CHECK(client_of({server.address()}).remove("key").error.is_ok());
}

TEST_CASE("a get returns the values, their number and the context") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    CHECK(wire::decode<wire::GetRequest>(frame)->wants_siblings);
    wire::GetReply found;
    found.values = {"newer", ""};
    found.sibling_count = 2;
    found.context = "token";
    return test::reply(frame, encoder, found);
  });

  const GetOutcome outcome = client_of({server.address()}).get("key", {Consistency::kOne, true});

  CHECK(outcome.error.is_ok());
  CHECK(outcome.values == std::vector<std::string>{"newer", ""});
  CHECK(outcome.sibling_count == 2);
  CHECK(outcome.context == "token");
}

TEST_CASE("a timeline is asked for and told as the nodes recorded it") {
  const wire::Trace recorded{
      "node1",
      {{7, "node2", wire::TraceStep::kAskedForDigest, true, Code::kOk, ""},
       {9, "node2", wire::TraceStep::kFailed, false, Code::kTimedOut, "no answer"}},
      3};
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    if (frame.type == wire::MessageType::kGetRequest) {
      wire::GetReply reply;
      reply.code = Code::kUnavailable;
      if (wire::decode<wire::GetRequest>(frame)->wants_trace) reply.trace = recorded;
      return test::reply(frame, encoder, reply);
    }
    wire::PutReply reply;
    if (wire::decode<wire::PutRequest>(frame)->wants_trace) reply.forwarding = recorded;
    return test::reply(frame, encoder, reply);
  });
  Client client = client_of({server.address()});

  PutOptions put;
  put.wants_trace = true;
  CHECK(client.put("key", "value", put).forwarding.has_value());
  CHECK_FALSE(client.put("key", "value").forwarding.has_value());
  const GetOutcome got = client.get("key", {Consistency::kQuorum, false, true});
  CHECK(got.error.kind == ErrorKind::kUnavailable);
  REQUIRE(got.trace.has_value());
  CHECK(got.trace->node == "node1");
  CHECK(got.trace->left_out == 3);
  REQUIRE(got.trace->events.size() == 2);
  CHECK(got.trace->events[0].at == std::chrono::microseconds(7));
  CHECK(got.trace->events[0].step == TraceStep::kAskedForDigest);
  CHECK(got.trace->events[0].is_spare);
  CHECK(got.trace->events[1].text == "timed out: no answer");
}

TEST_CASE("a write repeated after a broken connection keeps its operation id") {
  std::vector<base::OpId> ids;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    ids.push_back(wire::decode<wire::PutRequest>(frame)->op_id);
    if (ids.size() == 1) return Reaction{"", true};
    return test::reply(frame, encoder, wire::PutReply{});
  });
  Client client = client_of({server.address()});

  CHECK(client.put("key", "1").error.is_ok());
  CHECK(client.put("key", "2").error.is_ok());

  server.stop();
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] == ids[1]);
  CHECK(ids[1] != ids[2]);
  CHECK(!ids[0].value().is_zero());
}

TEST_CASE("a write says that it may be stored twice where an attempt before got no answer") {
  bool is_flagged = false;  // By the server, whose own attempts the client cannot see.
  FakeServer silent([](const FrameView&, Encoder&) { return Reaction{"", true, true}; });
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    wire::PutReply yes;
    yes.may_repeat = is_flagged;
    return test::reply(frame, encoder, yes);
  });

  SUBCASE("sent once") {
    const PutOutcome once = client_of({server.address()}).put("key", "value");
    CHECK_FALSE(once.may_repeat);
    CHECK(once.server == server.address());
  }
  SUBCASE("sent again after a broken connection") {
    const PutOutcome twice = client_of({silent.address(), server.address()}).put("key", "value");
    CHECK(twice.error.is_ok());
    CHECK(twice.may_repeat);
    CHECK(twice.server == server.address());
  }
  SUBCASE("sent once, and twice behind the server") {
    is_flagged = true;
    CHECK(client_of({server.address()}).put("key", "value").may_repeat);
  }
}

TEST_CASE("a refusal is rejected, or invalid where the request is to blame") {
  for (const auto& [code, kind] : {std::pair{Code::kRejected, ErrorKind::kRejected},
                                   std::pair{Code::kUnavailable, ErrorKind::kRejected},
                                   std::pair{Code::kInvalidArgument, ErrorKind::kInvalid},
                                   std::pair{Code::kTooManySiblings, ErrorKind::kInvalid},
                                   std::pair{Code::kUnknownOutcome, ErrorKind::kUnknown}}) {
    FakeServer server([code = code](const FrameView& frame, Encoder& encoder) {
      return refuse(frame, encoder, code);
    });

    const PutOutcome outcome = client_of({server.address()}).put("key", "value");

    CHECK(outcome.error.kind == kind);
    CHECK(outcome.error.message.find("the reason") != std::string::npos);
  }
}

TEST_CASE("an unknown outcome tells who acknowledged") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    wire::PutReply half;
    half.code = Code::kUnknownOutcome;
    half.acknowledged = {"node2"};
    return test::reply(frame, encoder, half);
  });

  const PutOutcome outcome = client_of({server.address()}).put("key", "value");

  CHECK(outcome.error.kind == ErrorKind::kUnknown);
  CHECK(outcome.acknowledged == std::vector<std::string>{"node2"});
  // Of a server too old to say.
  CHECK(outcome.persistence == std::vector{Persistence::kUnsaid});
  CHECK(outcome.layouts.empty());
}

TEST_CASE("a refusal after an attempt without an answer leaves the outcome unknown") {
  size_t frames = 0;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    return ++frames == 1 ? Reaction{"", true} : refuse(frame, encoder, Code::kRejected);
  });

  CHECK(client_of({server.address()}).put("key", "1").error.kind == ErrorKind::kUnknown);
}

TEST_CASE("a server that dies before it answers leaves a write unknown and a read to repeat") {
  const auto die = [](const FrameView&, Encoder&) { return Reaction{"", false, true}; };
  FakeServer of_put(die);
  FakeServer of_get(die);

  CHECK(client_of({of_put.address()}).put("key", "1").error.kind == ErrorKind::kUnknown);
  CHECK(client_of({of_get.address()}).get("key").error.kind == ErrorKind::kUnavailable);
}

TEST_CASE("a server that never answers ends with the timeout, named") {
  const auto stay_silent = [](const FrameView&, Encoder&) { return Reaction{}; };
  FakeServer server(stay_silent);
  Client client = client_of({server.address()}, kShort);

  const Error put = client.put("key", "value").error;
  const Error get = client.get("key").error;

  CHECK(put.kind == ErrorKind::kUnknown);
  CHECK(get.kind == ErrorKind::kUnavailable);
  CHECK(put.message.find(server.address()) != std::string::npos);
}

TEST_CASE("servers are tried in turn") {
  LoopbackPort closed;
  FakeServer busy([](const FrameView& frame, Encoder& encoder) {
    return refuse(frame, encoder, Code::kOverloaded);
  });
  FakeServer ready([](const FrameView& frame, Encoder& encoder) {
    return test::reply(frame, encoder, wire::PutReply{});
  });

  Client client = client_of({closed.address(), busy.address(), ready.address()});

  CHECK(client.put("key", "value").error.is_ok());
}

// Refuses as overloaded `times` times, at the header or after, then takes the put.
FakeServer::Script busy_for(int times, milliseconds retry_after, bool at_header) {
  return [=, left = times](const FrameView& frame, Encoder& encoder) mutable {
    if (left-- == 0) return test::reply(frame, encoder, wire::PutReply{});
    if (at_header) {
      return test::reply(frame, encoder, wire::ErrorReply{Code::kOverloaded, "busy", retry_after});
    }
    wire::PutReply no;
    no.code = Code::kOverloaded;
    no.message = "busy";
    no.retry_after = retry_after;
    return test::reply(frame, encoder, no);
  };
}

TEST_CASE("an overloaded server gets the time it asks for") {
  for (const bool at_header : {true, false}) {
    FakeServer server(busy_for(2, milliseconds(40), at_header));
    const auto before = std::chrono::steady_clock::now();
    CHECK(client_of({server.address()}).put("key", "value").error.is_ok());
    CHECK(std::chrono::steady_clock::now() - before >= milliseconds(80));
  }
}

TEST_CASE("a client whose patience ends before that is told at once, and for how long to wait") {
  for (const bool at_header : {true, false}) {
    FakeServer server(busy_for(100, kLong, at_header));
    const Error error = client_of({server.address()}, kLong / 2).put("key", "value").error;
    CHECK(error.kind == ErrorKind::kRejected);
    CHECK(error.retry_after == kLong);
    CHECK(error.message.find("try again in 20000 ms") != std::string::npos);
  }
}

TEST_CASE("where no server is, nothing was stored and every address is named") {
  LoopbackPort one;
  LoopbackPort other;
  Client client = client_of({one.address(), other.address()});

  for (const Error& error : {client.put("key", "1").error, client.get("key").error}) {
    CHECK(error.kind == ErrorKind::kUnreachable);
    CHECK(error.message.find(one.address()) != std::string::npos);
    CHECK(error.message.find(other.address()) != std::string::npos);
  }
}

TEST_CASE("what is no address is an error of the request") {
  const Error error = client_of({"nowhere"}).put("key", "1").error;

  CHECK(error.kind == ErrorKind::kInvalid);
  CHECK(error.message.find("nowhere") != std::string::npos);
}

TEST_CASE("a key or value over its limit is refused before anything is sent") {
  LoopbackPort closed;  // Were it asked, the error would be another.
  Client client = client_of({closed.address()});
  const std::string long_key(base::kKeyBytesMax + 1, 'k');
  const std::string large_value(base::kValueBytesMax + 1, 'v');

  CHECK(client.put(long_key, "").error.kind == ErrorKind::kInvalid);
  CHECK(client.put("", "").error.kind == ErrorKind::kInvalid);
  CHECK(client.put("key", large_value).error.kind == ErrorKind::kInvalid);
  CHECK(client.remove(long_key).error.kind == ErrorKind::kInvalid);
  CHECK(client.get(long_key).error.kind == ErrorKind::kInvalid);
  CHECK(client.explain(long_key).error.kind == ErrorKind::kInvalid);
  CHECK(client.put(long_key, "").error.message.size() < 200);
}

TEST_CASE("the largest key and value go through") {
  size_t bytes = 0;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    const auto request = wire::decode<wire::PutRequest>(frame);
    bytes = request->key.size() + request->value.size();
    return test::reply(frame, encoder, wire::PutReply{});
  });

  const PutOutcome outcome =
      client_of({server.address()})
          .put(std::string(base::kKeyBytesMax, 'k'), std::string(base::kValueBytesMax, 'v'));

  server.stop();
  CHECK(outcome.error.is_ok());
  CHECK(bytes == base::kKeyBytesMax + base::kValueBytesMax);
}

TEST_CASE("an answer in another protocol is told as such") {
  FakeServer server([](const FrameView&, Encoder&) {
    return Reaction{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"};
  });
  Client client = client_of({server.address()});

  for (const Error& error : {client.put("key", "1").error, client.get("key").error}) {
    CHECK(!error.is_ok());
    CHECK(error.message.find("no distkv server") != std::string::npos);
  }
  CHECK(client.status().error.kind == ErrorKind::kUnavailable);
}

TEST_CASE("an answer of the wrong kind says nothing about a write") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    return test::reply(frame, encoder, wire::GetReply{});
  });

  CHECK(client_of({server.address()}).put("key", "1").error.kind == ErrorKind::kUnknown);
}

TEST_CASE("an error frame refuses the request as a whole") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    return test::reply(frame, encoder, wire::ErrorReply{Code::kInvalidArgument, "no such type"});
  });

  const Error error = client_of({server.address()}).put("key", "1").error;

  CHECK(error.kind == ErrorKind::kInvalid);
  CHECK(error.message.find("no such type") != std::string::npos);
}

TEST_CASE("status comes as it was answered") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    wire::StatusReply status;
    status.node_id = "node1";
    status.engine = "memory";
    status.nodes = {{"node1", "a:1", wire::MemberState::kAlive, base::WallTime(milliseconds(1500))},
                    {"node2", "b:2", wire::MemberState::kLeft, {}}};
    status.latency_mean_us = 2300;
    status.hot_keys = {{"hot", 3, 500, 12}};
    status.recent_reads = 900;
    return test::reply(frame, encoder, status);
  });

  const ClusterStatus status = client_of({server.address()}).status();

  CHECK(status.error.is_ok());
  REQUIRE(status.nodes.size() == 2);
  CHECK(status.nodes[0].state == "ALIVE");
  CHECK(status.nodes[0].last_seen.time_since_epoch() == milliseconds(1500));
  CHECK(status.nodes[1].state == "LEFT");
  CHECK(status.nodes[1].last_seen.time_since_epoch().count() == 0);
  CHECK(status.latency_mean == std::chrono::microseconds(2300));
  REQUIRE(status.hot_keys.size() == 1);
  CHECK(status.hot_keys[0].key == "hot");
  CHECK(status.hot_keys[0].key_bytes == 3);
  CHECK(status.hot_keys[0].reads == 500);
  CHECK(status.hot_keys[0].error == 12);
  CHECK(status.recent_reads == 900);
}

TEST_CASE("hints come as they were answered, and the request says what is wanted") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    const auto request = wire::decode<wire::HintsRequest>(frame);
    CHECK(request->target == "node3");
    CHECK(request->waits);
    CHECK(request->timeout > milliseconds(0));
    CHECK(request->timeout < kLong);
    wire::HintsReply reply;
    reply.node_id = "node1";
    reply.is_done = true;
    reply.targets = {{"node3", 5, 1000, milliseconds(1500), 7, 2}};
    reply.bytes_max = 5000;
    reply.dropped = 2;
    reply.dirty_partitions = 1;
    return test::reply(frame, encoder, reply);
  });

  const HintsOutcome outcome = client_of({server.address()}).hints({"node3", true});

  CHECK(outcome.error.is_ok());
  CHECK(outcome.node_id == "node1");
  CHECK(outcome.is_done);
  REQUIRE(outcome.targets.size() == 1);
  CHECK(outcome.targets[0].id == "node3");
  CHECK(outcome.targets[0].pending == 5);
  CHECK(outcome.targets[0].bytes == 1000);
  CHECK(outcome.targets[0].age == milliseconds(1500));
  CHECK(outcome.targets[0].delivered == 7);
  CHECK(outcome.targets[0].dropped == 2);
  CHECK(outcome.bytes_max == 5000);
  CHECK(outcome.dropped == 2);
  CHECK(outcome.dirty_partitions == 1);
}

TEST_CASE("hints that nobody tells of in time are unknown, and those of a busy node not there") {
  FakeServer silent([](const FrameView&, Encoder&) { return Reaction{}; });
  CHECK(client_of({silent.address()}, kShort).hints().error.kind == ErrorKind::kUnknown);
  FakeServer busy([](const FrameView& frame, Encoder& encoder) {
    wire::HintsReply no;
    no.code = Code::kOverloaded;
    no.message = "too many wait";
    return test::reply(frame, encoder, no);
  });
  const Error error = client_of({busy.address()}).hints().error;
  CHECK(error.kind == ErrorKind::kUnavailable);
  CHECK(error.message == "too many wait");
  CHECK(client_of({"127.0.0.1:1"}, kShort).hints().error.kind == ErrorKind::kUnreachable);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv
