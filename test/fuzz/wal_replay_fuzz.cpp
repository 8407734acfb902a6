// Any bytes as the files of a log. The first byte says how many slots they are cut into and whether
// checksums are made right first. What replays must replay the same again, in order, and a log
// written anew from it must replay to the same writes.
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {
namespace {

constexpr size_t kBytesMax = 64 * 1024;
constexpr size_t kChecksumBytes = 8;
constexpr uint8_t kSlotsMask = 3;
constexpr uint8_t kRepairFlag = 4;

// Writes by sequence, as text; commits without writes are not seen.
using Writes = std::map<Sequence, std::vector<std::string>>;

class InlineExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
  }
};

LogOptions options_of(const std::string& directory) {
  // The bound by bytes_of of 64 KiB of the smallest writes.
  return {.directory = directory,
          .store = StoreId{base::Id128{1, 2}},
          .segment_bytes = 640 * 1024,
          .frame_bytes_max = 512 * 1024};
}

void repair(std::string& slot, StoreId store) {
  std::string fields = slot.substr(kChecksumBytes, kSegmentHeaderBytes - kChecksumBytes);
  std::string checksum;
  base::Writer(checksum).u64(base::hash64(fields));
  slot.replace(0, kChecksumBytes, checksum);
  for (size_t page = kLogPageBytes; page < slot.size(); page += kLogPageBytes) {
    const auto header = peek_frame(std::string_view(slot).substr(page));
    if (!header) continue;
    const uint64_t bytes = kFrameHeaderBytes + header->payload_bytes;
    if (bytes > slot.size() - page) continue;
    std::string frame = slot.substr(page, bytes);
    seal_frame(*header, store, page, frame);
    slot.replace(page, kFrameHeaderBytes, frame, 0, kFrameHeaderBytes);
  }
}

void make_slots(io::test::SimFileSystem& disk, const LogOptions& options, std::string_view bytes) {
  const uint8_t flags = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  const size_t slots = 1 + (flags & kSlotsMask);
  const size_t slot_bytes = whole_pages(bytes.size() / slots + 1);
  for (size_t slot = 0; slot < slots; ++slot) {
    const size_t begin = std::min(slot * slot_bytes, bytes.size());
    std::string contents(bytes.substr(begin, slot_bytes));
    contents.resize(slot_bytes);
    if ((flags & kRepairFlag) != 0) repair(contents, options.store);
    disk.replace(options.directory + "/log-0" + std::to_string(slot), contents);
  }
}

base::Result<LogTail> read(io::FileSystem& disk, const LogOptions& options, Writes& writes) {
  Sequence last;
  return replay_log(disk, options, SegmentNumber{1}, Sequence{}, [&](const LoggedWrite& write) {
    DISTKV_CHECK(write.sequence >= last && write.sequence > Sequence{});
    last = write.sequence;
    std::string payload;
    const LogWrite logged = {write.key, write.is_erased ? nullptr : &write.entry};
    encode_commit({&logged, 1}, payload);
    writes[last].push_back(payload);
    return base::Status::ok();
  });
}

void append(Log& log, Sequence sequence, const std::vector<std::string>& payloads) {
  std::vector<LoggedWrite> logged;
  for (const std::string& payload : payloads) {
    const auto keep = [&](const LoggedWrite& write) {
      logged.push_back(write);
      return base::Status::ok();
    };
    DISTKV_CHECK(decode_commits(payload, sequence, 1, Sequence{}, keep).is_ok());
  }
  std::vector<LogWrite> writes;
  for (const LoggedWrite& write : logged) {
    writes.push_back({write.key, write.is_erased ? nullptr : &write.entry});
  }
  log.append(sequence, writes);
}

void check_written_anew(io::test::SimFileSystem& disk, const Writes& writes, Sequence last) {
  const LogOptions options = options_of("/anew");
  DISTKV_CHECK(disk.make_directory(options.directory).is_ok());
  InlineExecutor executor;
  auto log =
      Log::open(disk, options, {}, executor, executor,
                [](Sequence, bool, const base::Status& status) { DISTKV_CHECK(status.is_ok()); });
  DISTKV_CHECK(log.is_ok());
  for (uint64_t number = 1; number <= last.value(); ++number) {
    const auto found = writes.find(Sequence{number});
    append(**log, Sequence{number},
           found == writes.end() ? std::vector<std::string>{} : found->second);
  }
  (*log)->close([](const base::Status& status) { DISTKV_CHECK(status.is_ok()); });
  Writes again;
  const auto tail = read(disk, options, again);
  DISTKV_CHECK(tail.is_ok() && tail->last == last && again == writes);
  DISTKV_CHECK(tail->was_closed == (last > Sequence{}));
}

}  // namespace

void fuzz_wal_replay(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kBytesMax) return;
  io::test::SimFileSystem disk(1);
  const LogOptions options = options_of("/store");
  DISTKV_CHECK(disk.make_directory(options.directory).is_ok());
  make_slots(disk, options, bytes);
  Writes first;
  Writes second;
  const auto tail = read(disk, options, first);
  const auto again = read(disk, options, second);
  DISTKV_CHECK(tail.code() == again.code() && first == second);
  if (tail.is_ok()) check_written_anew(disk, first, tail->last);
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::storage::lsm::fuzz_wal_replay({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
