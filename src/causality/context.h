// What a replica or a client has seen of one key: a version vector, plus single dots beyond it.
//
// Dots carry hybrid-clock counters, so they have gaps, and "I saw (a, 9)" does not mean "I saw
// everything of a up to 9". A vector entry does mean that; a lone dot is kept beside the vector
// until an entry covers it. Source: Almeida et al., "Scalable and Accurate Causality Tracking for
// Eventually Consistent Stores" (2014); Dynamo §4.4.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::causality {

// One write event: the store that minted it and that store's clock reading.
struct Dot {
  base::ActorId actor;
  base::Counter counter;
  friend auto operator<=>(const Dot&, const Dot&) = default;
};

class Context {
 public:
  // True if the event `dot` is in what was seen.
  bool covers(const Dot& dot) const;
  // Raises the vector: everything `dot.actor` did to the key up to and including `dot` was seen.
  // Right only for the actor itself and for whole records.
  void raise(const Dot& dot);
  // Adds one event alone. Of an actor's lone dots only the newest is kept: an actor mints serially,
  // and the chain that led to the newer one had already superseded the older.
  void add(const Dot& dot);
  // The union of both. Commutative, associative, idempotent.
  void merge(const Context& other);

  // The actor's vector entry, zero if there is none.
  base::Counter entry(base::ActorId actor) const;
  bool is_empty() const { return vector_.empty() && dots_.empty(); }
  // One (actor, counter) for each actor, ascending by actor.
  const std::vector<Dot>& vector() const { return vector_; }
  // Lone dots, ascending by actor, at most one each, none covered by the vector.
  const std::vector<Dot>& dots() const { return dots_; }
  friend bool operator==(const Context&, const Context&) = default;

 private:
  std::vector<Dot> vector_;
  std::vector<Dot> dots_;
};

inline constexpr size_t kContextActorsMax = 1024;  // Entries believed in one encoded context.

// The opaque token clients carry: version byte, context, 32-bit checksum (CONTEXT.md in this
// folder). Empty in, empty context out; anything damaged is kInvalidArgument.
std::string encode_token(const Context& context);
base::Result<Context> decode_token(std::string_view token);

}  // namespace distkv::causality
