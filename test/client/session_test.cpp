// Sessions: what they remember, how they are kept, and what the client does with them.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/hash.h"
#include "client/fake_server.h"
#include "client/seen_keys.h"
#include "distkv/client.h"
#include "distkv/session_token.h"
#include "support/hex.h"

namespace distkv {
namespace {

using base::Code;
using client::SeenKeys;
using std::chrono::milliseconds;
using test::FakeServer;
using wire::Encoder;
using wire::FrameView;

causality::Context context_of(uint64_t actor, uint64_t counter) {
  causality::Context context;
  context.add({base::ActorId{actor}, base::Counter{counter}});
  return context;
}

std::string token_of(uint64_t actor, uint64_t counter) {
  return causality::encode_token(context_of(actor, counter));
}

std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder of its own, removed with what is in it.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/distkv-session-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder_ = name;
  }
  ~Scratch() {
    for (const char* end : {"", ".lock", ".new"}) std::remove((file() + end).c_str());
    std::remove(folder_.c_str());
  }
  std::string file() const { return folder_ + "/session"; }

 private:
  std::string folder_;
};

SeenKeys golden_session() {
  SeenKeys seen;
  seen.learn("user:1", context_of(0x1111111111111111, 0x018bcfe568000001));
  seen.learn(std::string_view("\0\xff", 2), context_of(0x2222222222222222, 7));
  return seen;
}

}  // namespace

TEST_SUITE_BEGIN("sessions");

TEST_CASE("a session remembers the union of what it saw of each key") {
  SeenKeys seen;
  CHECK(seen.find("key") == nullptr);
  seen.learn("key", context_of(1, 5));
  seen.learn("key", context_of(2, 6));
  seen.learn("other", context_of(3, 7));

  causality::Context both = context_of(1, 5);
  both.merge(context_of(2, 6));
  REQUIRE(seen.find("key") != nullptr);
  CHECK(*seen.find("key") == causality::encode_token(both));
  CHECK(seen.size() == 2);
  CHECK(seen.forgotten() == 0);
}

TEST_CASE("the key used longest ago is forgotten first, and that it was is remembered") {
  SeenKeys seen;
  for (size_t i = 0; i < client::kSeenKeysMax; ++i) {
    seen.learn("key-" + std::to_string(i), context_of(1, i + 1));
  }
  CHECK(seen.forgotten() == 0);
  seen.learn("key-0", context_of(2, 1));
  seen.learn("one more", context_of(1, 1));

  CHECK(seen.size() == client::kSeenKeysMax);
  CHECK(seen.forgotten() == 1);
  CHECK(seen.find("key-0") != nullptr);
  CHECK(seen.find("key-1") == nullptr);
}

TEST_CASE("long keys are bounded by their bytes") {
  SeenKeys seen;
  for (size_t i = 0; i < 100; ++i) {
    seen.learn(std::to_string(i) + std::string(60'000, 'k'), context_of(1, i + 1));
  }
  CHECK(seen.size() < client::kSeenBytesMax / 60'000 + 1);
  CHECK(seen.size() + seen.forgotten() == 100);
  CHECK(seen.encode().size() < 2 * client::kSeenBytesMax);
}

TEST_CASE("the bytes of version 1 are pinned") {
  std::ifstream file(DISTKV_SOURCE_ROOT "/test/golden/session_v1.hex");
  std::string hex;
  file >> hex;
  const SeenKeys seen = golden_session();
  CHECK(test::to_hex(seen.encode()) == hex);
}

TEST_CASE("bytes read back as they were written, and any damage is refused as a whole") {
  SeenKeys seen = golden_session();
  for (size_t i = 0; i < client::kSeenKeysMax; ++i) {
    if (seen.forgotten() < 3) seen.learn("key-" + std::to_string(i), context_of(1, i + 1));
  }
  const auto read = SeenKeys::decode(seen.encode());
  REQUIRE(read.is_ok());
  CHECK(read->encode() == seen.encode());

  const std::string bytes = golden_session().encode();
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    CHECK_FALSE(SeenKeys::decode(damaged).is_ok());
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(SeenKeys::decode(bytes.substr(0, size)).is_ok());
  }
  std::string later = bytes;
  later[4] = 2;
  CHECK(SeenKeys::decode(later).status().message().find("its version is 2, this client reads 1") !=
        std::string::npos);
}

TEST_CASE("a session outlives its process in a file, and commands at once lose nothing") {
  const Scratch scratch;
  SessionToken first;
  REQUIRE(first.load(scratch.file()).is_ok());  // Not there: nothing seen.
  REQUIRE(first.decode(golden_session().encode()).is_ok());
  REQUIRE(first.save(scratch.file()).is_ok());

  SeenKeys other;
  other.learn("other", context_of(9, 9));
  SessionToken second;  // Began before the first had saved.
  REQUIRE(second.decode(other.encode()).is_ok());
  REQUIRE(second.save(scratch.file()).is_ok());

  SessionToken third;
  REQUIRE(third.load(scratch.file()).is_ok());
  CHECK(third.size() == 3);
}

TEST_CASE("a damaged file is named, kept as it is, and begins no session anew") {
  const Scratch scratch;
  std::ofstream(scratch.file()) << "no session at all";
  SessionToken session;

  const Error error = session.load(scratch.file());
  CHECK(error.kind == ErrorKind::kInvalid);
  CHECK(error.message.find(scratch.file()) != std::string::npos);
  CHECK(error.message.find("remove it to begin a new session") != std::string::npos);
  CHECK_FALSE(session.save(scratch.file()).is_ok());
  CHECK(whole_file(scratch.file()) == "no session at all");
  CHECK(session.load("/nowhere/at/all/session").is_ok());
  CHECK(session.save("/nowhere/at/all/session").message.find("/nowhere/at/all/session") !=
        std::string::npos);
}

TEST_CASE("a read in a session says what it must have seen, and the session learns of answers") {
  std::vector<std::string> asked;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    const std::string token = token_of(1, 5);
    if (frame.type == wire::MessageType::kPutRequest) {
      wire::PutReply stored;
      stored.context = token;
      return test::reply(frame, encoder, stored);
    }
    const auto request = wire::decode<wire::GetRequest>(frame);
    asked.push_back(request->at_least ? std::string(*request->at_least) : "nothing");
    wire::GetReply found;
    causality::Context all = context_of(1, 5);
    all.merge(context_of(2, 6));
    const std::string seen = causality::encode_token(all);
    found.context = seen;
    return test::reply(frame, encoder, found);
  });
  Client client({{server.address()}, milliseconds(20'000)});
  SessionToken session;
  GetOptions get;
  get.session = &session;
  PutOptions put;
  put.session = &session;

  CHECK(client.get("other", get).error.is_ok());
  CHECK(client.put("key", "value", put).error.is_ok());
  CHECK(client.get("key", get).error.is_ok());
  CHECK(client.get("key").error.is_ok());
  CHECK(client.get_all({"key", "new"}, get).at(1).error.is_ok());

  server.stop();
  causality::Context all = context_of(1, 5);
  all.merge(context_of(2, 6));
  CHECK(asked == std::vector<std::string>{"nothing", token_of(1, 5), "nothing",
                                          causality::encode_token(all), "nothing"});
  CHECK(session.size() == 3);
}

TEST_CASE("an answer that lacks what the session saw is none, whatever the server thinks of it") {
  bool says_so = false;
  FakeServer server([&](const FrameView& frame, Encoder& encoder) {
    wire::GetReply older;
    const std::string seen = token_of(7, 7);
    older.context = seen;
    older.values = {"older"};
    older.sibling_count = 1;
    if (says_so) {
      older = {};
      older.code = Code::kBehind;
      older.message = "the reason";
    }
    return test::reply(frame, encoder, older);
  });
  Client client({{server.address()}, milliseconds(20'000)});
  SeenKeys seen;
  seen.learn("key", context_of(1, 5));
  SessionToken session;
  REQUIRE(session.decode(seen.encode()).is_ok());
  GetOptions options;
  options.session = &session;

  const GetOutcome ignored = client.get("key", options);
  CHECK(ignored.error.kind == ErrorKind::kBehind);
  CHECK(ignored.error.message.find(server.address()) != std::string::npos);
  CHECK_FALSE(ignored.found());
  says_so = true;
  const GetOutcome told = client.get("key", options);
  CHECK(told.error.kind == ErrorKind::kBehind);
  CHECK(told.error.message == "behind: the reason");
}

TEST_CASE("a session that had to forget says so of every key it does not know") {
  FakeServer server([](const FrameView& frame, Encoder& encoder) {
    return test::reply(frame, encoder, wire::GetReply{});
  });
  SeenKeys seen;
  for (size_t i = 0; i <= client::kSeenKeysMax; ++i) {
    seen.learn("key-" + std::to_string(i), causality::Context{});
  }
  SessionToken session;
  REQUIRE(session.decode(seen.encode()).is_ok());
  CHECK(session.forgotten() == 1);
  Client client({{server.address()}, milliseconds(20'000)});
  GetOptions options;
  options.session = &session;

  CHECK(client.get("key-0", options).session_forgot);
  CHECK_FALSE(client.get("key-7", options).session_forgot);
}

}  // namespace distkv
