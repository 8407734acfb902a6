// A table file as a source of checked blocks. What fails, by the system or by its checksum, is read
// once more before it counts: a bad transfer must not condemn a table. Any thread may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/sst/sealed_block.h"

namespace distkv::storage::lsm {

// kCached reads only what the system has in memory and answers kWouldBlock otherwise.
enum class Wait : uint8_t { kCached, kBlocking };

class BlockFile {
 public:
  BlockFile(std::unique_ptr<io::File> file, BlockSeed seed);

  // Where a block's bytes go; both only grow.
  struct Buffers {
    std::string& stored;
    std::string& unpacked;
  };
  // Reads, checks and unpacks the block at `extent`; `raw` points into one of the buffers. False if
  // it would block, or must be read again (kCached only). kCorrupt or kIo, naming path and offset.
  base::Result<bool> read(const Extent& extent, Wait wait, Buffers buffers,
                          std::string_view& raw) const;
  // Checks and unpacks a sealed block that was read before, in `stored`; reads it again, once, if
  // it is not sound.
  base::Status open(const Extent& extent, std::span<char> stored, std::string& unpacked,
                    std::string_view& raw) const;
  // Bytes as they are.
  base::Status read_bytes(uint64_t offset, std::span<char> into) const;

  base::Status corrupt(uint64_t offset, const std::string& reason) const;
  const BlockSeed& seed() const { return seed_; }
  const std::string& path() const { return file_->path(); }
  io::File& file() const { return *file_; }

 private:
  base::Result<bool> fetch(uint64_t offset, Wait wait, std::span<char> into) const;
  // What is wrong, or nullptr.
  const char* unseal(const Extent& extent, std::string_view sealed, std::string& unpacked,
                     std::string_view& raw) const;

  std::unique_ptr<io::File> file_;
  BlockSeed seed_;
};

}  // namespace distkv::storage::lsm
