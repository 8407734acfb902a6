// Measures the log on this machine's disk: appending in memory, writing out, replaying.
//   wal_speed DIRECTORY     an existing, empty directory; is left with the log's segments
// 116-byte writes (16-byte keys, 100-byte values), 500,000 of them, best of five rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "storage/io/posix_file_system.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint64_t kCommits = 500'000;
constexpr uint64_t kCommitsPerFrame = 2'000;
constexpr int kRounds = 5;

class InlineExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
  }
};

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

struct Figures {
  double append_ns = 1e18;
  double write_out_ns = 1e18;
  double replay_ms = 1e18;
  double bytes = 0;
};

LogTail measure_replay(io::FileSystem& files, const LogOptions& options, SegmentNumber floor,
                       Sequence flushed, Figures& figures) {
  const auto start = Clock::now();
  uint64_t bytes = 0;
  auto tail = replay_log(files, options, floor, flushed, [&](const LoggedWrite& write) {
    bytes += write.key.key.size() + write.entry.value.size();
    return base::Status::ok();
  });
  DISTKV_CHECK(tail.is_ok());
  figures.replay_ms = std::min(figures.replay_ms, nanoseconds_since(start) / 1e6);
  figures.bytes = static_cast<double>(bytes);
  return *tail;
}

void measure_writing(io::FileSystem& files, const LogOptions& options, const LogTail& tail,
                     Figures& figures) {
  InlineExecutor inline_executor;
  auto log = Log::open(files, options, tail, inline_executor, inline_executor,
                       [](Sequence, bool, const base::Status&) {});
  DISTKV_CHECK(log.is_ok());
  std::string key(16, 'k');
  const std::string value(100, 'v');
  const EntryView entry = {.meta = {}, .value = value};
  double appending = 0;
  double writing = 0;
  for (uint64_t frame = 0; frame < kCommits / kCommitsPerFrame; ++frame) {
    const auto start = Clock::now();
    for (uint64_t index = 0; index < kCommitsPerFrame; ++index) {
      const uint64_t number = frame * kCommitsPerFrame + index + 1;
      const LogWrite write = {{Space::kData, base::Token{number}, key}, &entry};
      (*log)->append(Sequence{tail.last.value() + number}, {&write, 1});
    }
    const auto middle = Clock::now();
    appending += std::chrono::duration<double, std::nano>(middle - start).count();
    (*log)->write_out(false);
    writing += nanoseconds_since(middle);
  }
  (*log)->write_out(true);
  figures.append_ns = std::min(figures.append_ns, appending / kCommits);
  figures.write_out_ns = std::min(figures.write_out_ns, writing / kCommits);
}

int run(const std::string& directory) {
  io::PosixFileSystem files;
  const LogOptions options = {.directory = directory, .store = StoreId{base::Id128{1, 2}}};
  Figures figures;
  LogTail tail;
  for (int round = 0; round < kRounds; ++round) {
    // The round before is no longer needed: its segments are recycled.
    for (LogTail::Segment& segment : tail.segments) segment.number = SegmentNumber{};
    const SegmentNumber floor = tail.next_segment;
    measure_writing(files, options, tail, figures);
    tail = measure_replay(files, options, floor, tail.last, figures);
  }
  std::printf("append          %6.1f ns a write\n", figures.append_ns);
  std::printf("write out       %6.1f ns a write (seal, checksum, write; no sync)\n",
              figures.write_out_ns);
  std::printf("replay          %6.1f ms for %.1f MB of keys and values\n", figures.replay_ms,
              figures.bytes / 1e6);
  return 0;
}

}  // namespace
}  // namespace distkv::storage::lsm

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: wal_speed DIRECTORY\n");
    return 2;
  }
  return distkv::storage::lsm::run(argv[1]);
}
