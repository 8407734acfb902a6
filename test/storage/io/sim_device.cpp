#include "storage/io/sim_device.h"

#include <algorithm>

namespace distkv::storage::io::test {

base::Status failure(const std::string& path, const char* call, const char* reason) {
  return {base::Code::kIo, path + ": " + call + ": " + reason};
}

base::Status no_space(const std::string& path, const char* call) {
  return {base::Code::kNoSpace, path + ": " + call + ": No space left on device"};
}

base::Status SimDevice::check_up(const std::string& path) const {
  if (!is_down) return base::Status::ok();
  return {base::Code::kIo, path + ": the machine is down"};
}

SimDevice::Start SimDevice::start(Operation operation, const std::string& path) {
  Start start{.status = check_up(path)};
  if (is_down) return start;
  ++(operation == Operation::kRead ? reads : operations);
  if (operations >= stop_at) {
    is_down = true;
    start.status = check_up(path);
    start.is_last = true;
    return start;
  }
  start.effect = faults.strike(operation, path);
  if (start.effect == Effect::kIo) start.status = failure(path, "device", "Input/output error");
  if (start.effect == Effect::kNoSpace) start.status = no_space(path, "device");
  return start;
}

uint64_t SimDevice::used_bytes() const {
  uint64_t used = 0;
  for (const auto& [node, inode] : inodes) {
    if (inode.names > 0 || inode.opens > 0) used += inode.allocated_bytes();
  }
  return used;
}

uint64_t SimDevice::free_bytes() const { return capacity - std::min(capacity, used_bytes()); }

uint64_t SimDevice::growth_limit(const SimInode& inode, uint64_t wanted) const {
  if (SimInode::allocated_for(wanted) <= inode.allocated_bytes()) return wanted;
  const uint64_t free_chunks = free_bytes() / kChunkBytes;
  return std::min(wanted, inode.allocated_bytes() + free_chunks * kChunkBytes);
}

NodeId SimDevice::make_node() {
  inodes[next_node_];
  return next_node_++;
}

void SimDevice::collect(NodeId node) {
  const auto inode = inodes.find(node);
  if (inode == inodes.end() || inode->second.names > 0 || inode->second.opens > 0) return;
  if (!names.is_reachable(node)) inodes.erase(inode);
}

void SimDevice::count_names() {
  for (auto& [node, inode] : inodes) inode.names = 0;
  for (const auto& [path, node] : names.files()) ++inodes.at(node).names;
}

void SimDevice::crash(base::Rng& chance) {
  for (auto& [node, inode] : inodes) inode.crash(chance, odds);
  names.crash(chance);
  count_names();
  std::erase_if(inodes, [](const auto& entry) { return entry.second.names == 0; });
  locked.clear();
  ++life;
  stop_at = kNever;
  is_down = false;
}

void SimDevice::detach() {
  for (auto& [node, inode] : inodes) inode.opens = 0;
  locked.clear();
  faults.clear();
  stop_at = kNever;
  is_down = false;
}

}  // namespace distkv::storage::io::test
