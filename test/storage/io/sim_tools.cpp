// What tests do to a simulated disk behind the system's back.
#include <algorithm>

#include "base/check.h"
#include "storage/io/sim_file_system.h"

namespace distkv::storage::io::test {

namespace {
std::string text_of(const SimBytes& bytes) {
  std::string text(bytes.size(), '\0');
  bytes.read(0, text);
  return text;
}

SimBytes bytes_of(std::string_view text) {
  SimBytes bytes;
  bytes.resize(text.size());
  bytes.write(0, text);
  return bytes;
}
}  // namespace

SimInode& SimFileSystem::inode_of(const std::string& path) const {
  const NodeId node = device_->names.find(path);
  DISTKV_CHECK(device_->inodes.count(node) > 0);
  return device_->inodes.at(node);
}

std::string SimFileSystem::contents(const std::string& path) const {
  return text_of(inode_of(path).current());
}

std::string SimFileSystem::durable_contents(const std::string& path) const {
  return text_of(inode_of(path).durable());
}

void SimFileSystem::corrupt(const std::string& path, uint64_t offset, char xor_mask) {
  inode_of(path).flip(offset, xor_mask);
}

void SimFileSystem::truncate(const std::string& path, uint64_t size) {
  SimInode& inode = inode_of(path);
  SimBytes bytes = inode.current();
  bytes.resize(size);
  inode.settle(std::move(bytes));
}

void SimFileSystem::replace(const std::string& path, std::string_view bytes) {
  if (device_->names.find(path) == kNoNode) {
    const auto place = device_->names.place_of(path);
    DISTKV_CHECK(place.has_value());
    const NodeId node = device_->make_node();
    device_->names.add_durably(*place, node);
    ++device_->inodes.at(node).names;
  }
  inode_of(path).settle(bytes_of(bytes));
}

void SimFileSystem::swap_ranges(const std::string& path, const Ranges& ranges) {
  SimInode& inode = inode_of(path);
  std::string text = text_of(inode.current());
  const uint64_t apart =
      std::max(ranges.first, ranges.second) - std::min(ranges.first, ranges.second);
  DISTKV_CHECK(apart >= ranges.bytes || apart == 0);
  DISTKV_CHECK(std::max(ranges.first, ranges.second) + ranges.bytes <= text.size());
  const auto at = [&text](uint64_t offset) {
    return text.begin() + static_cast<ptrdiff_t>(offset);
  };
  if (apart > 0) {
    std::swap_ranges(at(ranges.first), at(ranges.first + ranges.bytes), at(ranges.second));
  }
  inode.settle(bytes_of(text));
}

std::vector<std::string> SimFileSystem::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, node] : device_->names.files()) paths.push_back(path);
  return paths;
}

}  // namespace distkv::storage::io::test
