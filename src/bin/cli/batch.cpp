// batch: many pairs at once, and which of them did not get through.
#include <map>
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

std::vector<Client::KeyValue> batch_pairs(const std::vector<std::string>& arguments) {
  std::vector<Client::KeyValue> pairs;
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const auto [place, is_new] = places.try_emplace(arguments[i], pairs.size());
    if (is_new) pairs.push_back({arguments[i], {}});
    pairs[place->second].value = arguments[i + 1];
  }
  return pairs;
}

std::string batch_error_text(const std::vector<Client::KeyValue>& pairs,
                             const std::vector<PutOutcome>& outcomes) {
  size_t stored = 0;
  size_t unknown = 0;
  const Error* first = nullptr;
  for (const PutOutcome& outcome : outcomes) {
    if (outcome.error.is_ok()) ++stored;
    if (outcome.error.kind == ErrorKind::kUnknown) ++unknown;
    if (!outcome.error.is_ok() && first == nullptr) first = &outcome.error;
  }
  std::string text = std::to_string(stored) + " of " + std::to_string(pairs.size()) + " stored";
  if (unknown > 0) text += ", " + std::to_string(unknown) + " of unknown outcome";
  return first == nullptr ? text : text + "; " + first->message;
}

std::string batch_failed_keys(const std::vector<Client::KeyValue>& pairs,
                              const std::vector<PutOutcome>& outcomes) {
  std::string keys;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (outcomes[i].error.is_ok()) continue;
    keys.append(keys.empty() ? "" : ", ").append(pairs[i].key);
  }
  return "[" + keys + "]";
}

int batch(Call& call) {
  Console& console = call.console;
  const std::vector<std::string>& words = call.invocation.words;
  const std::vector<Client::KeyValue> pairs = batch_pairs({words.begin() + 1, words.end()});
  const std::vector<PutOutcome> outcomes = call.client.put_all(pairs, put_options(call));
  size_t stored = 0;
  std::vector<std::string> receipts;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (outcomes[i].error.is_ok()) ++stored;
    if (call.is_json()) receipts.push_back(put_json(pairs[i].key, outcomes[i]));
  }
  if (call.is_json()) console.out << json_array(receipts) << "\n";
  if (stored == pairs.size()) {
    if (call.is_json()) return kExitOk;
    console.out << "Successfully stored " << call.argument_count() / 2 << " key-value pairs\n";
    return kExitOk;
  }
  const std::string why = batch_error_text(pairs, outcomes);
  if (call.is_json() || stored == 0) return complain(console, why);
  console.out << "Batch put partially failed: " << why
              << "\nFailed keys: " << batch_failed_keys(pairs, outcomes) << "\n";
  return kExitError;
}

}  // namespace distkv::bin::cli
