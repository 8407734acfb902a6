// What the codecs share: the builder inside Encoder, and the one way a body becomes a message.
// Private to this folder's .cpp files, and with the generated headers the only place that knows
// FlatBuffers.
//
// Each codec gives, for a message T, TableOf<T> (its table) and read(table, T&, Checks&); decode<T>
// is made of these.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "wire/checks.h"
#include "wire/messages.h"

namespace distkv::wire {

using TextOffset = flatbuffers::Offset<flatbuffers::String>;
using TextVectorOffset = flatbuffers::Offset<flatbuffers::Vector<TextOffset>>;

inline constexpr uint32_t kVerifierDepthMax = 16;  // Ours nest four deep.
// A full explanation: each of 64 replicas holds 224 versions.
inline constexpr uint32_t kVerifierTablesMax = 16384;
// Kept between messages for reuse; a buffer that grew past it is freed.
inline constexpr size_t kEncoderBytesKept = 1024 * 1024;

// Builds one frame after another in the same memory.
class FrameBuilder {
 public:
  flatbuffers::FlatBufferBuilder flat;  // For the generated Create functions.

  // Starts a message whose strings have about `bytes_expected` bytes, and ends the view of the
  // last.
  void begin(size_t bytes_expected = 0);
  // Closes the message and puts the frame's header before it.
  std::string_view finish(MessageType type, base::RequestId id, flatbuffers::Offset<void> root);

  // Zero, which leaves the field out, for an empty string: readers take both alike.
  TextOffset text(std::string_view bytes);
  // A message for people, cut to kTextBytesMax.
  TextOffset sentence(std::string_view bytes) { return text(bytes.substr(0, kTextBytesMax)); }
  // Also when empty: where absent means something else.
  TextOffset present(std::string_view bytes) {
    return flat.CreateString(bytes.data(), bytes.size());
  }
  TextVectorOffset texts(const std::vector<std::string_view>& items);
  // Writes each item with `encode_one`; zero if there is none.
  template <typename Table, typename Item, typename EncodeOne>
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Table>>> tables(
      const std::vector<Item>& items, EncodeOne encode_one) {
    if (items.empty()) return 0;
    std::vector<flatbuffers::Offset<Table>> offsets;
    offsets.reserve(items.size());
    for (const Item& item : items) offsets.push_back(encode_one(*this, item));
    return flat.CreateVector(offsets);
  }

 private:
  size_t frame_bytes_ = 0;  // Of the message last finished.
};

struct Encoder::State : FrameBuilder {};

// Clamped to what decode takes: patience that ran out is zero.
uint32_t timeout_on_wire(std::chrono::milliseconds timeout);
uint64_t time_on_wire(base::WallTime time);
uint64_t age_on_wire(std::chrono::milliseconds age);

inline std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

// Specialized by each codec: `using Type = ...`, the generated table of message T.
template <typename T>
struct TableOf;

using VerifyBody = bool (*)(flatbuffers::Verifier&);
// Whether the frame is of the type wanted and its body passes the Verifier.
base::Status check_body(const FrameView& frame, MessageType type, VerifyBody verify);

// Reads each entry of an optional vector into `out`, at most `count_max`.
template <typename Vector, typename Item, typename ReadOne>
void read_each(const Vector* vector, std::vector<Item>& out, size_t count_max, const char* field,
               Checks& checks, ReadOne read_one) {
  if (vector == nullptr) return;
  const size_t count = checks.count(vector->size(), count_max, field);
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    out.push_back(read_one(vector->Get(static_cast<flatbuffers::uoffset_t>(i))));
  }
}

template <typename T>
base::Result<T> decode(const FrameView& frame) {
  using Table = typename TableOf<T>::Type;
  base::Status sound = check_body(frame, T::kType, [](flatbuffers::Verifier& verifier) {
    return verifier.VerifyBuffer<Table>(nullptr);
  });
  if (!sound.is_ok()) return sound;
  T message;
  Checks checks;
  read(*flatbuffers::GetRoot<Table>(frame.body.data()), message, checks);
  if (checks.has_failed()) return checks.status();
  return message;
}

}  // namespace distkv::wire
