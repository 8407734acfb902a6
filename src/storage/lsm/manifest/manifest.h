// The durable list of tables: a file of edits that begins with a full state, and CURRENT, which
// names it. Each open writes a new file with the state as found, then lets CURRENT name it, then
// removes the old ones: a manifest never grows for ever and a torn tail is never appended to.
//
// Used by one thread at a time (the background one), calls in order. After an error nothing is
// known of the file's end: no more edits may be added, the store must stop writing tables.
// Format: FORMAT.md, "Manifest".
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

class Manifest {
 public:
  struct Found {
    StoreId store;
    StoreState state;
  };

  // What CURRENT leads to; nullopt if there is no CURRENT (a new directory). A torn last edit is
  // dropped (it was never acknowledged); anything else that fails its checks is kCorrupt, naming
  // file and offset.
  static base::Result<std::optional<Found>> read(io::FileSystem& files,
                                                 const std::string& directory);
  // Starts a new file with `state` and makes it current, durably. Removes other manifests.
  static base::Result<std::unique_ptr<Manifest>> start(io::FileSystem& files,
                                                       const std::string& directory, StoreId store,
                                                       const StoreState& state);
  ~Manifest();

  // Appends and syncs. The caller has synced every table the edit names, and their directory.
  base::Status add(const Edit& edit);
  uint64_t bytes() const;

 private:
  class Impl;
  explicit Manifest(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// File names, the same everywhere: "000012.sst", "manifest-000003", "log-00", "CURRENT", "LOCK".
std::string table_name(FileId file);
std::optional<FileId> parse_table_name(const std::string& name);

}  // namespace distkv::storage::lsm
