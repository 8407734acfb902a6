#include "wire/checks.h"

#include <algorithm>
#include <string>

#include "base/types.h"
#include "wire/messages.h"

namespace distkv::wire {
namespace {

// No space: names stand in lines of logs and tables.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

void Checks::fail(base::Code code, const char* field, const char* rule) {
  if (has_failed()) return;
  status_ = base::Status(code, std::string(field) + " " + rule);
}

std::string_view Checks::key(std::string_view bytes) {
  require(!bytes.empty(), "key", "is empty");
  if (bytes.size() > base::kKeyBytesMax) {
    fail(base::Code::kTooLarge, "key", "is over the limit of 65536 bytes");
  }
  return bytes;
}

std::string_view Checks::value(std::string_view bytes) {
  if (bytes.size() > base::kValueBytesMax) {
    fail(base::Code::kTooLarge, "value", "is over the limit of 8388608 bytes");
  }
  return bytes;
}

std::string_view Checks::optional_node_id(std::string_view text, const char* field) {
  require(text.size() <= base::kNodeIdBytesMax, field, "is longer than a node id");
  require(is_printable(text), field, "has bytes that are not printable");
  return text;
}

std::string_view Checks::node_id(std::string_view text, const char* field) {
  require(!text.empty(), field, "is empty");
  return optional_node_id(text, field);
}

std::string_view Checks::optional_endpoint(std::string_view text, const char* field) {
  require(text.size() <= base::kEndpointBytesMax, field, "is longer than an endpoint");
  require(is_printable(text), field, "has bytes that are not printable");
  return text;
}

std::string_view Checks::endpoint(std::string_view text, const char* field) {
  require(!text.empty(), field, "is empty");
  return optional_endpoint(text, field);
}

std::string_view Checks::cluster_name(std::string_view text) {
  require(text.size() <= base::kClusterNameBytesMax, "cluster_name", "is too long");
  require(is_printable(text), "cluster_name", "has bytes that are not printable");
  return text;
}

std::string_view Checks::bytes(std::string_view bytes, size_t size_max, const char* field) {
  require(bytes.size() <= size_max, field, "is too long");
  return bytes;
}

base::Code Checks::code(uint8_t number) {
  return enumeration(number, base::Code::kOk, base::Code::kBehind, "code");
}

base::Persistence Checks::persistence(uint8_t number) {
  return enumeration(number, base::Persistence::kUnsaid, base::Persistence::kMemory, "persistence");
}

std::chrono::milliseconds Checks::timeout(uint32_t milliseconds) {
  const std::chrono::milliseconds timeout(milliseconds);
  require(timeout <= kTimeoutMax, "timeout_ms", "is over an hour");
  return timeout;
}

std::chrono::milliseconds Checks::ttl(uint64_t milliseconds) {
  const auto ttl_max = static_cast<uint64_t>(kTtlMax.count());
  require(milliseconds <= ttl_max, "ttl_ms", "is over a century");
  return std::chrono::milliseconds(std::min(milliseconds, ttl_max));
}

std::chrono::milliseconds Checks::age(uint64_t milliseconds, const char* field) {
  const auto age_max = static_cast<uint64_t>(kAgeMax.count());
  require(milliseconds <= age_max, field, "is over a century");
  return std::chrono::milliseconds(std::min(milliseconds, age_max));
}

base::WallTime Checks::wall_time(uint64_t milliseconds, const char* field) {
  const auto time_max = static_cast<uint64_t>(kWallTimeMax.count());
  require(milliseconds <= time_max, field, "is after the year 10000");
  return base::WallTime(std::chrono::milliseconds(std::min(milliseconds, time_max)));
}

size_t Checks::count(size_t count, size_t count_max, const char* field) {
  require(count <= count_max, field, "has too many entries");
  return count <= count_max ? count : 0;
}

}  // namespace distkv::wire
