#include "storage/lsm/sst/block_file.h"

#include "storage/io/whole.h"

namespace distkv::storage::lsm {

BlockFile::BlockFile(std::unique_ptr<io::File> file, BlockSeed seed)
    : file_(std::move(file)), seed_(seed) {}

base::Result<bool> BlockFile::read(const Extent& extent, Wait wait, Buffers buffers,
                                   std::string_view& raw) const {
  grow(buffers.stored, extent.bytes);
  const std::span<char> stored(buffers.stored.data(), extent.bytes);
  const auto fetched = fetch(extent.offset, wait, stored);
  if (!fetched.is_ok() || !*fetched) return fetched;
  if (unseal(extent, {stored.data(), stored.size()}, buffers.unpacked, raw) == nullptr) return true;
  if (wait == Wait::kCached) return false;  // Whoever may wait reads it again and judges it.
  base::Status opened = open(extent, stored, buffers.unpacked, raw);
  if (!opened.is_ok()) return opened;
  return true;
}

base::Status BlockFile::open(const Extent& extent, std::span<char> stored, std::string& unpacked,
                             std::string_view& raw) const {
  const std::string_view sealed(stored.data(), stored.size());
  if (unseal(extent, sealed, unpacked, raw) == nullptr) return base::Status::ok();
  base::Status again = read_bytes(extent.offset, stored);
  if (!again.is_ok()) return again;
  const char* wrong = unseal(extent, sealed, unpacked, raw);
  return wrong == nullptr ? base::Status::ok() : corrupt(extent.offset, wrong);
}

base::Status BlockFile::read_bytes(uint64_t offset, std::span<char> into) const {
  const base::Status once = io::read_fully(*file_, offset, into);
  return once.is_ok() ? once : io::read_fully(*file_, offset, into);
}

base::Result<bool> BlockFile::fetch(uint64_t offset, Wait wait, std::span<char> into) const {
  if (wait == Wait::kCached) {
    auto cached = file_->read_cached(offset, into);
    return cached.is_ok() ? cached : base::Result<bool>(false);
  }
  base::Status read = read_bytes(offset, into);
  if (!read.is_ok()) return read;
  return true;
}

base::Status BlockFile::corrupt(uint64_t offset, const std::string& reason) const {
  return {base::Code::kCorrupt,
          path() + ": block at offset " + std::to_string(offset) + ": " + reason};
}

const char* BlockFile::unseal(const Extent& extent, std::string_view sealed, std::string& unpacked,
                              std::string_view& raw) const {
  SealedBlock block;
  if (const char* wrong = open_block(sealed, seed_.at(extent.offset), block)) return wrong;
  return unpack(block, unpacked, raw) ? nullptr : "it does not unpack";
}

}  // namespace distkv::storage::lsm
