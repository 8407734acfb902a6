// LevelDB at its own best: WriteBatch and threads as its documentation advises, Bloom filters,
// Snappy (its default), tables kept open.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <string>

#include "bench/engine/lanes.h"
#include "bench/engine/store.h"

namespace distkv::bench {
namespace {

constexpr int kBloomBitsPerKey = 10;  // One false answer in a hundred; the same for every store.
constexpr int kOpenFilesMax = 20000;  // More than 5 GB of its 2 MiB tables.

leveldb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const leveldb::Slice& text) { return {text.data(), text.size()}; }

void check(const leveldb::Status& status) {
  if (!status.ok()) stop("leveldb: " + status.ToString());
}

class LevelDbStore final : public Store {
 public:
  explicit LevelDbStore(const StoreOptions& options)
      : filter_(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey)),
        cache_(leveldb::NewLRUCache(options.cache_bytes)) {
    leveldb::Options settings;
    settings.create_if_missing = true;
    settings.write_buffer_size = options.write_buffer_bytes;
    settings.block_cache = cache_.get();
    settings.filter_policy = filter_.get();
    settings.max_open_files = kOpenFilesMax;
    leveldb::DB* opened = nullptr;
    check(leveldb::DB::Open(settings, options.directory, &opened));
    store_.reset(opened);
    durable_.sync = true;
  }

  void put(std::string_view key, std::string_view value) override {
    check(store_->Put(leveldb::WriteOptions(), slice(key), slice(value)));
  }

  std::optional<std::string_view> get(std::string_view key) override {
    const leveldb::Status status = store_->Get(leveldb::ReadOptions(), slice(key), &found_);
    if (status.IsNotFound()) return std::nullopt;
    check(status);
    return found_;
  }

  void erase(std::string_view key) override {
    check(store_->Delete(leveldb::WriteOptions(), slice(key)));
  }

  void update(std::string_view key, const Change& change) override {
    check(store_->Get(leveldb::ReadOptions(), slice(key), &found_));
    put(key, change(found_));
  }

  uint64_t scan(std::string_view first, uint64_t count_max, const Visit& visit) override {
    const std::unique_ptr<leveldb::Iterator> at(store_->NewIterator(leveldb::ReadOptions()));
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
    leveldb::WriteBatch writes;
    for (const Record& record : batch) writes.Put(slice(record.key), slice(record.value));
    check(store_->Write(durable_, &writes));
  }

 private:
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  leveldb::WriteOptions durable_;
  std::string found_;
  std::unique_ptr<leveldb::DB> store_;  // Last, so that it goes first.
};

std::unique_ptr<Store> open(const StoreOptions& options) {
  return std::make_unique<LevelDbStore>(options);
}

}  // namespace

StoreKind leveldb_kind() {
  return {.name = "leveldb",
          .version =
              std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion),
          .open = open};
}

}  // namespace distkv::bench
