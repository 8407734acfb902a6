#include "storage/io/sim_file_system.h"

#include "storage/io/sim_file.h"

namespace distkv::storage::io::test {

using base::Result;
using base::Status;

namespace {
constexpr const char* kMissing = "No such file or directory";
constexpr const char* kExists = "File exists";
constexpr const char* kNotDirectory = "Not a directory";
constexpr const char* kIsDirectory = "Is a directory";
}  // namespace

SimFileSystem::SimFileSystem(uint64_t seed) : device_(std::make_shared<SimDevice>(seed)) {}

Result<NodeId> SimFileSystem::find_file(const std::string& path, const char* call) const {
  const NodeId node = device_->names.find(path);
  if (node == kNoNode) return failure(path, call, kMissing);
  if (device_->names.is_directory(node)) return failure(path, call, kIsDirectory);
  return node;
}

Result<NodeId> SimFileSystem::create(const std::string& path) {
  const auto start = device_->start(Operation::kCreate, path);
  if (!start.status.is_ok()) return start.status;
  const auto place = device_->names.place_of(path);
  if (!place.has_value()) return failure(path, "open", kMissing);
  if (device_->names.at(*place) != kNoNode) return failure(path, "open", kExists);
  const NodeId node = device_->make_node();
  device_->names.add(*place, node);
  ++device_->inodes.at(node).names;
  return node;
}

Result<std::unique_ptr<File>> SimFileSystem::open(const std::string& path, Access access) {
  Status status = device_->check_up(path);
  if (!status.is_ok()) return status;
  auto node = access == Access::kCreate ? create(path) : find_file(path, "open");
  if (!node.is_ok()) return node.status();
  return std::unique_ptr<File>(std::make_unique<SimFile>(device_, path, *node, access));
}

Result<bool> SimFileSystem::exists(const std::string& path) {
  Status status = device_->check_up(path);
  if (!status.is_ok()) return status;
  return device_->names.find(path) != kNoNode;
}

Result<std::vector<std::string>> SimFileSystem::list(const std::string& directory) {
  Status status = device_->check_up(directory);
  if (!status.is_ok()) return status;
  const NodeId node = device_->names.find(directory);
  if (node == kNoNode) return failure(directory, "list", kMissing);
  if (!device_->names.is_directory(node)) return failure(directory, "list", kNotDirectory);
  return device_->names.list(node);
}

Status SimFileSystem::make_directory(const std::string& path) {
  const auto start = device_->start(Operation::kMakeDirectory, path);
  if (!start.status.is_ok()) return start.status;
  const NodeId there = device_->names.find(path);
  if (device_->names.is_directory(there)) return Status::ok();
  if (there != kNoNode) return failure(path, "mkdir", kExists);
  const auto place = device_->names.place_of(path);
  if (!place.has_value()) return failure(path, "mkdir", kMissing);
  device_->names.add_directory(*place, device_->make_directory_node());
  return Status::ok();
}

Status SimFileSystem::rename(const std::string& from, const std::string& to) {
  const auto start = device_->start(Operation::kRename, from + " to " + to);
  if (!start.status.is_ok()) return start.status;
  SimNames& names = device_->names;
  const auto source = names.place_of(from);
  const auto target = names.place_of(to);
  const NodeId node = names.find(from);
  if (!source.has_value() || !target.has_value() || node == kNoNode) {
    return failure(from + " to " + to, "rename", kMissing);
  }
  const NodeId replaced = names.at(*target);
  if (replaced == node) return Status::ok();
  const bool is_kind_mixed = names.is_directory(node) && replaced != kNoNode;
  if (is_kind_mixed || names.is_directory(replaced)) return failure(to, "rename", kExists);
  names.rename(*source, *target);
  if (replaced != kNoNode) drop_name(replaced);
  return Status::ok();
}

Status SimFileSystem::link(const std::string& from, const std::string& to) {
  const auto start = device_->start(Operation::kLink, from + " to " + to);
  if (!start.status.is_ok()) return start.status;
  auto node = find_file(from, "link");
  if (!node.is_ok()) return node.status();
  const auto target = device_->names.place_of(to);
  if (!target.has_value()) return failure(to, "link", kMissing);
  if (device_->names.at(*target) != kNoNode) {
    return {base::Code::kInvalidArgument, to + ": link: it exists already"};
  }
  device_->names.add(*target, *node);
  ++device_->inodes.at(*node).names;
  return Status::ok();
}

Status SimFileSystem::remove(const std::string& path) {
  const auto start = device_->start(Operation::kRemove, path);
  if (!start.status.is_ok()) return start.status;
  auto node = find_file(path, "unlink");
  if (!node.is_ok()) return node.status();
  device_->names.remove(*device_->names.place_of(path));
  drop_name(*node);
  return Status::ok();
}

void SimFileSystem::drop_name(NodeId node) {
  --device_->inodes.at(node).names;
  device_->collect(node);
}

Status SimFileSystem::sync_directory(const std::string& directory) {
  const auto start = device_->start(Operation::kSyncDirectory, directory);
  if (!start.status.is_ok() || start.effect == Effect::kLie) return start.status;
  const NodeId node = device_->names.find(directory);
  if (node == kNoNode) return failure(directory, "fsync", kMissing);
  if (!device_->names.is_directory(node)) return failure(directory, "fsync", kNotDirectory);
  for (const NodeId loser : device_->names.sync(node)) device_->collect(loser);
  return Status::ok();
}

Result<uint64_t> SimFileSystem::free_bytes(const std::string& directory) {
  Status status = device_->check_up(directory);
  if (!status.is_ok()) return status;
  if (device_->names.find(directory) == kNoNode) return failure(directory, "statvfs", kMissing);
  return device_->free_bytes();
}

Result<std::unique_ptr<Lock>> SimFileSystem::lock(const std::string& path) {
  Status status = device_->check_up(path);
  if (!status.is_ok()) return status;
  const bool is_there = device_->names.find(path) != kNoNode;
  auto node = is_there ? find_file(path, "open") : create(path);
  if (!node.is_ok()) return node.status();
  if (device_->locked.count(*node) > 0) {
    return Status(base::Code::kUnavailable, path + ": already in use by another process");
  }
  return std::unique_ptr<Lock>(std::make_unique<SimLock>(device_, *node));
}

std::unique_ptr<SimFileSystem> SimFileSystem::copy() const {
  auto twin = std::make_unique<SimFileSystem>(0);
  *twin->device_ = *device_;
  twin->device_->detach();
  return twin;
}

}  // namespace distkv::storage::io::test
