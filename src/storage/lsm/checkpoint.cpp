#include "storage/lsm/checkpoint.h"

#include <algorithm>

#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {

using base::Code;
using base::Status;

namespace {

// What an interrupted copy left is removed; anything else is somebody's.
Status make_empty(io::FileSystem& files, const std::string& directory) {
  if (Status made = files.make_directory(directory); !made.is_ok()) return made;
  const auto names = files.list(directory);
  if (!names.is_ok()) return names.status();
  for (const std::string& name : *names) {
    const bool is_ours = parse_table_name(name) || parse_manifest_name(name);
    if (!is_ours || std::find(names->begin(), names->end(), "CURRENT") != names->end()) {
      return {Code::kInvalidArgument,
              directory + " exists and is not empty; name a directory that does not exist"};
    }
  }
  for (const std::string& name : *names) {
    if (Status removed = files.remove(directory + "/" + name); !removed.is_ok()) return removed;
  }
  return Status::ok();
}

}  // namespace

Status link_checkpoint(io::FileSystem& files, const std::string& from, const std::string& to,
                       StoreId store, const StoreState& state) {
  if (Status made = make_empty(files, to); !made.is_ok()) return made;
  for (const auto& runs : state.spaces) {
    for (const RunState& run : runs) {
      for (const TableSummary& table : run.tables) {
        const std::string name = "/" + table_name(table.file);
        if (Status linked = files.link(from + name, to + name); !linked.is_ok()) return linked;
      }
    }
  }
  if (Status synced = files.sync_directory(to); !synced.is_ok()) return synced;
  auto manifest = Manifest::start(files, to, store, state);
  if (!manifest.is_ok()) return manifest.status();
  if (Status closed = (*manifest)->close(); !closed.is_ok()) return closed;
  const size_t slash = to.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : to.substr(0, slash));
}

}  // namespace distkv::storage::lsm
