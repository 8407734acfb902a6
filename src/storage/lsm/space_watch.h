// Whether the disk has room: refuses puts before it is full, gives up a ballast file so that
// flushes and merges under way can end, and sees by itself when room has come back.
//
// look() and give_up() block and run on the background thread; the rest is the owner's. Invariant:
// puts are taken only while the ballast is there and as much again is free.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"

namespace distkv::storage::lsm {

class SpaceWatch {
 public:
  struct Reading {
    uint64_t bytes_free = 0;
    bool has_ballast = false;
    base::Status status;  // Why the disk could not be asked.
  };

  static std::string ballast_of(const std::string& directory) { return directory + "/ballast"; }

  SpaceWatch(io::FileSystem& files, std::string directory, uint64_t ballast_bytes);

  // Background: asks the disk, and makes the ballast if there is room for twice its size.
  Reading look() const;
  // Background: removes the ballast.
  Reading give_up() const;

  // Owner: takes over what the background found.
  void note(const Reading& reading) { reading_ = reading; }
  bool is_full() const;
  // 0 with four ballasts free beside the one kept, 1 when puts are refused.
  double pressure() const;
  // kNoSpace with figures and what to do; ok if puts are taken.
  base::Status refusal() const;
  bool has_ballast() const { return reading_.has_ballast; }

 private:
  std::string path() const { return ballast_of(directory_); }

  io::FileSystem& files_;
  std::string directory_;
  uint64_t ballast_bytes_;
  Reading reading_;
};

}  // namespace distkv::storage::lsm
