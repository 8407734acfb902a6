// load: every line of a file becomes a key. Keys are distinct, so no two writes of one key are ever
// on the way together.
#include <algorithm>
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"
#include "bin/cli/lines.h"

namespace distkv::bin::cli {

namespace {

constexpr size_t kRoundsMax = 3;  // A server that dies costs one; more and the cluster is sick.

// Writes all of `pairs`, those refused again: they carry the same value, so twice is once. Keeps
// in `pairs` what is not acknowledged; returns the last reason.
Error put_chunk(Call& call, std::vector<Client::KeyValue>& pairs) {
  Error last;
  for (size_t round = 0; round < kRoundsMax && !pairs.empty(); ++round) {
    const std::vector<PutOutcome> outcomes = call.client.put_all(pairs, put_options(call));
    std::vector<Client::KeyValue> left;
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (outcomes[i].error.is_ok()) continue;
      last = outcomes[i].error;
      left.push_back(std::move(pairs[i]));
    }
    pairs = std::move(left);
  }
  return last;
}

}  // namespace

int load(Call& call) {
  Console& console = call.console;
  const auto pairs = keys_of_file(call.argument(0));
  if (!pairs.is_ok()) return complain(console, pairs.status().message());
  for (size_t start = 0; start < pairs->size(); start += kChunkKeys) {
    const size_t end = std::min(start + kChunkKeys, pairs->size());
    std::vector<Client::KeyValue> chunk(pairs->begin() + static_cast<std::ptrdiff_t>(start),
                                        pairs->begin() + static_cast<std::ptrdiff_t>(end));
    const Error error = put_chunk(call, chunk);
    if (!chunk.empty()) {
      return complain(console, "stopped after " + std::to_string(end - chunk.size()) + " of " +
                                   std::to_string(pairs->size()) + " keys; line " +
                                   chunk.front().value + ": " + error.message);
    }
    console.err << end << " of " << pairs->size() << " keys\n";
  }
  if (call.is_json()) {
    console.out << JsonObject().number("loaded", pairs->size()).text() << "\n";
  } else {
    console.out << "Loaded " << pairs->size() << " keys\n";
  }
  return kExitOk;
}

}  // namespace distkv::bin::cli
