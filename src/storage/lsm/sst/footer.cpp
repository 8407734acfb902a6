#include "storage/lsm/sst/footer.h"

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::storage::lsm {

namespace {
constexpr size_t kChecksummedBytes = kTableFooterBytes - sizeof(uint64_t);

bool is_block_size(uint64_t bytes) {
  return bytes > kBlockHeaderBytes && bytes <= kBlockHeaderBytes + kBlockBytesMax;
}
}  // namespace

void append_footer(const TableFooter& footer, const BlockSeed& seed, std::string& out) {
  const size_t begin = out.size();
  base::Writer writer(out);
  writer.u64(footer.filter.bytes);
  writer.u64(footer.index.bytes);
  writer.u32(static_cast<uint32_t>(footer.properties.bytes));
  writer.u32(kTableVersion);
  writer.u64(kTableMagic);
  const std::string_view body = std::string_view(out).substr(begin);
  writer.u64(base::hash64(body, seed.at(footer.properties.end())));
}

const char* parse_footer(std::string_view bytes, uint64_t offset, const BlockSeed& seed,
                         TableFooter& footer) {
  base::Reader reader(bytes);
  footer.filter.bytes = reader.u64();
  footer.index.bytes = reader.u64();
  footer.properties.bytes = reader.u32();
  const uint32_t version = reader.u32();
  const uint64_t magic = reader.u64();
  const uint64_t checksum = reader.u64();
  if (!reader.is_complete() || magic != kTableMagic) return "no table ends here";
  if (version != kTableVersion) return "the table's version is unknown";
  if (checksum != base::hash64(bytes.substr(0, kChecksummedBytes), seed.at(offset))) {
    return "the footer's checksum does not match";
  }
  if (!is_block_size(footer.filter.bytes) || !is_block_size(footer.index.bytes) ||
      !is_block_size(footer.properties.bytes) ||
      footer.filter.bytes + footer.index.bytes + footer.properties.bytes > offset) {
    return "the footer's sizes are impossible";
  }
  footer.properties.offset = offset - footer.properties.bytes;
  footer.index.offset = footer.properties.offset - footer.index.bytes;
  footer.filter.offset = footer.index.offset - footer.filter.bytes;
  return nullptr;
}

std::string encode_properties(const TableSummary& summary) {
  std::string properties;
  base::Writer writer(properties);
  writer.u8(static_cast<uint8_t>(summary.space));
  writer.u64(summary.file.value());
  writer.u64(summary.bytes);
  writer.u64(summary.bytes_raw);
  writer.u64(summary.rows);
  writer.u64(summary.tombstones);
  writer.u64(summary.first.value());
  writer.u64(summary.last.value());
  return properties;
}

bool parse_properties(std::string_view bytes, TableSummary& summary) {
  base::Reader reader(bytes);
  summary.space = static_cast<Space>(reader.u8());
  summary.file = FileId(reader.u64());
  summary.bytes = reader.u64();
  summary.bytes_raw = reader.u64();
  summary.rows = reader.u64();
  summary.tombstones = reader.u64();
  summary.first = base::Token(reader.u64());
  summary.last = base::Token(reader.u64());
  return reader.is_complete();
}

}  // namespace distkv::storage::lsm
