// Any bytes as one of a table's other parts; the first byte says which.
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "storage/lsm/sst/footer.h"
#include "storage/lsm/sst/sealed_block.h"
#include "storage/lsm/sst/table_filter.h"
#include "storage/lsm/sst/table_index.h"

namespace distkv::storage::lsm {

namespace {
const BlockSeed kSeed(StoreId(base::Id128{1, 2}), FileId(7));
constexpr size_t kUnpackedBytesMax = 1 << 20;

void fuzz_filter(std::string_view bytes) {
  TableFilter filter;
  if (!TableFilter::parse(bytes, filter)) return;
  for (const uint64_t hash : {uint64_t{0}, uint64_t{UINT64_MAX}, base::hash64(bytes)}) {
    filter.prefetch(hash);
    DISTKV_CHECK(filter.may_contain(hash) || filter.bytes_resident() > 0);
  }
}

void fuzz_index(std::string_view bytes) {
  TableIndex index;
  constexpr uint64_t kDataEnd = 1000;  // What the corpus' indexes end with.
  if (!TableIndex::parse(std::string(bytes), kDataEnd, index)) return;
  DISTKV_CHECK(index.extent(index.size() - 1).end() == kDataEnd);
  for (size_t block = 0; block < index.size(); ++block) {
    for (const std::string_view key : {std::string_view(), std::string_view("k"), bytes}) {
      const auto at = index.block_of({base::Token(index.first_token(block)), key});
      DISTKV_CHECK(at.has_value() && *at < index.size());
      DISTKV_CHECK(index.first_token(*at) <= index.first_token(block));
    }
  }
}

void fuzz_footer(std::string bytes) {
  constexpr uint64_t kOffset = 1 << 20;
  if (bytes.size() != kTableFooterBytes) return;
  store(bytes.data() + 20, kTableVersion);
  store(bytes.data() + 24, kTableMagic);
  store(bytes.data() + 32, base::hash64(std::string_view(bytes).substr(0, 32), kSeed.at(kOffset)));
  TableFooter footer;
  if (parse_footer(bytes, kOffset, kSeed, footer) != nullptr) return;
  std::string again;
  append_footer(footer, kSeed, again);
  DISTKV_CHECK(again == bytes);
}

void fuzz_properties(std::string_view bytes) {
  TableSummary summary;
  if (parse_properties(bytes, summary)) DISTKV_CHECK(encode_properties(summary) == bytes);
}

void fuzz_sealed(std::string bytes) {
  if (bytes.size() < kBlockHeaderBytes) return;
  store(bytes.data(), base::hash64(std::string_view(bytes).substr(8), kSeed.at(0)));
  SealedBlock block;
  if (open_block(bytes, kSeed.at(0), block) != nullptr) return;
  DISTKV_CHECK(sealed_bytes(bytes) == bytes.size());
  if (block.raw_bytes > kUnpackedBytesMax) return;
  std::string unpacked;
  std::string_view raw;
  if (!unpack(block, unpacked, raw)) return;
  DISTKV_CHECK(raw.size() == block.raw_bytes);
  if (block.packing != Packing::kNone) return;
  std::string again;
  BlockSealer(kSeed, false).seal(raw, 0, again);
  DISTKV_CHECK(again == bytes);
}
}  // namespace

void fuzz_part(uint8_t which, std::string_view bytes) {
  if (which == 0) fuzz_filter(bytes);
  if (which == 1) fuzz_index(bytes);
  if (which == 2) fuzz_footer(std::string(bytes));
  if (which == 3) fuzz_properties(bytes);
  if (which == 4) fuzz_sealed(std::string(bytes));
}

}  // namespace distkv::storage::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  distkv::storage::lsm::fuzz_part(bytes[0], {reinterpret_cast<const char*>(bytes) + 1, size - 1});
  return 0;
}
