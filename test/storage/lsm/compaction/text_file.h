// Expected output in a file beside the tests, written anew when DISTKV_REWRITE=1 is in the
// environment.
#pragma once

#include <string>

namespace distkv::storage::lsm {

std::string read_text_file(const std::string& name);
// Fails the running test if the file holds something else, unless it is to be rewritten.
void check_text_file(const std::string& name, const std::string& expected);

}  // namespace distkv::storage::lsm
