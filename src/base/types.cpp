#include "base/types.h"

namespace distkv::base {

std::string Id128::to_hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (int digit = 0; digit < 16; ++digit) {
    text[15 - digit] = kDigits[(high >> (4 * digit)) & 15];
    text[31 - digit] = kDigits[(low >> (4 * digit)) & 15];
  }
  return text;
}

}  // namespace distkv::base
