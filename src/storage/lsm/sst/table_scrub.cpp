// Table::scrub: the walk over a whole file, block after block, whatever they hold.
#include <algorithm>

#include "base/hash.h"
#include "storage/lsm/sst/table.h"

namespace distkv::storage::lsm {

namespace {
// Walks sealed blocks back to back; each is read once more if it is not sound.
class BlockWalk {
 public:
  BlockWalk(const BlockFile& file, const Extent& blocks) : file_(file), blocks_(blocks) {}

  // The block at `offset` is sound and takes `bytes`, header included.
  base::Status check(uint64_t offset, uint64_t& bytes) {
    base::Status checked = check_once(offset, bytes);
    if (checked.is_ok()) return checked;
    held_ = {};
    stretch_bytes_ = 0;  // What fails may lie beyond this block.
    checked = check_once(offset, bytes);
    stretch_bytes_ = kStretchBytes;
    return checked;
  }
  // Of the block that was checked last.
  std::string_view sealed(uint64_t offset, uint64_t bytes) const {
    return std::string_view(bytes_).substr(offset - held_.offset, bytes);
  }

 private:
  static constexpr uint64_t kStretchBytes = 256 * 1024;

  base::Status check_once(uint64_t offset, uint64_t& bytes) {
    base::Status read = hold({offset, kBlockHeaderBytes});
    if (!read.is_ok()) return read;
    bytes = sealed_bytes(sealed(offset, kBlockHeaderBytes));
    read = hold({offset, bytes});
    if (!read.is_ok()) return read;
    SealedBlock block;
    const char* wrong = open_block(sealed(offset, bytes), file_.seed().at(offset), block);
    return wrong == nullptr ? base::Status::ok() : file_.corrupt(offset, wrong);
  }

  base::Status hold(const Extent& extent) {
    if (extent.offset >= held_.offset && extent.end() <= held_.end()) return base::Status::ok();
    if (extent.end() > blocks_.end())
      return file_.corrupt(extent.offset, "its length is impossible");
    const uint64_t bytes =
        std::max(extent.bytes, std::min(stretch_bytes_, blocks_.end() - extent.offset));
    held_ = {};
    grow(bytes_, bytes);
    base::Status read = file_.read_bytes(extent.offset, {bytes_.data(), bytes});
    if (read.is_ok()) held_ = {extent.offset, bytes};
    return read;
  }

  const BlockFile& file_;
  const Extent blocks_;
  uint64_t stretch_bytes_ = kStretchBytes;  // Read ahead of a block.
  std::string bytes_;
  Extent held_;
};
}  // namespace

base::Status Table::scrub(uint64_t& offset, uint64_t bytes_max) const {
  const uint64_t begin = offset;
  const uint64_t blocks_end = summary_.bytes - kTableFooterBytes;
  BlockWalk walk(file_, {0, blocks_end});
  base::Hash128Stream hash;
  while (offset < blocks_end) {
    uint64_t bytes = 0;
    base::Status checked = walk.check(offset, bytes);
    if (!checked.is_ok()) return checked;
    if (offset > begin && offset - begin + bytes > bytes_max) return base::Status::ok();
    hash.add(walk.sealed(offset, bytes));
    offset += bytes;
  }
  if (offset > begin && offset - begin + kTableFooterBytes > bytes_max) return base::Status::ok();
  std::string footer_bytes;
  TableFooter footer;
  base::Status checked = read_footer(footer_bytes, footer);
  if (!checked.is_ok()) return checked;
  hash.add(footer_bytes);
  if (begin == 0 && hash.hash() != summary_.checksum) {
    return {base::Code::kCorrupt, path() + ": the whole file's checksum does not match"};
  }
  offset = summary_.bytes;
  return base::Status::ok();
}

}  // namespace distkv::storage::lsm
