#include "storage/lsm/checkpoint.h"

#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {

using base::Code;
using base::Status;

Status link_checkpoint(io::FileSystem& files, const std::string& from, const std::string& to,
                       StoreId store, const StoreState& state) {
  const auto exists = files.exists(to);
  if (!exists.is_ok()) return exists.status();
  if (*exists) return {Code::kInvalidArgument, to + " exists; name a directory that does not"};
  if (Status made = files.make_directory(to); !made.is_ok()) return made;
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
