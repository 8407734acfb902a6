// Any bytes as a table file. Checksums that would stop every input at the door are put right first;
// what then opens must walk, find and scrub without a crash, and within its own bytes.
#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "storage/lsm/sst/memory_file.h"
#include "storage/lsm/sst/table.h"

namespace distkv::storage::lsm {

namespace {
const StoreId kStore{base::Id128{1, 2}};
const FileId kFile{7};
constexpr uint64_t kVersionAndMagicAt = 20;
constexpr size_t kRowsMax = 10'000;  // Packed blocks may hold far more than the input has bytes.

void seal_again(std::string& bytes, const Extent& block) {
  if (block.bytes < kBlockHeaderBytes || block.end() > bytes.size()) return;
  char* sealed = bytes.data() + block.offset;
  store(sealed + 8, static_cast<uint32_t>(block.bytes - kBlockHeaderBytes));
  const std::string_view rest(sealed + 8, block.bytes - 8);
  store(sealed, base::hash64(rest, BlockSeed(kStore, kFile).at(block.offset)));
}

// Makes the footer one of this version, and what it points at sound; false if that is nothing.
bool fix_footer(std::string& bytes, TableFooter& footer) {
  if (bytes.size() < kTableFooterBytes) return false;
  const uint64_t offset = bytes.size() - kTableFooterBytes;
  char* at = bytes.data() + offset;
  store(at + kVersionAndMagicAt, kTableVersion);
  store(at + kVersionAndMagicAt + 4, kTableMagic);
  const BlockSeed seed(kStore, kFile);
  const std::string_view body(at, kTableFooterBytes - 8);
  store(at + kTableFooterBytes - 8, base::hash64(body, seed.at(offset)));
  return parse_footer(std::string_view(bytes).substr(offset), offset, seed, footer) == nullptr;
}

void fix_blocks(std::string& bytes, const TableFooter& footer) {
  for (const Extent& block : {footer.filter, footer.index, footer.properties}) {
    seal_again(bytes, block);
  }
  TableIndex index;
  const auto contents = std::string_view(bytes).substr(footer.index.offset + kBlockHeaderBytes,
                                                       footer.index.bytes - kBlockHeaderBytes);
  if (!TableIndex::parse(std::string(contents), footer.data_end(), index)) return;
  for (size_t block = 0; block < index.size(); ++block) seal_again(bytes, index.extent(block));
}

TableSummary summary_of(const std::string& bytes, const TableFooter& footer) {
  TableSummary summary;
  (void)parse_properties(
      std::string_view(bytes).substr(footer.properties.offset + kBlockHeaderBytes,
                                     footer.properties.bytes - kBlockHeaderBytes),
      summary);
  summary.file = kFile;
  summary.bytes = bytes.size();
  summary.checksum = base::hash128(bytes);
  return summary;
}

void use(const Table& table, Part part) {
  ReadScratch scratch;
  Row found;
  size_t rows = 0;
  const auto walk = table.rows({}, false, part);
  for (; !walk->is_at_end() && rows < kRowsMax; walk->next()) {
    const auto lookup = table.find(walk->row().place, part, Wait::kBlocking, scratch, found);
    if (lookup.is_ok() && *lookup == Lookup::kFound) DISTKV_CHECK(found.place == walk->row().place);
    (void)table.may_contain(hash_of(walk->row().place));
    ++rows;
  }
  DISTKV_CHECK(walk->status().is_ok() || walk->status().code() == base::Code::kCorrupt);
}
}  // namespace

void fuzz_table(std::string bytes) {
  TableFooter footer;
  const bool is_fixed = fix_footer(bytes, footer);
  if (is_fixed) fix_blocks(bytes, footer);
  TableSummary summary;
  if (is_fixed) summary = summary_of(bytes, footer);
  const auto disk = std::make_shared<test::MemoryDisk>();
  disk->bytes = std::move(bytes);
  const auto table = Table::open(std::make_unique<test::MemoryFile>(disk), kStore, summary);
  if (!table.is_ok()) {
    DISTKV_CHECK(table.code() == base::Code::kCorrupt);
    return;
  }
  use(**table, Part::kMeta);
  use(**table, Part::kAll);
  uint64_t offset = 0;
  const base::Status scrubbed = (*table)->scrub(offset, UINT64_MAX);
  DISTKV_CHECK(scrubbed.is_ok() || scrubbed.code() == base::Code::kCorrupt);
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::storage::lsm::fuzz_table(std::string(reinterpret_cast<const char*>(bytes), size));
  return 0;
}
