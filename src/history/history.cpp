#include "history/history.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace distkv::history {

namespace {

std::string seconds(base::Duration time) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.6f s",
                                 std::chrono::duration<double>(time).count());
  return {text.data(), static_cast<size_t>(std::max(size, 0))};
}

std::string answer_of(const Operation& read) {
  if (read.sibling_count == 0) return ", found nothing";
  std::string text = ", found";
  for (const std::string& value : read.values) text += " '" + value + "'";
  if (!read.is_complete()) text += " of " + std::to_string(read.sibling_count) + " siblings";
  return text;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return "put";
    case Kind::kDelete:
      return "delete";
    case Kind::kGet:
      break;
  }
  return "get";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kUnknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(wire::Consistency consistency) {
  switch (consistency) {
    case wire::Consistency::kOne:
      return "one";
    case wire::Consistency::kQuorum:
      return "quorum";
    case wire::Consistency::kAll:
      break;
  }
  return "all";
}

std::string describe(const Operation& operation, base::MonotonicTime origin) {
  std::string text(name_of(operation.kind));
  if (operation.kind == Kind::kPut) text += " of '" + operation.value + "' to";
  text += " " + operation.key + " by client " + std::to_string(operation.client);
  if (!operation.node.empty()) text += " through " + operation.node;
  text.append(" at ").append(name_of(operation.consistency));
  if (!operation.is_read()) text += operation.context_of ? " with a context" : " without a context";
  text += ", " + seconds(operation.invoked_at - origin) + " to " +
          (operation.returned_at ? seconds(*operation.returned_at - origin) : "no end");
  text.append(", ").append(name_of(operation.outcome));
  if (operation.is_read() && operation.is_ok()) text += answer_of(operation);
  return text;
}

}  // namespace distkv::history
