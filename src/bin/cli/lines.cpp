#include "bin/cli/lines.h"

#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/types.h"

namespace distkv::bin::cli {

using base::Code;
using base::Result;
using base::Status;

Result<std::vector<Client::KeyValue>> keys_of_lines(std::string_view text) {
  std::vector<Client::KeyValue> pairs;
  std::unordered_map<std::string_view, size_t> places;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    if (line.size() > base::kKeyBytesMax) {
      return Status(Code::kTooLarge, "line " + std::to_string(number) + " has " +
                                         std::to_string(line.size()) + " bytes, a key at most " +
                                         std::to_string(base::kKeyBytesMax));
    }
    const auto [place, is_new] = places.try_emplace(line, pairs.size());
    if (is_new) pairs.push_back({std::string(line), {}});
    pairs[place->second].value = std::to_string(number);
  }
  return pairs;
}

Result<std::vector<Client::KeyValue>> keys_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text) return Status(Code::kIo, "cannot read " + path);
  const auto pairs = keys_of_lines(text.str());
  if (!pairs.is_ok()) return Status(pairs.code(), path + ": " + pairs.status().message());
  return pairs;
}

}  // namespace distkv::bin::cli
