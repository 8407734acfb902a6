// The durable list of tables: a file of edits that begins with a full state, and CURRENT, which
// names it. Each open writes a new file with the state as found, then lets CURRENT name it, then
// removes the old ones: a manifest never grows for ever and a torn tail is never appended to. A
// file that grew long while it was open is followed by a new one in the same way.
//
// Used by one thread at a time (the background one), calls in order. After an error nothing is
// known of the file's end: no more edits may be added, the store must stop writing tables; a new
// start() with the last state that was added heals it.
// Format: FORMAT.md. Source: the manifest of LevelDB (Ghemawat and Dean, 2011); that a rename needs
// its own sync: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

class Manifest {
  class Started {  // What only start() can give the constructor.
    friend class Manifest;
    Started() {}
  };

 public:
  struct Found {
    StoreId store;
    StoreState state;
    // The end was whole: no edit can be missing. Otherwise an edit that was synced and damaged
    // afterwards looks like one torn by a crash, and only the tables and log segments that no
    // longer fit the state tell.
    bool has_end = false;
  };

  // What CURRENT leads to; nullopt if there is no CURRENT (a new directory; kCorrupt if there are
  // tables in it). A torn last edit is dropped (it was never acknowledged); anything else that
  // fails its checks is kCorrupt, naming file and offset.
  static base::Result<std::optional<Found>> read(io::FileSystem& files,
                                                 const std::string& directory);
  // Starts a new file with `state` and makes it current, durably. Removes other manifests. `files`
  // outlives the manifest.
  static base::Result<std::unique_ptr<Manifest>> start(io::FileSystem& files,
                                                       const std::string& directory, StoreId store,
                                                       const StoreState& state);
  Manifest(Started, io::FileSystem& files, std::string directory, StoreId store, StoreState state);

  // Appends and syncs. The caller has synced every table the edit names, and their directory.
  // kCorrupt, and nothing is written, if the edit does not fit (see apply()): what was added can be
  // read back. After any other error every later call gives that error.
  base::Status add(const Edit& edit);
  // Makes the end of the file durable, so that has_end is sure to be found. Last call.
  base::Status close();
  uint64_t bytes() const { return end_; }
  // The edits outweigh the state so far that starting a new file with it pays.
  bool is_long() const;

 private:
  base::Status start_file();
  base::Status create_file();
  base::Status remove_others();
  base::Status append(const Edit& edit);
  std::string path_of(const std::string& name) const;

  io::FileSystem& files_;
  std::string directory_;
  StoreId store_;
  StoreState state_;
  uint64_t number_ = 0;
  std::unique_ptr<io::File> file_;
  uint64_t end_ = 0;             // Of the last edit; the end frame stands there.
  uint64_t bytes_at_start_ = 0;  // Of the header and the full state.
  base::Status failure_;
};

// File names, the same everywhere: "000012.sst", "manifest-000003", "log-00", "CURRENT", "LOCK".
std::string table_name(FileId file);
std::optional<FileId> parse_table_name(const std::string& name);
std::string manifest_name(uint64_t number);
std::optional<uint64_t> parse_manifest_name(const std::string& name);

}  // namespace distkv::storage::lsm
