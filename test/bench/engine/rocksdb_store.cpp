// RocksDB at its own best: pinned reads, full Bloom filters, two background jobs for two cores,
// filters and indexes outside the block cache (its default), log on.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <string>

#include "bench/engine/lanes.h"
#include "bench/engine/store.h"

namespace distkv::bench {
namespace {

constexpr double kBloomBitsPerKey = 10;  // As for every store.
constexpr int kBackgroundJobs = 2;       // One flush beside one compaction.

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

void check(const rocksdb::Status& status) {
  if (!status.ok()) stop("rocksdb: " + status.ToString());
}

// Snappy, as LevelDB has it, or LZ4 where this build lacks it.
rocksdb::CompressionType compression() {
  const auto built_in = rocksdb::GetSupportedCompressions();
  for (const auto wanted : {rocksdb::kSnappyCompression, rocksdb::kLZ4Compression}) {
    if (std::find(built_in.begin(), built_in.end(), wanted) != built_in.end()) return wanted;
  }
  stop("this build of RocksDB has neither Snappy nor LZ4");
}

rocksdb::Options settings_of(const StoreOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey, false));
  rocksdb::Options settings;
  settings.create_if_missing = true;
  settings.write_buffer_size = options.write_buffer_bytes;
  settings.max_background_jobs = kBackgroundJobs;
  settings.compression = compression();
  settings.max_open_files = -1;
  settings.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return settings;
}

class RocksDbStore final : public Store {
 public:
  explicit RocksDbStore(const StoreOptions& options) {
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::Open(settings_of(options), options.directory, &opened));
    store_.reset(opened);
    durable_.sync = true;
  }

  void put(std::string_view key, std::string_view value) override {
    check(store_->Put(volatile_, slice(key), slice(value)));
  }

  std::optional<std::string_view> get(std::string_view key) override {
    const rocksdb::Status status = read(key);
    if (status.IsNotFound()) return std::nullopt;
    check(status);
    return view(found_);
  }

  void erase(std::string_view key) override { check(store_->Delete(volatile_, slice(key))); }

  void update(std::string_view key, const Change& change) override {
    check(read(key));
    put(key, change(view(found_)));
  }

  uint64_t scan(std::string_view first, uint64_t count_max, const Visit& visit) override {
    const std::unique_ptr<rocksdb::Iterator> at(store_->NewIterator(reads_));
    uint64_t count = 0;
    for (at->Seek(slice(first)); count < count_max && at->Valid(); at->Next(), ++count) {
      visit({view(at->key()), view(at->value())});
    }
    check(at->status());
    return count;
  }

  void put_durably(DurableLoad& load) override {
    run_lanes(load, [this](const Record& record) {
      check(store_->Put(durable_, slice(record.key), slice(record.value)));
    });
  }

  void put_batch(std::span<const Record> batch) override {
    rocksdb::WriteBatch writes;
    for (const Record& record : batch) check(writes.Put(slice(record.key), slice(record.value)));
    check(store_->Write(durable_, &writes));
  }

 private:
  rocksdb::Status read(std::string_view key) {
    found_.Reset();
    return store_->Get(reads_, store_->DefaultColumnFamily(), slice(key), &found_);
  }

  const rocksdb::ReadOptions reads_;
  const rocksdb::WriteOptions volatile_;
  rocksdb::WriteOptions durable_;
  std::unique_ptr<rocksdb::DB> store_;
  rocksdb::PinnableSlice found_;  // Goes before the store it may pin a block of.
};

std::unique_ptr<Store> open(const StoreOptions& options) {
  return std::make_unique<RocksDbStore>(options);
}

}  // namespace

StoreKind rocksdb_kind() {
  return {.name = "rocksdb", .version = rocksdb::GetRocksVersionAsString(true), .open = open};
}

}  // namespace distkv::bench
