// What a checkpoint may be called: one component of a path that cannot lead out of its directory.
#pragma once

#include <string_view>

#include "base/result.h"

namespace distkv::node {

// 1 to 64 characters of [A-Za-z0-9._-], neither "." nor "..". kInvalidArgument says so.
base::Status judge_checkpoint_name(std::string_view name);

}  // namespace distkv::node
