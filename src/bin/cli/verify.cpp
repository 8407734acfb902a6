// verify: reads back what `load` stored.
#include <algorithm>
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"
#include "bin/cli/lines.h"

namespace distkv::bin::cli {

namespace {

constexpr size_t kShownMax = 10;  // Wrong keys told one by one; the count tells the rest.

std::string complaint(const Client::KeyValue& wanted, const GetOutcome& outcome) {
  std::string text = "line " + wanted.value + ": key " + shown(wanted.key);
  if (!outcome.error.is_ok()) return text + ": " + outcome.error.message;
  if (!outcome.found()) return text + " is missing";
  return text + " has the value " + shown(outcome.values.front());
}

}  // namespace

int verify(Call& call) {
  Console& console = call.console;
  const auto pairs = keys_of_file(call.argument(0));
  if (!pairs.is_ok()) return complain(console, pairs.status().message());
  size_t wrong = 0;
  for (size_t start = 0; start < pairs->size(); start += kChunkKeys) {
    const size_t end = std::min(start + kChunkKeys, pairs->size());
    std::vector<std::string> keys;
    for (size_t i = start; i < end; ++i) keys.push_back((*pairs)[i].key);
    const std::vector<GetOutcome> outcomes = call.client.get_all(keys, get_options(call));
    for (size_t i = start; i < end; ++i) {
      const GetOutcome& outcome = outcomes[i - start];
      if (outcome.error.kind == ErrorKind::kUnreachable) {
        return complain(console, outcome.error.message);
      }
      const bool is_right = outcome.found() && outcome.values.front() == (*pairs)[i].value;
      if (!is_right && ++wrong <= kShownMax) complain(console, complaint((*pairs)[i], outcome));
    }
  }
  if (call.is_json()) {
    JsonObject object;
    console.out << object.number("verified", pairs->size()).number("wrong", wrong).text() << "\n";
  } else {
    console.out << "Verified " << pairs->size() << " keys, " << wrong << " wrong or missing\n";
  }
  return wrong == 0 ? kExitOk : kExitError;
}

}  // namespace distkv::bin::cli
