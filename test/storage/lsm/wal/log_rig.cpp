#include "storage/lsm/wal/log_rig.h"

#include "base/check.h"
#include "storage/lsm/wal/replay.h"

namespace distkv::storage::lsm::test {
namespace {

std::string text_of(const KeyRef& key, bool is_erased, const EntryView& entry) {
  std::string text = std::to_string(static_cast<int>(key.space)) + "/" +
                     std::to_string(key.token.value()) + "/" + std::string(key.key);
  if (is_erased) return text + " erased;";
  return text + "=" + std::string(entry.meta) + "," + std::string(entry.value) + ";";
}

}  // namespace

void SteppedExecutor::step() {
  Item item = std::move(items_.front());
  items_.pop_front();
  item.work();
  item.done();
}

void SteppedExecutor::settle() {
  while (!items_.empty()) step();
}

LogOptions small_options(const std::string& directory) {
  return {.directory = directory,
          .store = StoreId{base::Id128{0x1122334455667788, 0x99aabbccddeeff00}},
          .segment_bytes = kSmallSegmentBytes,
          .frame_bytes_max = 16 * 1024};
}

Commit::Commit(uint64_t commit_number, size_t value_bytes)
    : key("key" + std::to_string(commit_number)),
      value(value_bytes, static_cast<char>('a' + commit_number % 26)),
      entry({.meta = "meta", .value = value}),
      number(commit_number) {}

std::vector<LogWrite> Commit::writes() const {
  const KeyRef put = {Space::kData, base::Token{number * 0x9e3779b97f4a7c15}, key};
  std::vector<LogWrite> writes = {{put, &entry}};
  if (number % 3 == 0) writes.push_back({{Space::kHints, base::Token{number}, key}, nullptr});
  return writes;
}

std::string text_of_commit(uint64_t number, size_t value_bytes) {
  const Commit commit(number, value_bytes);
  std::string text;
  for (const LogWrite& write : commit.writes()) {
    text += text_of(write.key, write.entry == nullptr, write.entry ? *write.entry : EntryView{});
  }
  return text;
}

LogRig::LogRig(io::FileSystem& files, const LogOptions& options, const LogTail& tail)
    : appended(tail.last), told_synced(tail.last), told_written(tail.last) {
  auto log = Log::open(files, options, tail, log_thread, background,
                       [this](Sequence through, bool is_synced, const base::Status& status) {
                         written(through, is_synced, status);
                       });
  opened_ = log.status();
  if (log.is_ok()) log_ = std::move(*log);
}

void LogRig::written(Sequence through, bool is_synced, const base::Status& status) {
  ++tellings;
  if (!status.is_ok()) {
    failure = status;
  } else {
    DISTKV_CHECK(through >= told_written);
    told_written = through;
    if (is_synced) told_synced = through;
  }
  if (on_written) on_written();
}

void LogRig::append(size_t value_bytes) {
  appended = Sequence{appended.value() + 1};
  const Commit commit(appended.value(), value_bytes);
  log_->append(appended, commit.writes());
}

void LogRig::commit(size_t value_bytes) {
  append(value_bytes);
  log_->write_out(true);
}

void LogRig::settle() {
  while (log_thread.size() + background.size() > 0) {
    log_thread.settle();
    background.settle();
  }
}

base::Status LogRig::close() {
  base::Status answer(base::Code::kTimedOut, "close() was not answered");
  log_->close([&](const base::Status& status) { answer = status; });
  settle();
  return answer;
}

Replayed replay(io::FileSystem& files, const LogOptions& options, uint64_t floor,
                uint64_t flushed) {
  Replayed replayed;
  auto tail = replay_log(
      files, options, SegmentNumber{floor}, Sequence{flushed}, [&](const LoggedWrite& write) {
        auto& sequences = replayed.sequences;
        if (sequences.empty() || sequences.back() != write.sequence) {
          sequences.push_back(write.sequence);
          replayed.commits.emplace_back();
        }
        replayed.commits.back() += text_of(write.key, write.is_erased, write.entry);
        return base::Status::ok();
      });
  replayed.status = tail.status();
  if (tail.is_ok()) replayed.tail = *tail;
  return replayed;
}

}  // namespace distkv::storage::lsm::test
