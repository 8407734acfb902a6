#include "bin/version.h"

namespace distkv::bin {

const char* version() { return DISTKV_VERSION; }

}  // namespace distkv::bin
