#include "storage/leveldb/group_writer.h"

#include <utility>

namespace distkv::storage::leveldb {
namespace {

// What queue, overlay and batch spend on a write besides its bytes.
constexpr uint64_t kChangeOverheadBytes = 128;

uint64_t bytes_of(const WriteItem& item) {
  uint64_t bytes = 0;
  for (const Change& change : item.changes) {
    bytes += kChangeOverheadBytes + change.key.size();
    if (change.entry) bytes += change.entry->meta.size() + change.entry->value.size();
  }
  return bytes;
}

}  // namespace

void GroupWriter::push(WriteItem item) {
  if (has_failed_) return;
  bytes_pending_ += bytes_of(item);
  queue_.push_back(std::move(item));
  if (!is_busy_) start();
}

std::shared_ptr<GroupWriter::Group> GroupWriter::next_group() {
  auto group = std::make_shared<Group>();
  bool is_first = true;
  while (!queue_.empty()) {
    WriteItem& item = queue_.front();
    // A drop reads what stands before it, so it starts a group; what follows must not mix with it.
    if (item.drop && !is_first) break;
    is_first = false;
    group->bytes += bytes_of(item);
    group->last = item.sequence;
    for (Change& change : item.changes) group->changes.push_back(std::move(change));
    group->drop = item.drop;
    group->pin = std::move(item.pin);
    queue_.pop_front();
    // A snapshot shows what stands before it and nothing that follows.
    if (group->drop || group->pin) break;
  }
  return group;
}

void GroupWriter::start() {
  is_busy_ = true;
  auto group = next_group();
  writer_.run([group, &database = database_] { commit(database, *group); },
              [group, this] { finish(*group); });
}

void GroupWriter::commit(Database& database, Group& group) {
  if (!group.changes.empty()) group.status = database.commit(group.changes);
  if (group.status.is_ok() && group.drop) group.status = database.erase_range(*group.drop);
  if (group.status.is_ok() && group.pin) group.pin->pin = database.pin();
}

void GroupWriter::finish(const Group& group) {
  is_busy_ = false;
  bytes_pending_ -= group.bytes;
  if (!group.status.is_ok()) {
    has_failed_ = true;
    queue_.clear();
    bytes_pending_ = 0;
    return committed_(group.last, group.status);
  }
  if (!group.changes.empty() || group.drop) ++groups_;
  // The disk works on the next group while this one is answered.
  if (!queue_.empty()) start();
  committed_(group.last, base::Status::ok());
}

}  // namespace distkv::storage::leveldb
