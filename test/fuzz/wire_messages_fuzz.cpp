// Any bytes as the body of a message; the first byte chooses the type. What decodes must encode to
// a message that decodes to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/samples.h"

namespace distkv::wire {
namespace {

template <typename T>
void fuzz_message(std::string_view body) {
  const base::Result<T> decoded = decode<T>({T::kType, base::RequestId(1), body});
  if (!decoded.is_ok()) {
    DISTKV_CHECK(!decoded.status().message().empty());
    return;
  }
  Encoder encoder;
  const std::string frame(encoder.encode(*decoded, base::RequestId(1)));
  const base::Result<FrameView> parsed = parse_datagram(frame);
  DISTKV_CHECK(parsed.is_ok());
  const base::Result<T> again = decode<T>(*parsed);
  DISTKV_CHECK(again.is_ok() && *again == *decoded);
}

}  // namespace

void fuzz_messages(std::string_view bytes) {
  if (bytes.empty()) return;
  int type = static_cast<uint8_t>(bytes[0]);
  // A block of its own, aligned as any, so that a read past the end is seen.
  const std::vector<char> body(bytes.begin() + 1, bytes.end());
  for_each_sample([&]<typename T>(const char*, const T&) {
    if (type-- == 0) fuzz_message<T>({body.data(), body.size()});
  });
}

}  // namespace distkv::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::wire::fuzz_messages({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
