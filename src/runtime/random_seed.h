// The one place chance enters a real node: everything it draws later follows from this seed.
#pragma once

#include <cstdint>

namespace distkv::runtime {

// From the operating system; stops the program if that has none to give.
uint64_t random_seed();

}  // namespace distkv::runtime
