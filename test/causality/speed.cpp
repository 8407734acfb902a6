// Nanoseconds of what a replica does to a key for each put and get. A figure to look at, not a
// test: build causality_speed with --buildtype=release.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "causality/record.h"

namespace {

using namespace distkv;             // NOLINT: a program of one file.
using namespace distkv::causality;  // NOLINT

constexpr int kRounds = 1000000;
constexpr size_t kValueBytes = 100;

template <typename Work>
void time(const char* name, Work work) {
  uint64_t kept = 0;
  for (int i = 0; i < kRounds / 10; ++i) kept += work(i);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) kept += work(i);
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  std::printf("%-28s %7.1f ns  (%u)\n", name, spent.count() / kRounds,
              static_cast<unsigned>(kept % 10));
}

Dot dot(uint64_t actor, uint64_t counter) { return {base::ActorId(actor), base::Counter(counter)}; }

}  // namespace

int main() {
  const Put request{.op_id = base::OpId(base::Id128{1, 2}), .value = std::string(kValueBytes, 'v')};
  Record record = put({}, request, dot(1, 1))->record;
  record = put(record, {.op_id = base::OpId(base::Id128{1, 3}), .value = request.value}, dot(2, 1))
               ->record;
  std::string meta;
  std::string values;
  encode_record(record, meta, values);
  Put next = request;
  const Record after = put(record, next, dot(2, 2))->record;

  time("decode", [&](int) { return decode_record(meta, values)->versions.size(); });
  time("put", [&](int) { return put(record, next, dot(1, 9))->record.versions.size(); });
  next.context = &record.seen;
  std::string meta_out;
  std::string values_out;
  time("decode, put, encode", [&](int) {
    meta_out.clear();
    values_out.clear();
    encode_record(put(*decode_record(meta, values), next, dot(1, 9))->record, meta_out, values_out);
    return meta_out.size();
  });
  time("includes", [&](int) { return includes(after, record) ? 1 : 0; });
  time("merge", [&](int) { return merge(record, after).versions.size(); });
  time("token out and in", [&](int) { return decode_token(encode_token(record.seen))->size(); });
}
