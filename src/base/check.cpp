#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace distkv::base {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "level=error event=invariant_broken condition=\"%s\" at=%s:%d\n", condition,
               file, line);
  std::abort();
}

}  // namespace distkv::base
