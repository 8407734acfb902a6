#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "base/codec.h"
#include "base/rng.h"
#include "causality/record.h"

namespace distkv::causality {
namespace {

using base::Code;

struct Encoded {
  std::string meta;
  std::string values;
};

Encoded encode(const Record& record) {
  Encoded encoded;
  encode_record(record, encoded.meta, encoded.values);
  return encoded;
}

Version version(uint64_t actor, uint64_t counter, std::string value) {
  return {.dot = {base::ActorId(actor), base::Counter(counter)},
          .op_id = base::OpId(base::Id128{actor, counter}),
          .value = std::move(value)};
}

Record sample() {
  Record record;
  record.seen.raise({base::ActorId(7), base::Counter(1000)});
  record.seen.raise({base::ActorId(9), base::Counter(2000)});
  record.seen.add_span(Span{base::ActorId(9), base::Counter(2005), base::Counter(2009)});
  record.versions = {version(7, 990, "one"), version(9, 1990, ""), version(9, 2007, "three")};
  record.versions[0].expires_at = base::WallTime(base::WallTime::duration(1700000000000));
  record.versions[1].is_tombstone = true;
  return record;
}

void check_refused(const Record& record) {
  const Encoded encoded = encode(record);
  CHECK(decode_record(encoded.meta, encoded.values).code() == Code::kCorrupt);
}

TEST_SUITE_BEGIN("record codec");

TEST_CASE("a record decodes to itself, and is appended to what the strings hold") {
  for (const Record& record : {Record{}, sample()}) {
    Encoded encoded{"before", "and"};
    encode_record(record, encoded.meta, encoded.values);
    const base::Result<Record> decoded = decode_record(std::string_view(encoded.meta).substr(6),
                                                       std::string_view(encoded.values).substr(3));
    REQUIRE(decoded.is_ok());
    CHECK(*decoded == record);
  }
}

TEST_CASE("the causal state alone tells all but the values, and is judged as strictly") {
  const Encoded encoded = encode(sample());
  Record bare = sample();
  for (Version& version : bare.versions) version.value.clear();
  const base::Result<Record> decoded = decode_causal_state(encoded.meta);
  REQUIRE(decoded.is_ok());
  CHECK(*decoded == bare);

  for (size_t size = 0; size < encoded.meta.size(); ++size) {
    CHECK(decode_causal_state(encoded.meta.substr(0, size)).code() == Code::kCorrupt);
  }
  CHECK(decode_causal_state(encoded.meta + "x").code() == Code::kCorrupt);
}

TEST_CASE("a digest is equal exactly where the causal state is") {
  Record other = sample();
  CHECK(digest(encode(sample()).meta) == digest(encode(other).meta));
  other.seen.add({base::ActorId(8), base::Counter(5)});
  CHECK(digest(encode(sample()).meta) != digest(encode(other).meta));
}

TEST_CASE("a record that breaks an invariant is refused") {
  Record unordered = sample();
  std::swap(unordered.versions[0], unordered.versions[1]);
  check_refused(unordered);

  Record twice = sample();
  twice.versions[1] = twice.versions[0];
  check_refused(twice);

  Record uncovered = sample();
  uncovered.versions.push_back(version(9, 2010, "four"));
  check_refused(uncovered);

  Record zero = sample();
  zero.versions.insert(zero.versions.begin(), version(7, 0, "zero"));
  check_refused(zero);

  Record loud = sample();
  loud.versions[1].value = "a tombstone speaks";
  check_refused(loud);
}

TEST_CASE("values must be exactly as long as their sizes say") {
  const Encoded encoded = encode(sample());
  CHECK(decode_record(encoded.meta, encoded.values + "x").code() == Code::kCorrupt);
  CHECK(decode_record(encoded.meta, encoded.values.substr(1)).code() == Code::kCorrupt);
  CHECK(decode_record(encoded.meta, "").code() == Code::kCorrupt);
}

TEST_CASE("the causal state is judged by the length of the values alone, where that is known") {
  const Encoded encoded = encode(sample());
  const size_t bytes = encoded.values.size();
  const base::Result<Record> decoded = decode_causal_state(encoded.meta, bytes);
  REQUIRE(decoded.is_ok());
  CHECK(*decoded == *decode_causal_state(encoded.meta));
  for (const size_t wrong : {size_t{0}, bytes - 1, bytes + 1, SIZE_MAX}) {
    CHECK(decode_causal_state(encoded.meta, wrong).code() == Code::kCorrupt);
  }
}

TEST_CASE("sizes that only seem to fit, as their sum wraps, are refused") {
  Record record;
  record.seen.raise({base::ActorId(1), base::Counter(2)});
  record.versions = {version(1, 1, "a"), version(1, 2, "b")};
  std::string meta = encode(record).meta;
  // Both sizes are the last byte of their versions: 2^64 - 1 and 3 make 2.
  const std::string huge = std::string(9, '\xff') + '\x01';
  meta.replace(meta.size() - 1, 1, 1, '\x03');
  meta.replace(meta.size() - 35, 1, huge);
  CHECK(decode_causal_state(meta, 2).code() == Code::kCorrupt);
  CHECK(decode_record(meta, "ab").code() == Code::kCorrupt);
}

TEST_CASE("a record cut short, made longer or of another version is refused") {
  const Encoded encoded = encode(sample());
  for (size_t size = 0; size < encoded.meta.size(); ++size) {
    CHECK(decode_record(encoded.meta.substr(0, size), encoded.values).code() == Code::kCorrupt);
  }
  CHECK_FALSE(decode_record(encoded.meta + std::string(1, '\0'), encoded.values).is_ok());
  std::string next = encoded.meta;
  next[0] = 2;
  CHECK_FALSE(decode_record(next, encoded.values).is_ok());
}

TEST_CASE("an unknown flag, and an expiry at the time that means never, are refused") {
  Record record;
  record.seen.raise({base::ActorId(1), base::Counter(1)});
  record.versions = {version(1, 1, "")};
  const size_t flags_at = 1 + 2 + 16 + 1 + 32;
  std::string meta = encode(record).meta;
  REQUIRE(meta.size() == flags_at + 2);

  meta[flags_at] = 4;
  CHECK_FALSE(decode_record(meta, "").is_ok());
  meta[flags_at] = 2;
  meta.insert(flags_at + 1, 8, '\0');
  CHECK_FALSE(decode_record(meta, "").is_ok());
  meta[flags_at + 1] = 1;
  CHECK(decode_record(meta, "").is_ok());
}

TEST_CASE("counts beyond the bytes that are there are refused before memory is asked for") {
  for (int before = 0; before < 3; ++before) {
    std::string meta("\x01", 1);
    base::Writer writer(meta);
    for (int i = 0; i < before; ++i) writer.varint(0);
    writer.varint(UINT64_MAX);
    writer.u64(0);
    CHECK(decode_record(meta, "").code() == Code::kCorrupt);
  }
}

TEST_CASE("no bytes crash the decoder, and what it takes is the one form of its record") {
  constexpr uint64_t kSeed = 20263;
  CAPTURE(kSeed);
  base::Rng rng(kSeed);
  const Encoded valid = encode(sample());
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    CAPTURE(round);
    Encoded bytes = valid;
    const uint64_t mutations = rng.below(4);
    for (uint64_t i = 0; i < mutations; ++i) {
      const uint64_t place = rng.below(bytes.meta.size());
      bytes.meta[place] = static_cast<char>(rng.chance(0.5) ? rng.below(4) : rng.next());
    }
    if (rng.chance(0.1)) bytes.meta.erase(rng.below(bytes.meta.size()), rng.below(20));
    if (rng.chance(0.1)) bytes.meta.insert(rng.below(bytes.meta.size() + 1), 1 + rng.below(9), 1);
    if (rng.chance(0.1)) bytes.values.resize(rng.below(12));
    const base::Result<Record> decoded = decode_record(bytes.meta, bytes.values);
    if (!decoded.is_ok()) continue;
    ++accepted;
    const Encoded again = encode(*decoded);
    REQUIRE(again.meta == bytes.meta);
    REQUIRE(again.values == bytes.values);
  }
  CHECK(accepted > 1000);
}

TEST_CASE("noise never decodes to more than it holds") {
  constexpr uint64_t kSeed = 20264;
  CAPTURE(kSeed);
  base::Rng rng(kSeed);
  for (int round = 0; round < 100000; ++round) {
    CAPTURE(round);
    std::string meta(1 + rng.below(80), '\x01');
    for (size_t i = 1; i < meta.size(); ++i) {
      meta[i] = static_cast<char>(rng.chance(0.7) ? rng.below(3) : rng.next());
    }
    const base::Result<Record> decoded = decode_record(meta, "");
    if (decoded.is_ok()) REQUIRE(encode(*decoded).meta == meta);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
