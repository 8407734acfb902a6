// Any bytes as the rows of a data block. What decodes as a whole must encode to the same bytes, and
// what ascends must be found where it stands.
#include <string>
#include <vector>

#include "base/check.h"
#include "storage/lsm/sst/data_block.h"

namespace distkv::storage::lsm {

namespace {
bool does_ascend(const std::vector<StoredRow>& rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (!(rows[i - 1].row.place < rows[i].row.place)) return false;
  }
  return true;
}
}  // namespace

void fuzz_block(std::string_view bytes) {
  DataBlock block;
  if (!DataBlock::parse(bytes, block)) return;
  std::vector<StoredRow> rows(block.size());
  DataBlockBuilder builder;
  bool is_whole = true;
  for (size_t i = 0; i < block.size(); ++i) {
    if (!block.row(i, rows[i])) is_whole = false;
    size_t count = 0;
    if (block.count_below(rows[i].row.place, count)) DISTKV_CHECK(count <= block.size());
    if (is_whole) builder.add(rows[i]);
  }
  if (!is_whole) return;
  DISTKV_CHECK(builder.bytes() == bytes.size());
  DISTKV_CHECK(builder.finish() == bytes);
  if (!does_ascend(rows)) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    size_t count = 0;
    DISTKV_CHECK(block.count_below(rows[i].row.place, count) && count == i);
  }
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::storage::lsm::fuzz_block({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
