#include "node/checkpoint_name.h"

#include "wire/messages.h"

namespace distkv::node {

using base::Code;
using base::Status;

Status judge_checkpoint_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  const bool has_size = !name.empty() && name.size() <= wire::kCheckpointNameBytesMax;
  const bool is_allowed = name.find_first_not_of(kAllowed) == std::string_view::npos;
  if (has_size && is_allowed && name != "." && name != "..") return Status::ok();
  return {Code::kInvalidArgument,
          "a checkpoint's name is 1 to 64 letters, digits, dots, underscores and hyphens, not . or "
          ".."};
}

}  // namespace distkv::node
