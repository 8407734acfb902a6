#include <doctest/doctest.h>

#include <string>

#include "base/codec.h"
#include "base/hash.h"
#include "base/rng.h"
#include "causality/context.h"

namespace distkv::causality {
namespace {

using base::Code;

Context sample() {
  Context context;
  context.raise({base::ActorId(7), base::Counter(1000)});
  context.raise({base::ActorId(9), base::Counter(2000)});
  context.add({base::ActorId(9), base::Counter(2005)});
  context.add_span(Span{base::ActorId(8), base::Counter(400), base::Counter(900)});
  return context;
}

// A token whose checksum is right, whatever its body says.
std::string sealed(std::string body) {
  const uint64_t hash = base::hash64(body);
  base::Writer(body).u32(static_cast<uint32_t>(hash));
  return body;
}

bool has_message(const base::Result<Context>& result, const std::string& part) {
  return result.status().message().find(part) != std::string::npos;
}

TEST_SUITE_BEGIN("context token");

TEST_CASE("a token gives back the context it was made of") {
  for (const Context& context : {Context{}, sample()}) {
    const base::Result<Context> decoded = decode_token(encode_token(context));
    REQUIRE(decoded.is_ok());
    CHECK(*decoded == context);
  }
}

TEST_CASE("an empty token is an empty context, but an empty context has a token") {
  CHECK(decode_token("")->is_empty());
  CHECK_FALSE(encode_token(Context{}).empty());
}

TEST_CASE("a token with any one bit wrong, cut short or made longer is refused") {
  const std::string token = encode_token(sample());
  for (size_t bit = 0; bit < token.size() * 8; ++bit) {
    std::string damaged = token;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(decode_token(damaged).code() == Code::kInvalidArgument);
  }
  for (size_t size = 1; size < token.size(); ++size) {
    CHECK(decode_token(token.substr(0, size)).code() == Code::kInvalidArgument);
  }
  CHECK(decode_token(token + "x").code() == Code::kInvalidArgument);
}

TEST_CASE("a token of another version, or with bytes left over, is refused") {
  CHECK(decode_token(sealed(std::string("\x01\x00\x00", 3))).is_ok());
  CHECK_FALSE(decode_token(sealed(std::string("\x02\x00\x00", 3))).is_ok());
  CHECK_FALSE(decode_token(sealed(std::string("\x01\x00\x00\x00", 4))).is_ok());
  CHECK_FALSE(decode_token(sealed("")).is_ok());
}

TEST_CASE("a token that promises more than it holds is refused before memory is asked for") {
  std::string body("\x01", 1);
  base::Writer writer(body);
  writer.varint(kContextActorsMax);
  writer.varint(kContextActorsMax);
  CHECK(has_message(decode_token(sealed(body)), "more vector entries than"));

  std::string spans("\x01\x00", 2);
  base::Writer(spans).varint(kContextActorsMax);
  CHECK(has_message(decode_token(sealed(spans)), "more spans than"));

  std::string huge("\x01", 1);
  base::Writer(huge).varint(UINT64_MAX);
  CHECK(has_message(decode_token(sealed(huge)), "more vector entries than"));
}

TEST_CASE("a span that wraps past the greatest counter is refused") {
  std::string body("\x01\x00\x01", 3);
  base::Writer writer(body);
  writer.u64(1);
  writer.u64(1000);
  writer.varint(UINT64_MAX - 500);
  CHECK_FALSE(decode_token(sealed(body)).is_ok());
}

TEST_CASE("a token with more actors than any key has is refused") {
  Context context;
  for (uint64_t actor = 1; actor <= kContextActorsMax; ++actor) {
    context.raise({base::ActorId(actor), base::Counter(1)});
  }
  CHECK(decode_token(encode_token(context)).is_ok());
  context.raise({base::ActorId(kContextActorsMax + 1), base::Counter(1)});
  CHECK_FALSE(decode_token(encode_token(context)).is_ok());
}

TEST_CASE("a forged counter that would leave its actor nothing to mint is refused") {
  Context entry;
  entry.raise({base::ActorId(1), base::Counter(UINT64_MAX)});
  CHECK_FALSE(decode_token(encode_token(entry)).is_ok());
  Context lone;
  lone.add({base::ActorId(1), base::Counter(UINT64_MAX)});
  CHECK_FALSE(decode_token(encode_token(lone)).is_ok());
}

TEST_CASE("no bytes crash the decoder, and what it takes is the one form of its context") {
  constexpr uint64_t kSeed = 20262;
  CAPTURE(kSeed);
  base::Rng rng(kSeed);
  const std::string valid = encode_token(sample());
  int accepted = 0;
  for (int round = 0; round < 100000; ++round) {
    CAPTURE(round);
    // Sealed again after each mutation, or the checksum would keep the parser from all of it.
    std::string body = valid.substr(0, valid.size() - 4);
    const uint64_t mutations = rng.below(4);
    for (uint64_t i = 0; i < mutations; ++i) {
      body[rng.below(body.size())] = static_cast<char>(rng.chance(0.5) ? rng.below(4) : rng.next());
    }
    if (rng.chance(0.2)) body.resize(rng.below(body.size() + 8));
    const std::string token = sealed(body);
    const base::Result<Context> decoded = decode_token(token);
    if (!decoded.is_ok()) continue;
    ++accepted;
    REQUIRE(encode_token(*decoded) == token);
  }
  CHECK(accepted > 1000);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
