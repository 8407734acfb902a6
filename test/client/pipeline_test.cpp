#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/types.h"
#include "client/fake_server.h"
#include "client/pipeline.h"
#include "distkv/client.h"

namespace distkv {
namespace {

using base::Code;
using std::chrono::milliseconds;
using test::FakeServer;
using wire::Encoder;
using wire::FrameView;
using Reaction = FakeServer::Reaction;

constexpr milliseconds kLong{20000};  // Never waited for where the code is right.
constexpr size_t kPairs = 1000;       // Many windows.

std::vector<Client::KeyValue> pairs_of(size_t count) {
  std::vector<Client::KeyValue> pairs;
  for (size_t i = 0; i < count; ++i) pairs.push_back({"key" + std::to_string(i), "value"});
  return pairs;
}

size_t count_of(const std::vector<PutOutcome>& outcomes, ErrorKind kind) {
  return static_cast<size_t>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [kind](const PutOutcome& outcome) { return outcome.error.kind == kind; }));
}

// Acknowledges with the key as context, so that a test sees whose answer it got.
Reaction acknowledge(const FrameView& frame, Encoder& encoder) {
  wire::PutReply yes;
  yes.context = wire::decode<wire::PutRequest>(frame)->key;
  return test::reply(frame, encoder, yes);
}

TEST_SUITE_BEGIN("client pipelines");

TEST_CASE("each pair gets its own outcome, in whatever order answers come") {
  std::string held;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    // Every two answers change places; the window is even and so is the number of pairs.
    Reaction reaction = acknowledge(frame, encoder);
    if (held.empty()) {
      held = std::move(reaction.bytes);
      return Reaction{};
    }
    reaction.bytes += std::exchange(held, {});
    return reaction;
  });
  Client client({{server.address()}, kLong});

  const auto outcomes = client.put_all(pairs_of(kPairs));

  REQUIRE(outcomes.size() == kPairs);
  for (size_t i = 0; i < kPairs; ++i) {
    CHECK(outcomes[i].error.is_ok());
    CHECK(outcomes[i].context == "key" + std::to_string(i));
  }
}

TEST_CASE("no more than a window is on the way") {
  std::set<std::string, std::less<>> keys;
  FakeServer silent([&](const FrameView& frame, Encoder&) {
    keys.emplace(wire::decode<wire::PutRequest>(frame)->key);
    return Reaction{};
  });
  Client client({{silent.address()}, milliseconds(200)});

  (void)client.put_all(pairs_of(client::kWindow * 2));

  silent.stop();
  CHECK(keys.size() == client::kWindow);
}

TEST_CASE("a connection broken in the middle goes on elsewhere under the same operation ids") {
  std::map<std::string, base::OpId, std::less<>> first_ids;
  size_t answers = 0;
  FakeServer dying([&](const FrameView& frame, Encoder& encoder) {
    const auto request = wire::decode<wire::PutRequest>(frame);
    first_ids[std::string(request->key)] = request->op_id;
    if (++answers <= 300) return acknowledge(frame, encoder);
    return Reaction{"", false, true};
  });
  std::map<std::string, base::OpId, std::less<>> second_ids;
  size_t second_frames = 0;
  std::string held;
  FakeServer heir([&](const FrameView& frame, Encoder& encoder) {
    const auto request = wire::decode<wire::PutRequest>(frame);
    second_ids[std::string(request->key)] = request->op_id;
    // Who asks one by one would wait for this first answer for ever.
    Reaction reaction = acknowledge(frame, encoder);
    if (++second_frames == 1) {
      held = std::move(reaction.bytes);
      return Reaction{};
    }
    reaction.bytes += std::exchange(held, {});
    return reaction;
  });
  Client client({{dying.address(), heir.address()}, kLong});

  const auto outcomes = client.put_all(pairs_of(kPairs));

  dying.stop();
  heir.stop();
  CHECK(count_of(outcomes, ErrorKind::kNone) == kPairs);
  CHECK(second_frames == second_ids.size());
  CHECK(second_ids.size() >= kPairs - 300);
  REQUIRE(second_ids.contains("key300"));
  CHECK(second_ids["key300"] == first_ids["key300"]);
}

TEST_CASE("a cluster that is gone leaves what was on the way unknown and the rest unsent") {
  size_t answers = 0;
  FakeServer dying([&](const FrameView& frame, Encoder& encoder) {
    return ++answers <= 10 ? acknowledge(frame, encoder) : Reaction{"", false, true};
  });
  Client client({{dying.address()}, kLong});

  const auto outcomes = client.put_all(pairs_of(kPairs));

  const size_t stored = count_of(outcomes, ErrorKind::kNone);
  const size_t unknown = count_of(outcomes, ErrorKind::kUnknown);
  const size_t unsent = count_of(outcomes, ErrorKind::kUnreachable);
  CHECK(stored <= 10);
  CHECK(unknown >= 1);
  CHECK(unsent >= kPairs - 10 - client::kWindow);
  CHECK(stored + unknown + unsent == kPairs);
}

TEST_CASE("a silent cluster costs a few timeouts and not one for each pair") {
  FakeServer silent([](const FrameView&, Encoder&) { return Reaction{}; });
  Client client({{silent.address()}, milliseconds(40)});
  const auto start = std::chrono::steady_clock::now();

  const auto outcomes = client.put_all(pairs_of(kPairs));

  CHECK(count_of(outcomes, ErrorKind::kNone) == 0);
  CHECK(std::chrono::steady_clock::now() - start < milliseconds(40) * kPairs / 10);
}

TEST_CASE("what a server refuses in a pipeline is refused, not unknown") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    if (wire::decode<wire::PutRequest>(frame)->key != "key7") return acknowledge(frame, encoder);
    wire::PutReply no;
    no.code = Code::kRejected;
    return test::reply(frame, encoder, no);
  });
  Client client({{server.address()}, kLong});

  const auto outcomes = client.put_all(pairs_of(20));

  CHECK(count_of(outcomes, ErrorKind::kNone) == 19);
  CHECK(outcomes[7].error.kind == ErrorKind::kRejected);
}

TEST_CASE("a refusal after an unknown outcome leaves it unknown") {
  size_t frames = 0;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    wire::PutReply no;
    no.code = ++frames == 1 ? Code::kUnknownOutcome : Code::kRejected;
    return test::reply(frame, encoder, no);
  });
  Client client({{server.address()}, kLong});

  CHECK(client.put_all(pairs_of(1))[0].error.kind == ErrorKind::kUnknown);
}

TEST_CASE("a server that was busy is asked again") {
  size_t frames = 0;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    if (++frames % 5 != 0) return acknowledge(frame, encoder);
    wire::PutReply busy;
    busy.code = Code::kOverloaded;
    return test::reply(frame, encoder, busy);
  });
  Client client({{server.address()}, kLong});

  CHECK(count_of(client.put_all(pairs_of(20)), ErrorKind::kNone) == 20);
}

TEST_CASE("a pair over the limits is refused by itself") {
  FakeServer server(acknowledge);
  Client client({{server.address()}, kLong});
  auto pairs = pairs_of(3);
  pairs[1].key.assign(base::kKeyBytesMax + 1, 'k');

  const auto outcomes = client.put_all(pairs);

  CHECK(outcomes[0].error.is_ok());
  CHECK(outcomes[1].error.kind == ErrorKind::kInvalid);
  CHECK(outcomes[2].error.is_ok());
}

TEST_CASE("many reads come back in the order they were asked, over a broken connection too") {
  size_t frames = 0;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    if (++frames == 150) return Reaction{"", true};
    const std::string_view key = wire::decode<wire::GetRequest>(frame)->key;
    wire::GetReply reply;
    if (key != "absent") reply.values = {key};
    reply.sibling_count = static_cast<uint32_t>(reply.values.size());
    return test::reply(frame, encoder, reply);
  });
  Client client({{server.address()}, kLong});
  std::vector<std::string> keys;
  for (const auto& pair : pairs_of(kPairs)) keys.push_back(pair.key);
  keys[500] = "absent";

  const auto outcomes = client.get_all(keys);

  REQUIRE(outcomes.size() == kPairs);
  for (size_t i = 0; i < kPairs; ++i) {
    CHECK(outcomes[i].error.is_ok());
    CHECK(outcomes[i].found() == (i != 500));
    if (outcomes[i].found()) CHECK(outcomes[i].values.front() == keys[i]);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv
