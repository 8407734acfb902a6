#include "storage/lsm/sst/table_rows.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::storage::lsm {

namespace {
constexpr uint64_t kAheadBytesMax =
    256 * 1024;  // A read of this size runs at the disk's full speed.
}  // namespace

bool ReadAhead::covers(const Extent& extent) const {
  return extent.offset >= held_.offset && extent.end() <= held_.end();
}

base::Status ReadAhead::fill(const Extent& extent, uint64_t end) {
  const uint64_t wanted = std::max(extent.bytes, std::min(bytes_ahead_, end - extent.offset));
  bytes_ahead_ = std::min(2 * bytes_ahead_, kAheadBytesMax);
  held_ = {};
  grow(bytes_, wanted);
  base::Status read = file_.read_bytes(extent.offset, {bytes_.data(), wanted});
  if (read.is_ok()) {
    held_ = {extent.offset, wanted};
    return read;
  }
  // What lies ahead may be all that fails.
  read = file_.read_bytes(extent.offset, {bytes_.data(), extent.bytes});
  if (read.is_ok()) held_ = extent;
  return read;
}

base::Status ReadAhead::open(const Extent& extent, std::string& unpacked, std::string_view& raw) {
  DISTKV_CHECK(covers(extent));
  return file_.open(extent, {bytes_.data() + (extent.offset - held_.offset), extent.bytes},
                    unpacked, raw);
}

TableRows::TableRows(const BlockFile& file, const TableIndex& index, const Start& start, Part part)
    : file_(file), index_(index), part_(part), blocks_(file), values_(file) {
  seek(start);
}

TableRows::TableRows(const BlockFile& file, const TableIndex& index, const Spared& spared)
    : file_(file), index_(index), part_(Part::kAll), spared_(spared), blocks_(file), values_(file) {
  if (load_block()) show();
}

void TableRows::seek(const Start& start) {
  number_ = index_.block_of(start.from).value_or(0);
  if (!load_block()) return;
  if (!block_.count_below(start.from, at_)) {
    return end(file_.corrupt(index_.extent(number_).offset, "its rows make no sense"));
  }
  show();
  if (!is_at_end_ && start.is_after && stored_.row.place == start.from) next();
}

void TableRows::next() {
  DISTKV_DCHECK(!is_at_end_);
  ++at_;
  show();
}

void TableRows::show() {
  while (true) {
    if (at_ == block_.size()) {
      ++number_;
      at_ = 0;
      if (!load_block()) return;
    }
    if (!block_.row(at_, stored_)) {
      if (!pass_block()) return;
      continue;
    }
    if (!stored_.is_apart || part_ == Part::kMeta) return;
    base::Status loaded = load_value();
    if (loaded.is_ok() || !pass_value(std::move(loaded))) return;
  }
}

bool TableRows::load_block() {
  for (; number_ < index_.size(); ++number_) {
    base::Status opened = open_block();
    if (opened.is_ok()) return true;
    if (!pass_over(span_of_block(), std::move(opened))) return false;
  }
  end(base::Status::ok());
  return false;
}

base::Status TableRows::open_block() {
  const Extent extent = index_.extent(number_);
  base::Status read;
  if (!blocks_.covers(extent)) read = blocks_.fill(extent, contiguous_end());
  std::string_view raw;
  if (read.is_ok()) read = blocks_.open(extent, unpacked_block_, raw);
  if (read.is_ok() &&
      (!DataBlock::parse(raw, block_) || block_.first_token() != index_.first_token(number_))) {
    read = file_.corrupt(extent.offset, "its rows make no sense");
  }
  return read;
}

bool TableRows::pass_block() {
  at_ = block_.size();
  return pass_over(span_of_block(),
                   file_.corrupt(index_.extent(number_).offset, "its rows make no sense"));
}

bool TableRows::pass_value(base::Status why) {
  ++at_;
  return pass_over({stored_.row.place.token, stored_.row.place.token}, std::move(why));
}

bool TableRows::pass_over(const TokenSpan& span, base::Status why) {
  if (!spared_) {
    end(std::move(why));
    return false;
  }
  std::vector<TokenSpan>& damage = spared_->damage;
  if (!damage.empty() && damage.back().last >= span.first) {
    damage.back().last = std::max(damage.back().last, span.last);
  } else {
    damage.push_back(span);
  }
  return true;
}

// Its last rows may share their token with the first of the next.
TokenSpan TableRows::span_of_block() const {
  const bool is_last = number_ + 1 == index_.size();
  const base::Token end = spared_ ? spared_->last : base::Token{UINT64_MAX};
  return {base::Token{index_.first_token(number_)},
          is_last ? end : base::Token{index_.first_token(number_ + 1)}};
}

uint64_t TableRows::contiguous_end() const {
  const Extent first = index_.extent(number_);
  uint64_t end = first.end();
  for (size_t block = number_ + 1; block < index_.size(); ++block) {
    const Extent extent = index_.extent(block);
    if (extent.offset != end || extent.end() - first.offset > blocks_.bytes_ahead()) break;
    end = extent.end();
  }
  return end;
}

base::Status TableRows::load_value() {
  const Extent block = index_.extent(number_);
  // Values stand before the block that refers to them, in the order of its rows.
  if (stored_.value.end() > block.offset) {
    return file_.corrupt(block.offset, "a value lies behind its row");
  }
  if (!values_.covers(stored_.value)) {
    base::Status filled = values_.fill(stored_.value, block.offset);
    if (!filled.is_ok()) return filled;
  }
  return values_.open(stored_.value, unpacked_value_, stored_.row.value);
}

void TableRows::end(base::Status status) {
  status_ = std::move(status);
  is_at_end_ = true;
}

}  // namespace distkv::storage::lsm
