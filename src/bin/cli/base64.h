// Bytes as text that survives a shell, a terminal and JSON (RFC 4648, padded).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace distkv::bin::cli {

std::string base64(std::string_view bytes);
// Empty if `text` is not exactly what base64() makes of some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace distkv::bin::cli
