// What a session has seen: for each key a context, the union of those of all its answers. Bounded:
// the key used longest ago is forgotten first, and that it was is remembered. Bytes in FORMAT.md.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "causality/context.h"

namespace distkv::client {

inline constexpr size_t kSeenKeysMax = 10'000;
inline constexpr size_t kSeenBytesMax = 4 << 20;  // Of keys and tokens: a file to write each time.

class SeenKeys {
 public:
  // The token of what was seen of the key; null: nothing is known. Lives until the next change.
  const std::string* find(std::string_view key) const;
  // Adds to what was seen of the key, which becomes the one used last.
  void learn(std::string_view key, const causality::Context& context);
  // Adds all of `other`.
  void merge(const SeenKeys& other);

  size_t size() const { return by_key_.size(); }
  uint64_t forgotten() const { return forgotten_; }

  std::string encode() const;
  // kInvalidArgument saying what is wrong, for what encode cannot have made.
  static base::Result<SeenKeys> decode(std::string_view bytes);

  SeenKeys() = default;
  SeenKeys(SeenKeys&&) = default;
  SeenKeys& operator=(SeenKeys&&) = default;

 private:
  struct Entry {
    std::string key;
    causality::Context context;
    std::string token;  // Of the context.
    size_t bytes() const { return key.size() + token.size(); }
  };
  using Entries = std::list<Entry>;

  void forget(Entries::iterator entry);

  Entries entries_;                                       // The one used last at the end.
  std::map<std::string_view, Entries::iterator> by_key_;  // Views the entries' keys.
  size_t bytes_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace distkv::client
