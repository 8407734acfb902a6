// What a replica or a client has seen of one key: a set of dots, kept as a version vector plus
// spans beyond it.
//
// Dots carry hybrid-clock counters, so they have gaps, and "I saw (a, 9)" does not mean "I saw
// everything of a up to 9". A vector entry does mean that; a span means it from its first counter
// on, and a lone dot is a span of one. Spans that touch become one, and one that touches its
// actor's entry becomes part of it.
//
// Invariant: one canonical form for each set, so equality is set equality, and merge is set union:
// commutative, associative, idempotent by construction. Source: Almeida et al., "Scalable and
// Accurate Causality Tracking for Eventually Consistent Stores" (2014); Dynamo §4.4. Why lone dots
// alone are not enough is told in README.md. Values, free of any thread rule.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::causality {

// One write event: the store that minted it and that store's clock reading, never zero.
struct Dot {
  base::ActorId actor;
  base::Counter counter;
  friend auto operator<=>(const Dot&, const Dot&) = default;
};

// Everything `actor` did to the key from `first` to `last`, both included. 1 <= first <= last.
struct Span {
  base::ActorId actor;
  base::Counter first;
  base::Counter last;
  friend auto operator<=>(const Span&, const Span&) = default;
};

class Context {
 public:
  // The context with exactly these parts; null unless they are in the canonical form that vector()
  // and spans() have.
  static std::optional<Context> from_parts(std::vector<Dot> vector, std::vector<Span> spans);

  // True if the event `dot` is in what was seen.
  bool covers(const Dot& dot) const;
  // True if all that `other` covers is covered. Linear in the size of both.
  bool includes(const Context& other) const;
  // Raises the vector: everything `dot.actor` did to the key up to and including `dot` was seen.
  // Right only for the actor itself and for whole records.
  void raise(const Dot& dot);
  // Adds one event alone.
  void add(const Dot& dot) { add_span({dot.actor, dot.counter, dot.counter}); }
  // Adds a stretch of one actor's events.
  void add_span(const Span& span);
  // The union of both. Commutative, associative, idempotent.
  void merge(const Context& other);
  // Forgets the spans with the lowest counters until at most `spans_max` are left. Only for what a
  // client is given: a record that forgot what it has seen would resurrect it.
  void forget_oldest_spans(size_t spans_max);

  // The actor's vector entry, zero if there is none.
  base::Counter entry(base::ActorId actor) const;
  // The greatest counter of the actor that is covered at all, zero if none. A new dot must be above
  // it.
  base::Counter newest(base::ActorId actor) const;
  bool is_empty() const { return vector_.empty() && spans_.empty(); }
  size_t size() const { return vector_.size() + spans_.size(); }
  // One (actor, counter) for each actor, ascending by actor; no counter is zero.
  const std::vector<Dot>& vector() const { return vector_; }
  // Ascending; between any two of an actor, and between its entry and its first, something is
  // missing.
  const std::vector<Span>& spans() const { return spans_; }
  friend bool operator==(const Context&, const Context&) = default;

 private:
  void set_entry(const Dot& dot);
  void settle_spans();
  bool covers_span(const Span& span) const;

  std::vector<Dot> vector_;
  std::vector<Span> spans_;
};

// Entries, and spans, believed in one token: far above the stores that ever hold one key, and low
// enough that a forged token costs kilobytes.
inline constexpr size_t kContextActorsMax = 1024;

// The opaque token clients carry: version byte, context, 32-bit checksum (FORMAT.md in this
// folder). The token of an empty context is not empty: "I saw nothing" and "I give no context" are
// different puts.
std::string encode_token(const Context& context);
// An empty token is an empty context; anything damaged is kInvalidArgument.
base::Result<Context> decode_token(std::string_view token);

}  // namespace distkv::causality
