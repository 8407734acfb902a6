#include <charconv>
#include <string_view>

#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {
namespace {

constexpr std::string_view kManifestPrefix = "manifest-";
constexpr std::string_view kTableSuffix = ".sst";
constexpr size_t kDigitsMin = 6;  // A listing is then in order of numbers for the first million.

std::string padded(uint64_t number) {
  const std::string digits = std::to_string(number);
  const size_t zeros = digits.size() < kDigitsMin ? kDigitsMin - digits.size() : 0;
  return std::string(zeros, '0') + digits;
}

std::optional<uint64_t> parse_digits(std::string_view digits) {
  uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || padded(number) != digits) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string table_name(FileId file) { return padded(file.value()) + std::string(kTableSuffix); }

std::optional<FileId> parse_table_name(const std::string& name) {
  if (!name.ends_with(kTableSuffix)) return std::nullopt;
  const auto number =
      parse_digits(std::string_view(name).substr(0, name.size() - kTableSuffix.size()));
  return number ? std::optional(FileId(*number)) : std::nullopt;
}

std::string manifest_name(uint64_t number) { return std::string(kManifestPrefix) + padded(number); }

std::optional<uint64_t> parse_manifest_name(const std::string& name) {
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  return parse_digits(std::string_view(name).substr(kManifestPrefix.size()));
}

}  // namespace distkv::storage::lsm
