// What can be told of the writes of one key from outside: under which dots each may stand, and from
// when on another may have superseded it.
//
// A receipt says what its client now knows, so the new dot is in it, newest of its store, and in no
// answer that came before the write was invoked. Usually that leaves one; where it leaves several,
// all are kept: "surely" asks for all of them, "perhaps" for any.
#pragma once

#include <cstddef>
#include <vector>

#include "history/history.h"

namespace distkv::history {

// A beginning or an end, to sweep through a history in order of time.
struct Moment {
  base::MonotonicTime when;
  bool is_return = false;
  size_t place = 0;
};

// Of the operations at `places`. At one instant beginnings come first: then two operations count as
// concurrent. One that never returned has no end.
std::vector<Moment> moments_of(const History& history, const std::vector<size_t>& places);

struct Write {
  size_t place = 0;
  const Operation* operation = nullptr;
  // What it passed as its context; null: blind.
  const Coverage* context = nullptr;
  // Acknowledged and minted once: it took effect between its beginning and its end, never again.
  bool is_exact = false;
  std::vector<causality::Dot> dots;  // Of an exact one; its own is among them.
  // Of an exact put: what reads return from now on may lack it. Far future: never.
  base::MonotonicTime superseded_from = base::MonotonicTime::max();
};

// True if whoever has seen `later` must have dropped `earlier`.
bool surely_supersedes(const Write& later, const Write& earlier);
// True if an answer with this coverage has surely seen the write.
bool surely_covers(const Coverage& seen, const Write& write);

// Those of the writes at `places` that may ever be seen, in order of invocation. Views the history.
std::vector<Write> writes_of(const History& history, const std::vector<size_t>& places);

}  // namespace distkv::history
