// The writes of one key that an answer speaks of: stretches of counters, by the store that minted
// them, read off the context it carried.
//
// Kept apart from the arithmetic of src/causality on purpose: it judges that. Only the parts of a
// context are read, never its merge or its comparison. Invariant: stretches are ascending, and
// between two of one store something is missing. A value, free of any thread rule.
#pragma once

#include <vector>

#include "causality/context.h"

namespace distkv::history {

class Coverage {
 public:
  Coverage() = default;
  explicit Coverage(const causality::Context& context);

  // Everything a store minted from `first` to `last`, both included, first <= last.
  void add(const causality::Span& stretch);
  void merge(const Coverage& other);

  bool covers(const causality::Dot& dot) const;
  // Linear in both.
  bool includes(const Coverage& other) const;
  bool is_empty() const { return stretches_.empty(); }
  // The newest write of each store, ascending by store.
  std::vector<causality::Dot> heads() const;
  friend bool operator==(const Coverage&, const Coverage&) = default;

 private:
  std::vector<causality::Span> stretches_;
};

}  // namespace distkv::history
