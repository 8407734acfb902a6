#include "storage/lsm/sst/table.h"

#include "storage/lsm/sst/table_rows.h"

namespace distkv::storage::lsm {

base::Result<std::shared_ptr<const Table>> Table::open(std::unique_ptr<io::File> file,
                                                       StoreId store, const TableSummary& summary) {
  auto table = std::make_shared<Table>(Unloaded{}, std::move(file), store, summary);
  base::Status loaded = table->load();
  if (!loaded.is_ok()) return loaded;
  return std::shared_ptr<const Table>(std::move(table));
}

Table::Table(Unloaded, std::unique_ptr<io::File> file, StoreId store, const TableSummary& summary)
    : file_(std::move(file), BlockSeed(store, summary.file)), summary_(summary) {}

base::Status Table::load() {
  TableFooter footer;
  std::string footer_bytes;
  base::Status loaded = read_footer(footer_bytes, footer);
  if (loaded.is_ok()) loaded = load_properties(footer);
  if (loaded.is_ok()) loaded = load_filter(footer);
  if (loaded.is_ok()) loaded = load_index(footer);
  return loaded;
}

base::Status Table::read_footer(std::string& bytes, TableFooter& footer) const {
  const auto size = file_.file().size();
  if (!size.is_ok()) return size.status();
  if (*size != summary_.bytes || *size < kTableFooterBytes) {
    return {base::Code::kCorrupt, path() + ": " + std::to_string(*size) + " bytes instead of " +
                                      std::to_string(summary_.bytes)};
  }
  const uint64_t offset = *size - kTableFooterBytes;
  bytes.resize(kTableFooterBytes);
  const char* wrong = nullptr;
  for (int attempt = 0; attempt < 2; ++attempt) {
    base::Status read = file_.read_bytes(offset, bytes);
    if (!read.is_ok()) return read;
    wrong = parse_footer(bytes, offset, file_.seed(), footer);
    if (wrong == nullptr) return read;
  }
  return file_.corrupt(offset, wrong);
}

base::Status Table::load_properties(const TableFooter& footer) {
  std::string stored;
  std::string unpacked;
  std::string_view raw;
  const auto read = file_.read(footer.properties, Wait::kBlocking, {stored, unpacked}, raw);
  if (!read.is_ok()) return read.status();
  TableSummary own;
  own.checksum = summary_.checksum;
  if (parse_properties(raw, own) && own == summary_) return base::Status::ok();
  return file_.corrupt(footer.properties.offset,
                       "the table's properties are not those the store remembers");
}

base::Status Table::load_filter(const TableFooter& footer) {
  std::string stored;
  std::string unpacked;
  std::string_view raw;
  const auto read = file_.read(footer.filter, Wait::kBlocking, {stored, unpacked}, raw);
  if (!read.is_ok()) return read.status();
  if (TableFilter::parse(raw, filter_)) return base::Status::ok();
  return file_.corrupt(footer.filter.offset, "this is no filter");
}

base::Status Table::load_index(const TableFooter& footer) {
  std::string stored;
  std::string unpacked;
  std::string_view raw;
  const auto read = file_.read(footer.index, Wait::kBlocking, {stored, unpacked}, raw);
  if (!read.is_ok()) return read.status();
  if (TableIndex::parse(std::string(raw), footer.data_end(), index_) &&
      index_.first_token(0) == summary_.first.value()) {
    return base::Status::ok();
  }
  return file_.corrupt(footer.index.offset, "the index contradicts itself");
}

base::Result<Lookup> Table::find(const PlaceView& place, Part part, Wait wait, ReadScratch& scratch,
                                 Row& found) const {
  if (place.token > summary_.last) return Lookup::kAbsent;
  const auto number = index_.block_of(place);
  if (!number) return Lookup::kAbsent;
  const Extent extent = index_.extent(*number);
  std::string_view raw;
  const auto read = file_.read(extent, wait, {scratch.stored, scratch.block}, raw);
  if (!read.is_ok()) return read.status();
  if (!*read) return Lookup::kWouldBlock;
  DataBlock block;
  size_t at_row = 0;
  if (!DataBlock::parse(raw, block) || block.first_token() != index_.first_token(*number) ||
      !block.count_below(place, at_row)) {
    return file_.corrupt(extent.offset, "its rows make no sense");
  }
  if (at_row == block.size()) return Lookup::kAbsent;
  StoredRow stored;
  if (!block.row(at_row, stored)) return file_.corrupt(extent.offset, "its rows make no sense");
  if (stored.row.place != place) return Lookup::kAbsent;
  found = stored.row;
  if (!stored.is_apart || part == Part::kMeta) return Lookup::kFound;
  return find_value(stored, wait, raw.data() == scratch.block.data(), scratch, found);
}

base::Result<Lookup> Table::find_value(const StoredRow& stored, Wait wait, bool is_packed,
                                       ReadScratch& scratch, Row& found) const {
  // The row's key and meta stay where they are; the other buffer is free.
  std::string& spare = is_packed ? scratch.stored : scratch.block;
  const auto read = file_.read(stored.value, wait, {spare, scratch.value}, found.value);
  if (!read.is_ok()) return read.status();
  return *read ? Lookup::kFound : Lookup::kWouldBlock;
}

std::unique_ptr<Rows> Table::rows(const PlaceView& from, bool is_after, Part part) const {
  return std::make_unique<TableRows>(file_, index_, TableRows::Start{from, is_after}, part);
}

std::unique_ptr<Rows> Table::spared_rows(std::vector<TokenSpan>& damage) const {
  return std::make_unique<TableRows>(file_, index_, TableRows::Spared{summary_.last, damage});
}

}  // namespace distkv::storage::lsm
