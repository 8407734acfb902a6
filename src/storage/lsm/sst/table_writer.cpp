#include "storage/lsm/sst/table_writer.h"

#include <algorithm>

#include "base/check.h"
#include "storage/io/whole.h"
#include "storage/lsm/sst/footer.h"
#include "storage/lsm/sst/table_filter.h"

namespace distkv::storage::lsm {

namespace {
constexpr size_t kGatherBytes = 256 * 1024;   // Per write: a call costs nothing beside the copy.
constexpr uint64_t kWriteOutBytes = 1 << 20;  // Keeps the last sync short without seeking about.
// Blocks of long rows are packed more hastily: the background, which bounds how fast large values
// are taken, spends a quarter of its time on packing them. With short rows the bytes saved matter
// more, as merging writes them again and again.
constexpr size_t kLongRowBytes = 512;
constexpr int kLongRowsHaste = 2;

TableOptions within_limits(TableOptions options) {
  options.block_bytes = std::clamp<size_t>(options.block_bytes, 1, kBlockRowBytesMax);
  options.value_apart_min = std::min(options.value_apart_min, kInlineValueBytesMax);
  options.filter_bits_per_key = std::min(options.filter_bits_per_key, kFilterBitsPerKeyMax);
  return options;
}
}  // namespace

TableWriter::TableWriter(std::unique_ptr<io::File> file, StoreId store, FileId id, Space space,
                         const TableOptions& options)
    : file_(std::move(file)),
      options_(within_limits(options)),
      seed_(store, id),
      data_sealer_(seed_, options.is_compressed),
      value_sealer_(seed_, options.is_compressed),
      plain_sealer_(seed_, false) {
  summary_.file = id;
  summary_.space = space;
}

base::Status TableWriter::add(const Row& row) {
  if (!status_.is_ok()) return status_;
  check_order(row.place);
  DISTKV_CHECK(!row.is_erased || (row.meta.empty() && row.value.empty()));
  status_ = check_size(row);
  if (!status_.is_ok()) return status_;
  count(row);
  append(row);
  if (block_.bytes() >= options_.block_bytes) end_block();
  if (gathered_.size() >= kGatherBytes) status_ = write_gathered();
  return status_;
}

void TableWriter::check_order(const PlaceView& place) {
  DISTKV_CHECK(summary_.rows == 0 || PlaceView({summary_.last, last_key_}) < place);
}

base::Status TableWriter::check_size(const Row& row) const {
  const auto too_large = [this](const char* what) {
    return base::Status(base::Code::kTooLarge, file_->path() + ": " + what);
  };
  if (row.place.key.size() > kRowKeyBytesMax) return too_large("a key above 1 MiB");
  if (row.meta.size() > kRowMetaBytesMax) return too_large("the causal state of a key above 4 MiB");
  if (row.value.size() > kBlockBytesMax) return too_large("a value above 1 GiB");
  if (summary_.rows == kTableRowsMax) return too_large("more rows than a table holds");
  const uint64_t row_bytes = row.place.key.size() + row.meta.size() + row.value.size();
  const uint64_t tail_bytes = hashes_.size() * kFilterBitsPerKeyMax / 8 + index_.bytes();
  if (offset() + row_bytes + tail_bytes + kDataBlockBytesMax > kTableBytesMax) {
    return too_large("the table above 1 TiB");
  }
  if (index_.bytes() + kRowKeyBytesMax + kBlockHeaderBytes > kBlockBytesMax) {
    return too_large("its index above 1 GiB");
  }
  return base::Status::ok();
}

void TableWriter::count(const Row& row) {
  if (summary_.rows == 0) summary_.first = row.place.token;
  summary_.last = row.place.token;
  ++summary_.rows;
  if (row.is_erased) ++summary_.tombstones;
  summary_.bytes_raw += row.place.key.size() + row.meta.size() + row.value.size();
  last_key_.assign(row.place.key);
  if (options_.filter_bits_per_key > 0) hashes_.push_back(hash_of(row.place));
}

bool TableWriter::is_apart(const Row& row) const {
  return !row.is_erased && row.value.size() >= options_.value_apart_min;
}

void TableWriter::append(const Row& row) {
  if (block_.is_empty()) index_.begin_block(row.place);
  StoredRow stored{row, is_apart(row), {}};
  if (stored.is_apart) stored.value = seal(value_sealer_, row.value);
  block_.add(stored);
}

void TableWriter::end_block() {
  const int haste = block_.bytes() > block_.rows() * kLongRowBytes ? kLongRowsHaste : 1;
  const Extent extent = seal(data_sealer_, block_.finish(), haste);
  index_.end_block({summary_.last, last_key_}, extent);
}

Extent TableWriter::seal(BlockSealer& sealer, std::string_view raw, int haste) {
  const uint64_t begin = offset();
  return {begin, sealer.seal(raw, begin, gathered_, haste)};
}

uint64_t TableWriter::bytes() const { return offset() + block_.bytes(); }

base::Status TableWriter::write_gathered() {
  base::Status wrote = io::write_fully(*file_, written_, gathered_);
  if (!wrote.is_ok()) return wrote;
  hash_.add(gathered_);
  written_ += gathered_.size();
  gathered_.clear();
  if (written_ - written_out_ >= kWriteOutBytes) {
    file_->start_write_out(written_out_, written_ - written_out_);
    written_out_ = written_;
  }
  return wrote;
}

base::Result<TableSummary> TableWriter::finish() {
  DISTKV_CHECK(summary_.rows > 0);
  if (status_.is_ok()) status_ = write_tail();
  if (status_.is_ok()) status_ = file_->sync();
  if (!status_.is_ok()) return status_;
  summary_.checksum = hash_.hash();
  return summary_;
}

base::Status TableWriter::write_tail() {
  if (!block_.is_empty()) end_block();
  TableFooter footer;
  footer.filter = seal(plain_sealer_, build_filter(hashes_, options_.filter_bits_per_key));
  footer.index = seal(plain_sealer_, index_.finish());
  // A properties block has the same length whatever it says, so it can tell the file's.
  summary_.bytes =
      offset() + kBlockHeaderBytes + encode_properties(summary_).size() + kTableFooterBytes;
  footer.properties = seal(plain_sealer_, encode_properties(summary_));
  append_footer(footer, seed_, gathered_);
  return write_gathered();
}

}  // namespace distkv::storage::lsm
