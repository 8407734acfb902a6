#include "storage/lsm/recovery.h"

#include <utility>

#include "storage/io/whole.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {

using base::Code;
using base::Result;
using base::Status;

namespace {

Status with_advice(const Status& status) {
  return {status.code(),
          status.message() +
              "; acknowledged writes may be missing, so the store is not opened. Restore a "
              "checkpoint, or move the directory away and start empty: the node is filled again "
              "from its replicas"};
}

// What a directory without our CURRENT may still hold, so that nobody's data is taken for none.
Status check_new(io::FileSystem& files, const std::string& directory) {
  const auto names = files.list(directory);
  if (!names.is_ok()) return names.status();
  for (const std::string& name : *names) {
    if (name.rfind("MANIFEST-", 0) == 0) {
      return {Code::kInvalidArgument, directory +
                                          " holds a LevelDB store; start with --engine leveldb, or "
                                          "name another --data-dir"};
    }
    if (parse_table_name(name) || name.rfind("log-", 0) == 0) {
      return with_advice({Code::kCorrupt, directory + " holds " + name + " but no CURRENT"});
    }
  }
  return Status::ok();
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Recovery {
 public:
  Recovery(io::FileSystem& files, const Options& options, std::shared_ptr<ArenaPool> pool,
           base::Log& log)
      : files_(files), options_(options), pool_(std::move(pool)), log_(log) {}

  Result<Recovered> run() {
    for (const auto step :
         {&Recovery::lock, &Recovery::read_manifest, &Recovery::open_tables, &Recovery::replay,
          &Recovery::start_manifest, &Recovery::remove_unknown}) {
      if (Status status = (this->*step)(); !status.is_ok()) return status;
    }
    return std::move(found_);
  }

 private:
  Status lock() {
    const auto exists = files_.exists(options_.directory);
    if (!exists.is_ok()) return exists.status();
    if (!*exists) {
      if (Status made = files_.make_directory(options_.directory); !made.is_ok()) return made;
    }
    // Also if a start before this one made it, and fell before its name was on disk.
    if (Status synced = files_.sync_directory(parent_of(options_.directory)); !synced.is_ok()) {
      return synced;
    }
    auto lock = files_.lock(options_.directory + "/LOCK");
    if (!lock.is_ok()) return lock.status();
    found_.lock = std::move(*lock);
    return Status::ok();
  }

  Status read_manifest() {
    if (is_leveldb()) return check_new(files_, options_.directory);
    auto manifest = Manifest::read(files_, options_.directory);
    if (!manifest.is_ok()) return with_advice(manifest.status());
    if (*manifest) {
      found_.start.store = (*manifest)->store;
      found_.start.state = std::move((*manifest)->state);
      return Status::ok();
    }
    found_.start.store = options_.new_store;
    return check_new(files_, options_.directory);
  }

  // LevelDB keeps a CURRENT too.
  bool is_leveldb() {
    const auto current = read_file(files_, options_.directory + "/CURRENT", 1 << 12);
    return current.is_ok() && current->rfind("MANIFEST-", 0) == 0;
  }

  Status open_tables() {
    for (const auto& runs : found_.start.state.spaces) {
      for (const RunState& run : runs) {
        for (const TableSummary& table : run.tables) open_table(table);
      }
    }
    return Status::ok();
  }

  void open_table(const TableSummary& summary) {
    const std::string path = options_.directory + "/" + table_name(summary.file);
    TableSlot slot{summary, nullptr, {}};
    auto file = files_.open(path, io::Access::kRead);
    auto table = file.is_ok() ? Table::open(std::move(*file), found_.start.store, summary)
                              : Result<std::shared_ptr<const Table>>(file.status());
    if (table.is_ok()) {
      slot.table = std::move(*table);
    } else {
      slot.why = {Code::kCorrupt, table.status().message()};
      log_.error("table_damaged", {{"table", path}, {"why", slot.why.message()}});
    }
    found_.start.slots[summary.file] = std::make_shared<const TableSlot>(std::move(slot));
  }

  Status replay() {
    found_.memtables.push_back(std::make_shared<Memtable>(pool_));
    const StoreState& state = found_.start.state;
    auto tail =
        replay_log(files_, log_options_of(options_, found_.start.store), state.log_floor,
                   state.flushed, [this](const LoggedWrite& write) { return visit(write); });
    if (!tail.is_ok()) return with_advice(tail.status());
    found_.tail = std::move(*tail);
    return Status::ok();
  }

  Status visit(const LoggedWrite& write) {
    // A commit is never split between memtables.
    const bool is_next = write.sequence > found_.memtables.back()->last();
    if (is_next && found_.memtables.back()->bytes() >= options_.memtable_bytes) {
      found_.memtables.back()->freeze();
      found_.memtables.push_back(std::make_shared<Memtable>(pool_));
    }
    found_.memtables.back()->put(write.key, write.is_erased ? nullptr : &write.entry,
                                 write.sequence, Durability::kGroup);
    return Status::ok();
  }

  Status start_manifest() {
    auto manifest = try_manifest();
    if (!manifest.is_ok() && manifest.status().code() == Code::kNoSpace) {
      // Killed on a disk without a byte left: this is what the ballast is for.
      (void)files_.remove(SpaceWatch::ballast_of(options_.directory));
      manifest = try_manifest();
    }
    if (!manifest.is_ok()) return manifest.status();
    found_.start.manifest = std::move(*manifest);
    return Status::ok();
  }

  Result<std::unique_ptr<Manifest>> try_manifest() {
    return Manifest::start(files_, options_.directory, found_.start.store, found_.start.state);
  }

  // Tables of jobs that a crash interrupted.
  Status remove_unknown() {
    const auto names = files_.list(options_.directory);
    if (!names.is_ok()) return names.status();
    for (const std::string& name : *names) {
      const auto file = parse_table_name(name);
      if (!file || found_.start.slots.contains(*file)) continue;
      if (Status removed = files_.remove(options_.directory + "/" + name); !removed.is_ok()) {
        return removed;
      }
    }
    return Status::ok();
  }

  io::FileSystem& files_;
  const Options& options_;
  std::shared_ptr<ArenaPool> pool_;
  base::Log& log_;
  Recovered found_;
};

}  // namespace

LogOptions log_options_of(const Options& options, StoreId store) {
  LogOptions log;
  log.directory = options.directory;
  log.store = store;
  log.segment_bytes = options.segment_bytes;
  log.pack_bytes_min = options.log_pack_bytes_min;
  log.frame_bytes_max = options.segment_bytes / 2;
  return log;
}

uint64_t commit_bytes_max(const Options& options) {
  constexpr uint64_t kFrameOverheadMax = 8192;  // Its header, and padding to a page.
  return options.segment_bytes / 2 - kFrameOverheadMax;
}

Result<Recovered> recover(io::FileSystem& files, const Options& options,
                          const std::shared_ptr<ArenaPool>& pool, base::Log& log) {
  return Recovery(files, options, pool, log).run();
}

}  // namespace distkv::storage::lsm
