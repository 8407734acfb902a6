#include "wire/messages.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "samples.h"

namespace distkv::wire {
namespace {

using base::Code;
using std::chrono::milliseconds;

// Encodes and decodes; views of the answer live in `frame`.
template <typename T>
base::Result<T> round_trip(const T& message, std::string& frame) {
  Encoder encoder;
  frame = encoder.encode(message, base::RequestId(9));
  const base::Result<FrameView> view = parse_datagram(frame);
  REQUIRE(view.is_ok());
  return decode<T>(*view);
}

template <typename T>
base::Status refusal(const T& message) {
  std::string frame;
  return round_trip(message, frame).status();
}

template <typename T, typename Change>
base::Status refusal(T message, Change change) {
  change(message);
  return refusal(message);
}

TEST_SUITE_BEGIN("messages");

TEST_CASE("every message reads back as it was written") {
  Encoder encoder;
  for_each_sample([&]<typename T>(const char* name, const T& message) {
    CAPTURE(name);
    const std::string frame(encoder.encode(message, base::RequestId(9)));
    const base::Result<FrameView> view = parse_datagram(frame);
    REQUIRE(view.is_ok());
    CHECK(view->type == T::kType);
    CHECK(view->request_id == base::RequestId(9));
    const base::Result<T> decoded = decode<T>(*view);
    REQUIRE_MESSAGE(decoded.is_ok(), decoded.status().to_string());
    CHECK((*decoded == message));
  });
}

TEST_CASE("a message reads back from any address") {
  Encoder encoder;
  const std::string frame(encoder.encode(sample_gossip(), base::RequestId(9)));
  for (size_t shift = 0; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, '-') + frame;
    const auto view = parse_datagram(std::string_view(shifted).substr(shift));
    REQUIRE(view.is_ok());
    const auto decoded = decode<Gossip>(*view);
    REQUIRE(decoded.is_ok());
    CHECK((*decoded == sample_gossip()));
  }
}

TEST_CASE("no context and an empty context are two different things") {
  PutRequest put = sample_put_request();
  std::string frame;
  put.context.reset();
  CHECK_FALSE(round_trip(put, frame)->context.has_value());
  put.context = "";
  CHECK(round_trip(put, frame)->context == std::string_view());
}

TEST_CASE("the largest key and value pass, and fit the limit of a client's frame") {
  const std::string key(base::kKeyBytesMax, 'k');
  const std::string value(base::kValueBytesMax, 'v');
  const std::string context(kContextBytesMax, 'c');
  PutRequest put = sample_put_request();
  put.key = key;
  put.value = value;
  put.context = context;
  std::string frame;

  const auto decoded = round_trip(put, frame);

  REQUIRE(decoded.is_ok());
  CHECK((*decoded == put));
  CHECK(frame.size() <= kClientFrameBytesMax);
}

TEST_CASE("keys and values over their limits are too large, an empty key is invalid") {
  const std::string long_key(base::kKeyBytesMax + 1, 'k');
  const std::string long_value(base::kValueBytesMax + 1, 'v');
  const auto key_rules = [&](const auto& sample) {
    CHECK(refusal(sample, [&](auto& m) { m.key = long_key; }).code() == Code::kTooLarge);
    const base::Status empty = refusal(sample, [](auto& m) { m.key = ""; });
    CHECK(empty.to_string() == "invalid argument: key is empty");
  };
  key_rules(sample_put_request());
  key_rules(sample_get_request());
  key_rules(sample_explain_request());
  key_rules(sample_apply_request());
  key_rules(sample_read_request());
  CHECK(refusal(sample_put_request(), [&](auto& m) { m.value = long_value; }).code() ==
        Code::kTooLarge);
}

TEST_CASE("a put without an operation id is refused: two such would count as one write") {
  CHECK(refusal(sample_put_request(), [](auto& m) { m.op_id = {}; }).message() == "op_id is zero");
}

TEST_CASE("a delete carries no value") {
  CHECK(refusal(sample_put_request(), [](auto& m) { m.is_delete = true; }).code() ==
        Code::kInvalidArgument);
}

TEST_CASE("a time to live beyond a century, or negative, is refused") {
  const auto with_ttl = [](milliseconds ttl) {
    return refusal(sample_put_request(), [&](auto& m) { m.ttl = ttl; }).code();
  };
  CHECK(with_ttl(kTtlMax) == Code::kOk);
  CHECK(with_ttl(kTtlMax + milliseconds(1)) == Code::kInvalidArgument);
  CHECK(with_ttl(milliseconds(-1)) == Code::kInvalidArgument);
}

TEST_CASE("patience that ran out, or never does, is sent as the nearest timeout allowed") {
  GetRequest get = sample_get_request();
  std::string frame;
  get.timeout = milliseconds(-5);
  CHECK(round_trip(get, frame)->timeout == milliseconds(0));
  get.timeout = std::chrono::hours(10);
  CHECK(round_trip(get, frame)->timeout == kTimeoutMax);
}

TEST_CASE("an age that clocks have made absurd is sent as the nearest allowed") {
  HintsReply hints = sample_hints_reply();
  std::string frame;
  hints.targets[0].age = milliseconds(-1);
  CHECK(round_trip(hints, frame)->targets[0].age == milliseconds(0));
  hints.targets[0].age = 2 * kAgeMax;
  CHECK(round_trip(hints, frame)->targets[0].age == kAgeMax);
}

TEST_CASE("hints may be asked for of one target or of all, each with a name") {
  CHECK(refusal(sample_hints_request(), [](auto& m) { m.target = ""; }).is_ok());
  CHECK(refusal(sample_hints_request(), [](auto& m) { m.target = "a b"; }).code() ==
        Code::kInvalidArgument);
  CHECK(refusal(sample_hints_reply(), [](auto& m) { m.targets[0].id = ""; }).code() ==
        Code::kInvalidArgument);
}

TEST_CASE("names are 1 to 64 printable bytes without spaces") {
  const std::string longest(base::kNodeIdBytesMax, 'n');
  const std::string longer = longest + "n";
  const auto with_id = [](std::string_view id) {
    return refusal(sample_greeting(), [&](auto& m) { m.node_id = id; }).code();
  };
  CHECK(with_id(longest) == Code::kOk);
  for (const std::string_view bad :
       {std::string_view(""), std::string_view(longer), std::string_view("a b"),
        std::string_view("a\n"), std::string_view("a\0b", 3), std::string_view("\xc3\xa4")}) {
    CHECK(with_id(bad) == Code::kInvalidArgument);
  }
}

TEST_CASE("a member has an id, an endpoint and a known state") {
  const std::string long_endpoint(base::kEndpointBytesMax + 1, 'e');
  const auto with = [](auto change) {
    return refusal(sample_join_request(), [&](auto& m) { change(m.member); }).code();
  };
  CHECK(with([](MemberUpdate&) {}) == Code::kOk);
  CHECK(with([](MemberUpdate& m) { m.id = ""; }) == Code::kInvalidArgument);
  CHECK(with([](MemberUpdate& m) { m.endpoint = ""; }) == Code::kInvalidArgument);
  CHECK(with([&](MemberUpdate& m) { m.endpoint = long_endpoint; }) == Code::kInvalidArgument);
  CHECK(with([](MemberUpdate& m) { m.state = MemberState(4); }) == Code::kInvalidArgument);
}

TEST_CASE("enumerations outside their range are refused") {
  const Code invalid = Code::kInvalidArgument;
  CHECK(refusal(sample_put_request(), [](auto& m) { m.consistency = Consistency(3); }).code() ==
        invalid);
  CHECK(refusal(sample_put_reply(), [](auto& m) { m.code = Code(17); }).code() == invalid);
  CHECK(refusal(sample_gossip(), [](auto& m) { m.kind = GossipKind(0); }).code() == invalid);
  CHECK(refusal(sample_gossip(), [](auto& m) { m.kind = GossipKind(6); }).code() == invalid);
  CHECK(refusal(sample_error_reply(), [](auto& m) { m.code = Code::kOk; }).code() == invalid);
}

TEST_CASE("a ping request names whom to ping and where") {
  CHECK(refusal(sample_gossip(), [](auto& m) { m.target = ""; }).code() == Code::kInvalidArgument);
  CHECK(refusal(sample_gossip(), [](auto& m) { m.target_endpoint = ""; }).code() ==
        Code::kInvalidArgument);
}

TEST_CASE("counts over their limits are refused") {
  GetReply get = sample_get_reply();
  get.values.assign(kReplyValuesMax, "v");
  get.sibling_count = kReplyValuesMax;
  CHECK(refusal(get).is_ok());
  get.values.emplace_back("v");
  CHECK(refusal(get).message() == "values has too many entries");

  MembersReply members;
  members.members.assign(kMembersMax, sample_member());
  CHECK(refusal(members).is_ok());
  members.members.push_back(sample_member());
  CHECK(refusal(members).code() == Code::kInvalidArgument);

  HintsReply hints = sample_hints_reply();
  hints.targets.assign(kMembersMax, hints.targets.front());
  CHECK(refusal(hints).is_ok());
  hints.targets.push_back(hints.targets.front());
  CHECK(refusal(hints).message() == "targets has too many entries");
}

TEST_CASE("a full timeline passes, one more event is refused, and long reasons are cut") {
  const std::string reason(2 * kTraceTextBytesMax, 'r');
  GetReply get = sample_get_reply();
  get.trace = Trace{.node = "node-1", .events = {}, .left_out = 0};
  get.trace->events.assign(kTraceEventsMax, {.node = "node-2", .text = reason});
  std::string frame;
  const auto decoded = round_trip(get, frame);
  REQUIRE(decoded.is_ok());
  CHECK(decoded->trace->events.back().text == reason.substr(0, kTraceTextBytesMax));

  get.trace->events.push_back({.node = "node-2"});
  CHECK(refusal(get).message() == "trace.events has too many entries");
}

TEST_CASE("a long hot key arrives cut, with its whole length") {
  const std::string key(base::kKeyBytesMax, 'k');
  StatusReply status = sample_status_reply();
  status.hot_keys = {{key, base::kKeyBytesMax, 1, 0}};
  std::string frame;
  const auto decoded = round_trip(status, frame);
  REQUIRE(decoded.is_ok());
  CHECK(decoded->hot_keys.at(0).key == key.substr(0, kHotKeyBytesMax));
  CHECK(decoded->hot_keys.at(0).key_bytes == base::kKeyBytesMax);
}

TEST_CASE("a read may ask for what an empty context has seen, which is not the same as nothing") {
  GetRequest get = sample_get_request();
  std::string frame;
  CHECK_FALSE(round_trip(get, frame)->at_least.has_value());
  get.at_least = "";
  CHECK(round_trip(get, frame)->at_least == std::string_view());
}

TEST_CASE("where each replica keeps a write is said of every one or of none") {
  PutReply put = sample_put_reply_of_receipt();
  put.persistence.push_back(base::Persistence::kDisk);
  CHECK(refusal(put).message() == "persistence is not one for each that acknowledged");
}

TEST_CASE("a full explanation stays within what the verifier takes") {
  ExplainReply explain = sample_explain_reply();
  ExplainReplica& replica = explain.replicas[0];
  replica.versions.assign(kReplyValuesMax, replica.versions[0]);
  const ExplainReplica full = replica;
  explain.replicas.assign(kReplyNodesMax, full);
  CHECK(refusal(explain).is_ok());
}

TEST_CASE("a sentence that is too long arrives cut rather than not at all") {
  const std::string sentence(2 * kTextBytesMax, 's');
  ErrorReply error{.code = Code::kIo, .message = sentence};
  std::string frame;
  CHECK(round_trip(error, frame)->message.size() == kTextBytesMax);
}

TEST_CASE("a ping with five rumours fits a datagram, however long its names") {
  const std::string id(base::kNodeIdBytesMax, 'n');
  const std::string endpoint = "255.255.255.255:65535";
  const std::string cluster_name(base::kClusterNameBytesMax, 'c');
  Gossip gossip = sample_gossip();
  gossip.cluster_name = cluster_name;
  gossip.from.id = gossip.target = id;
  gossip.from.endpoint = gossip.target_endpoint = endpoint;
  gossip.updates.assign(5, gossip.from);
  std::string frame;
  REQUIRE(round_trip(gossip, frame).is_ok());
  CHECK(frame.size() <= kDatagramBytesMax);
}

TEST_CASE("an encoder makes the same bytes before and after a giant message") {
  const std::string giant(base::kValueBytesMax, 'g');
  Encoder encoder;
  const std::string before(encoder.encode(sample_put_reply(), base::RequestId(1)));
  PutRequest put = sample_put_request();
  put.value = giant;
  CHECK(encoder.encode(put, base::RequestId(1)).size() > giant.size());
  CHECK(encoder.encode(sample_put_reply(), base::RequestId(1)) == before);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::wire
