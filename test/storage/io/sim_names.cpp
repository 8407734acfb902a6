#include "storage/io/sim_names.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace distkv::storage::io::test {

namespace {
std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    std::string part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}
}  // namespace

std::string normal_path(const std::string& path) {
  std::string normal;
  for (const std::string& part : parts_of(path)) normal += "/" + part;
  return normal.empty() ? "/" : normal;
}

bool SimNames::Change::touches(NodeId directory) const {
  return removed.directory == directory || added.directory == directory;
}

SimNames::SimNames() { directories_[kRootNode]; }

std::optional<SimPlace> SimNames::place_of(const std::string& path) const {
  std::vector<std::string> parts = parts_of(path);
  if (parts.empty()) return std::nullopt;
  SimPlace place{.directory = kRootNode, .name = std::move(parts.back())};
  parts.pop_back();
  for (const std::string& part : parts) {
    place.directory = at({.directory = place.directory, .name = part});
    if (!is_directory(place.directory)) return std::nullopt;
  }
  return place;
}

NodeId SimNames::find(const std::string& path) const {
  if (parts_of(path).empty()) return kRootNode;
  const auto place = place_of(path);
  return place.has_value() ? at(*place) : kNoNode;
}

NodeId SimNames::at(const SimPlace& place) const {
  const Entries& entries = directories_.at(place.directory).current;
  const auto entry = entries.find(place.name);
  return entry == entries.end() ? kNoNode : entry->second;
}

std::vector<std::string> SimNames::list(NodeId directory) const {
  std::vector<std::string> names;
  for (const auto& entry : directories_.at(directory).current) names.push_back(entry.first);
  return names;
}

std::map<std::string, NodeId> SimNames::files() const {
  std::map<std::string, NodeId> files;
  collect_files(kRootNode, "", files);
  return files;
}

void SimNames::collect_files(NodeId directory, const std::string& prefix,
                             std::map<std::string, NodeId>& files) const {
  for (const auto& [name, node] : directories_.at(directory).current) {
    const std::string path = prefix + "/" + name;
    if (is_directory(node)) {
      collect_files(node, path, files);
    } else {
      files[path] = node;
    }
  }
}

bool SimNames::is_reachable(NodeId node) const {
  const auto leads_to = [node](const auto& entry) { return entry.second == node; };
  for (const auto& [id, directory] : directories_) {
    const Entries& current = directory.current;
    const Entries& durable = directory.durable;
    if (std::any_of(current.begin(), current.end(), leads_to)) return true;
    if (std::any_of(durable.begin(), durable.end(), leads_to)) return true;
  }
  return std::any_of(pending_.begin(), pending_.end(),
                     [node](const Change& change) { return change.node == node; });
}

void SimNames::add(const SimPlace& place, NodeId node) {
  directories_.at(place.directory).current[place.name] = node;
  pending_.push_back({.added = place, .node = node});
}

void SimNames::add_directory(const SimPlace& place, NodeId node) {
  directories_[node];
  add(place, node);
}

void SimNames::remove(const SimPlace& place) {
  pending_.push_back({.removed = place, .node = at(place)});
  directories_.at(place.directory).current.erase(place.name);
}

void SimNames::rename(const SimPlace& from, const SimPlace& to) {
  const NodeId node = at(from);
  directories_.at(from.directory).current.erase(from.name);
  directories_.at(to.directory).current[to.name] = node;
  pending_.push_back({.removed = from, .added = to, .node = node});
}

void SimNames::add_durably(const SimPlace& place, NodeId node) {
  Directory& directory = directories_.at(place.directory);
  directory.current[place.name] = node;
  directory.durable[place.name] = node;
}

void SimNames::apply(const Change& change) {
  if (change.removed.directory != kNoNode) {
    directories_.at(change.removed.directory).durable.erase(change.removed.name);
  }
  if (change.added.directory != kNoNode) {
    directories_.at(change.added.directory).durable[change.added.name] = change.node;
  }
}

std::vector<SimNames::Change> SimNames::take_changes(NodeId directory) {
  std::set<SimPlace> touched;
  std::vector<Change> taken;
  std::vector<Change> left;
  // Backwards, so that what a change builds on is taken with it.
  for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
    const bool is_taken = change->touches(directory) || touched.count(change->removed) > 0 ||
                          touched.count(change->added) > 0;
    if (is_taken) {
      for (const SimPlace& place : {change->removed, change->added}) {
        if (place.directory != kNoNode) touched.insert(place);
      }
    }
    (is_taken ? taken : left).push_back(std::move(*change));
  }
  std::reverse(taken.begin(), taken.end());
  std::reverse(left.begin(), left.end());
  pending_ = std::move(left);
  return taken;
}

std::vector<NodeId> SimNames::sync(NodeId directory) {
  std::vector<NodeId> losers;
  for (const Change& change : take_changes(directory)) {
    // What a rename or a removal takes a name from; a name taken over is one of them too.
    for (const SimPlace& place : {change.removed, change.added}) {
      if (place.directory == kNoNode) continue;
      const Entries& durable = directories_.at(place.directory).durable;
      const auto entry = durable.find(place.name);
      if (entry != durable.end()) losers.push_back(entry->second);
    }
    losers.push_back(change.node);
    apply(change);
  }
  DISTKV_CHECK(directories_.at(directory).durable == directories_.at(directory).current);
  return losers;
}

bool SimNames::is_possible(const Change& change) const {
  if (change.removed.directory == kNoNode) return true;
  const Entries& durable = directories_.at(change.removed.directory).durable;
  const auto entry = durable.find(change.removed.name);
  return entry != durable.end() && entry->second == change.node;
}

void SimNames::crash(base::Rng& rng) {
  // As with sectors: all and nothing are tried more often than chance would.
  const uint64_t mood = rng.below(4);
  for (const Change& change : pending_) {
    const bool is_kept = mood == 0 ? false : mood == 1 ? true : rng.below(2) == 0;
    if (is_kept && is_possible(change)) apply(change);
  }
  pending_.clear();
  for (auto& [node, directory] : directories_) directory.current = directory.durable;
}

}  // namespace distkv::storage::io::test
