// A set of writes of one key, by their place in the order in which they were minted. Explicit: it
// lists its members, so that it can judge the vectors that only describe them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace distkv::sim {

class DotSet {
 public:
  void add(size_t place);
  void merge(const DotSet& other);
  void remove(const DotSet& other);
  bool has(size_t place) const;
  bool includes(const DotSet& other) const;
  bool is_empty() const;
  std::vector<size_t> places() const;  // Ascending.

 private:
  std::vector<uint64_t> words_;
};

DotSet operator-(DotSet left, const DotSet& right);
// What is in both.
DotSet common(const DotSet& left, const DotSet& right);

}  // namespace distkv::sim
