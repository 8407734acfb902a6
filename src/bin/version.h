// The version all programs print.
#pragma once

namespace distkv::bin {

// As meson.build's project() says it, for instance "0.1.0".
const char* version();

}  // namespace distkv::bin
