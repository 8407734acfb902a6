#include "causality/context_codec.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/hash.h"

namespace distkv::causality {
namespace {

using base::Code;
using base::Status;

constexpr uint8_t kTokenVersion = 1;
constexpr size_t kChecksumBytes = 4;
constexpr uint64_t kEntryBytes = 16;     // Actor and counter.
constexpr uint64_t kSpanBytesMin = 17;   // Actor, first counter, a distance of one byte.
constexpr size_t kTokenBytesFixed = 16;  // Version, two counts and checksum, rounded up.

// A store's clock is 48 bits of milliseconds over 16 bits, so this is in the year 6429. A token
// that claims more is forged, and believing it would leave its actor no counter to mint.
constexpr base::Counter kTokenCounterMax{UINT64_MAX / 2};

uint32_t checksum(std::string_view bytes) { return static_cast<uint32_t>(base::hash64(bytes)); }

bool has_sane_counters(const Context& context) {
  return std::all_of(context.vector().begin(), context.vector().end(),
                     [](const Dot& dot) { return dot.counter <= kTokenCounterMax; }) &&
         std::all_of(context.spans().begin(), context.spans().end(),
                     [](const Span& span) { return span.last <= kTokenCounterMax; });
}

Status invalid(std::string_view problem) {
  return {Code::kInvalidArgument, "context token: " + std::string(problem) +
                                      "; use the token exactly as a read or a receipt gave it"};
}

Dot read_dot(base::Reader& reader) {
  const base::ActorId actor(reader.u64());
  return {actor, base::Counter(reader.u64())};
}

// A distance that wraps past the greatest counter puts `last` before `first`, which is refused with
// the other impossible spans.
Span read_span(base::Reader& reader) {
  const Dot first = read_dot(reader);
  const uint64_t distance = reader.varint();
  return {first.actor, first.counter, base::Counter(first.counter.value() + distance)};
}

}  // namespace

void write_context(const Context& context, base::Writer& writer) {
  writer.varint(context.vector().size());
  writer.varint(context.spans().size());
  for (const Dot& dot : context.vector()) {
    writer.u64(dot.actor.value());
    writer.u64(dot.counter.value());
  }
  for (const Span& span : context.spans()) {
    writer.u64(span.actor.value());
    writer.u64(span.first.value());
    writer.varint(span.last.value() - span.first.value());
  }
}

std::string_view read_context(base::Reader& reader, uint64_t entries_max, Context& context) {
  const uint64_t entries = reader.count(entries_max);
  const uint64_t span_count = reader.count(entries_max);
  // Before any memory is asked for: the bytes that are there bound what they can describe.
  if (reader.has_failed() || entries > reader.remaining() / kEntryBytes) {
    return "more vector entries than allowed or than there are bytes for";
  }
  if (span_count > (reader.remaining() - entries * kEntryBytes) / kSpanBytesMin) {
    return "more spans than there are bytes for";
  }
  std::vector<Dot> vector;
  std::vector<Span> spans;
  vector.reserve(entries);
  spans.reserve(span_count);
  for (uint64_t i = 0; i < entries; ++i) vector.push_back(read_dot(reader));
  for (uint64_t i = 0; i < span_count; ++i) spans.push_back(read_span(reader));
  if (reader.has_failed()) return "it is cut short or holds an impossible number";

  std::optional<Context> read = Context::from_parts(std::move(vector), std::move(spans));
  if (!read) return "its vector or spans are out of order, overlap or hold a zero";
  context = std::move(*read);
  return {};
}

std::string encode_token(const Context& context) {
  std::string token;
  token.reserve(kTokenBytesFixed + context.vector().size() * kEntryBytes +
                context.spans().size() * (kSpanBytesMin + 9));
  base::Writer writer(token);
  writer.u8(kTokenVersion);
  write_context(context, writer);
  writer.u32(checksum(token));
  return token;
}

base::Result<Context> decode_token(std::string_view token) {
  if (token.empty()) return Context{};
  if (token.size() <= kChecksumBytes) return invalid("it is cut short");
  const std::string_view body = token.substr(0, token.size() - kChecksumBytes);
  base::Reader tail(token.substr(body.size()));
  if (tail.u32() != checksum(body)) return invalid("it is damaged (its checksum differs)");

  base::Reader reader(body);
  if (reader.u8() != kTokenVersion) return invalid("its version is unknown here");
  Context context;
  const std::string_view problem = read_context(reader, kContextActorsMax, context);
  if (!problem.empty()) return invalid(problem);
  if (!reader.is_complete()) return invalid("bytes are left over");
  if (!has_sane_counters(context)) return invalid("it holds a counter no store has reached");
  return context;
}

}  // namespace distkv::causality
