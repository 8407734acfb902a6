// A client that writes down all it asks and is told, as src/history judges it. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bin/check/options.h"
#include "distkv/client.h"
#include "history/history.h"

namespace distkv::bin::check {

// The time of the machine's monotonic clock, as it stands in a history.
base::MonotonicTime now();

// A context, and the operation that was answered it: its place in this recorder's history.
struct Known {
  std::string token;
  size_t place = 0;
};

class Recorder {
 public:
  Recorder(uint32_t number, Consistency consistency) : number_(number), consistency_(consistency) {}

  // Each returns what the answer taught; nullopt if there was none to build on.
  std::optional<Known> put(Client& client, const std::string& key, const std::string& value,
                           const std::optional<Known>& known);
  std::optional<Known> remove(Client& client, const std::string& key,
                              const std::optional<Known>& known);
  // All siblings; history().back() has them.
  std::optional<Known> get(Client& client, const std::string& key);
  // Reads of many keys at once, as the last of all; one for each, in order.
  std::vector<std::optional<Known>> get_last(Client& client, const std::vector<std::string>& keys,
                                             Consistency consistency);

  const history::History& history() const { return history_; }
  history::History take() { return std::move(history_); }
  // Answers whose context cannot be read: a fault of the server.
  uint64_t unreadable() const { return unreadable_; }

 private:
  history::Operation begin(history::Kind kind, const std::string& key) const;
  std::optional<Known> end_write(history::Operation operation, const PutOutcome& outcome);
  std::optional<Known> end_read(history::Operation operation, const GetOutcome& outcome);
  std::optional<Known> learn(history::Operation operation, const std::string& token);

  uint32_t number_;
  Consistency consistency_;
  history::History history_;  // Its contexts refer to places in itself.
  uint64_t unreadable_ = 0;
};

// The histories of several recorders as one, in order of invocation.
history::History merged(std::vector<history::History> histories);

}  // namespace distkv::bin::check
