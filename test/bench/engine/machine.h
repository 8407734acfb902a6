// Where and with what a result was measured.
#pragma once

#include <string>

namespace distkv::bench {

// A few lines: processor, memory, kernel, file system of `directory`, compiler, date. Says so if
// this program was built without optimisation.
std::string describe_machine(const std::string& directory);

}  // namespace distkv::bench
