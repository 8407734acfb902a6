#include "bench/engine/sample.h"

#include <doctest/doctest.h>

#include "bench/engine/judged_peer.h"
#include "bench/engine/values.h"

namespace distkv::bench {

TEST_SUITE("engine_bench samples") {
  TEST_CASE("a sample survives the line between two programs") {
    Sample sample;
    sample.operations = 5'000'000;
    sample.seconds = 12.25;
    sample.written_bytes = 123'456'789'012;
    sample.side_per_second = 7;
    sample.series = {1, 2, 30};

    const auto read = decode(encode(sample));

    REQUIRE(read);
    CHECK(read->operations == 5'000'000);
    CHECK(read->seconds == 12.25);
    CHECK(read->written_bytes == 123'456'789'012);
    CHECK(read->side_per_second == 7);
    CHECK(read->series == std::vector<double>{1, 2, 30});
  }

  TEST_CASE("what is no sample is not taken for one") {
    CHECK_FALSE(decode(""));
    CHECK_FALSE(decode("terminate called"));
    CHECK_FALSE(decode("result operations"));
  }

  TEST_CASE("a median takes each figure by itself") {
    std::vector<Sample> samples(3);
    for (size_t i = 0; i < samples.size(); ++i) {
      samples[i].operations = 100;
      samples[i].seconds = static_cast<double>(i + 1);
      samples[i].max_us = static_cast<double>(10 - i);
    }

    const Sample median = median_of(samples);

    CHECK(median.per_second() == doctest::Approx(50));
    CHECK(median.max_us == 9);
  }
}

TEST_SUITE("engine_bench judged peer") {
  TEST_CASE("beside assertions RocksDB counts as its release build would") {
    const auto factor = release_factor("readmissing", 100);
    REQUIRE(factor);
    const auto peer = judged_peer({{"lsm", 900}, {"leveldb", 100}, {"rocksdb", 90}}, factor);

    REQUIRE(peer);
    CHECK(peer->rate == doctest::Approx(174));
  }

  TEST_CASE("a peer that was measured faster than expected is judged as measured") {
    const auto peer = judged_peer({{"leveldb", 100}, {"rocksdb", 190}}, 1.74);

    REQUIRE(peer);
    CHECK(peer->rate == 190);
    CHECK_FALSE(judged_peer({{"lsm", 900}}, 1.74));
  }

  TEST_CASE("factors hold for the value sizes they were measured with") {
    CHECK(*release_factor("overwrite", 100) < 1);
    CHECK(*release_factor("overwrite", 1024) > 1);
    CHECK_FALSE(release_factor("overwrite", 65536));
    CHECK_FALSE(release_factor("update", 100));
  }
}

TEST_SUITE("engine_bench values") {
  TEST_CASE("a value tells its key and version") {
    const Values values(100, 1);
    ValueText text;
    const std::string_view value = values.make({.index = 12, .version = 3}, text);

    CHECK(value.size() == 100);
    const ValueName name = values.verify(12, value);
    CHECK(name.index == 12);
    CHECK(name.version == 3);
  }
}

}  // namespace distkv::bench
