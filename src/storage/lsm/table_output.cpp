#include "storage/lsm/table_output.h"

#include <utility>

#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {

using base::Status;

Status TableOutput::start_table() {
  writing_ = next_id_;
  next_id_ = FileId{next_id_.value() + 1};
  auto file =
      factory_.files->open(factory_.directory + "/" + table_name(writing_), io::Access::kCreate);
  if (!file.is_ok()) return file.status();
  writer_ = std::make_unique<TableWriter>(std::move(*file), factory_.store, writing_, space_,
                                          factory_.table);
  return Status::ok();
}

Status TableOutput::add(const Row& row) {
  const bool is_full = writer_ != nullptr && writer_->bytes() >= factory_.table_bytes;
  if (is_full && row.place.token != last_) {
    if (Status finished = finish_table(); !finished.is_ok()) return finished;
  }
  if (writer_ == nullptr) {
    if (Status started = start_table(); !started.is_ok()) return started;
  }
  last_ = row.place.token;
  return writer_->add(row);
}

Status TableOutput::finish_table() {
  const auto summary = writer_->finish();
  if (!summary.is_ok()) return summary.status();
  writer_.reset();
  auto file =
      factory_.files->open(factory_.directory + "/" + table_name(summary->file), io::Access::kRead);
  if (!file.is_ok()) return file.status();
  auto table = Table::open(std::move(*file), factory_.store, *summary);
  if (!table.is_ok()) return table.status();
  bytes_finished_ += summary->bytes;
  tables_.push_back({*summary, std::move(*table)});
  return Status::ok();
}

Status TableOutput::finish() {
  if (writer_ == nullptr) return Status::ok();
  return finish_table();
}

void TableOutput::remove_all() {
  // Failing to remove wastes space until the next open, which removes what no manifest names.
  if (writer_ != nullptr) {
    writer_.reset();
    (void)factory_.files->remove(factory_.directory + "/" + table_name(writing_));
  }
  for (const MadeTable& made : tables_) {
    (void)factory_.files->remove(factory_.directory + "/" + table_name(made.summary.file));
  }
  tables_.clear();
}

uint64_t TableOutput::bytes_written() const {
  return bytes_finished_ + (writer_ == nullptr ? 0 : writer_->bytes());
}

}  // namespace distkv::storage::lsm
