// The names of a simulated disk: directories that map names to nodes, once as programs see them
// (current) and once as the disk surely holds them (durable). A change of names is pending until
// its directory is synced; then it and all earlier changes of the names it touches are durable. A
// crash keeps or loses each pending change by itself: a later one may survive an earlier one, but a
// rename is never halved, and one whose source is not there is lost.
//
// Paths are taken apart at '/'; "a/b", "/a/b" and "/a//b/" are one, and the root always exists.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"

namespace distkv::storage::io::test {

using NodeId = uint64_t;
inline constexpr NodeId kNoNode = 0;
inline constexpr NodeId kRootNode = 1;

// Where a name stands: its directory and itself.
struct SimPlace {
  NodeId directory = kNoNode;
  std::string name;
  friend auto operator<=>(const SimPlace&, const SimPlace&) = default;
};

class SimNames {
 public:
  SimNames();

  // Of the current names. kNoNode if there is none.
  NodeId find(const std::string& path) const;
  // Nothing if the path's directory is not there, or the path is the root.
  std::optional<SimPlace> place_of(const std::string& path) const;
  NodeId at(const SimPlace& place) const;
  bool is_directory(NodeId node) const { return directories_.count(node) > 0; }
  // Sorted; `directory` must be one.
  std::vector<std::string> list(NodeId directory) const;
  // Full paths, sorted, with their nodes; directories are left out.
  std::map<std::string, NodeId> files() const;
  // True if some current, durable or pending name leads to it.
  bool is_reachable(NodeId node) const;

  // The callers have checked that the change is possible.
  void add(const SimPlace& place, NodeId node);
  void add_directory(const SimPlace& place, NodeId node);
  void remove(const SimPlace& place);
  void rename(const SimPlace& from, const SimPlace& to);
  // At once durable and nothing pending: for the tools of tests.
  void add_durably(const SimPlace& place, NodeId node);

  // The nodes that lost a durable name.
  std::vector<NodeId> sync(NodeId directory);
  void crash(base::Rng& rng);

 private:
  using Entries = std::map<std::string, NodeId>;
  struct Directory {
    Entries current;
    Entries durable;
  };
  // One atomic change: a name goes, a name comes, or both.
  struct Change {
    SimPlace removed;  // directory == kNoNode: none.
    SimPlace added;    // Likewise.
    NodeId node = kNoNode;
    bool touches(NodeId directory) const;
  };

  void apply(const Change& change);
  // The changes that a sync of the directory must make durable, in order; they leave pending_.
  std::vector<Change> take_changes(NodeId directory);
  bool is_possible(const Change& change) const;
  void collect_files(NodeId directory, const std::string& prefix,
                     std::map<std::string, NodeId>& files) const;

  std::map<NodeId, Directory> directories_;
  std::vector<Change> pending_;
};

// "/a/b" for "a//b/"; "/" for the root.
std::string normal_path(const std::string& path);

}  // namespace distkv::storage::io::test
