#include "storage/leveldb/database.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/leveldb/encoding.h"

namespace distkv::storage::leveldb {
namespace {

// One false positive in a hundred, as every LSM is tuned; the tenth bit buys the most per byte.
constexpr int kFilterBitsPerKey = 10;
// Long erasures and copies go to disk in steps of this, so that memory stays bounded.
constexpr size_t kStepBytes = 4 << 20;

::leveldb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::string_view view_of(const ::leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

base::Status status_of(const ::leveldb::Status& status, const std::string& what) {
  if (status.ok()) return base::Status::ok();
  const std::string text = status.ToString();
  base::Code code = base::Code::kIo;
  if (status.IsCorruption()) code = base::Code::kCorrupt;
  // LevelDB keeps the operating system's words alone, not its number.
  if (text.find("No space left on device") != std::string::npos) code = base::Code::kNoSpace;
  return {code, what + ": " + text};
}

// A read that fails. LevelDB maps its tables, and a block said to lie past a table's end (cut
// short, or the index is damaged) comes back as the system's "Invalid argument".
base::Status read_status_of(const ::leveldb::Status& status, const std::string& what) {
  base::Status read = status_of(status, what);
  if (read.code() == base::Code::kIo && read.message().ends_with("Invalid argument")) {
    return {base::Code::kCorrupt, read.message()};
  }
  return read;
}

base::Status open_failure(const ::leveldb::Status& status, const std::string& directory) {
  if (status.IsIOError() && status.ToString().find("lock ") != std::string::npos) {
    return {base::Code::kIo, "data directory " + directory + " is in use by another process (" +
                                 status.ToString() + "); stop it or choose another directory"};
  }
  if (status.IsInvalidArgument()) {
    return {base::Code::kInvalidArgument, "data directory " + directory + ": " + status.ToString()};
  }
  return status_of(status, "cannot open data directory " + directory);
}

::leveldb::ReadOptions read_options() {
  ::leveldb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

::leveldb::ReadOptions walk_options() {
  ::leveldb::ReadOptions options = read_options();
  options.fill_cache = false;  // One pass over cold blocks must not evict the hot ones.
  return options;
}

::leveldb::WriteOptions synced() {
  ::leveldb::WriteOptions options;
  options.sync = true;
  return options;
}

// Where a scan begins: the smallest encoded key it may return.
std::string start_of(const Scan& scan) {
  std::string first = encode_place(scan.range.space, scan.range.first);
  if (!scan.after) return first;
  // No key lies between a key and itself with a zero byte behind it.
  std::string after = encode_key({scan.range.space, scan.after->token, scan.after->key}) + '\0';
  return std::max(first, after);
}

bool is_within(const Range& range, std::string_view encoded) {
  return encoded.substr(0, kPlaceBytes) <= encode_place(range.space, range.last);
}

}  // namespace

Pin::Pin(::leveldb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}

Pin::~Pin() { db_.ReleaseSnapshot(snapshot_); }

Database::Database(Options options, Parts parts)
    : options_(std::move(options)), parts_(std::move(parts)) {}

Database::~Database() = default;

base::Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  Options chosen = options;
  if (chosen.env == nullptr) chosen.env = ::leveldb::Env::Default();
  Parts parts;
  parts.filter.reset(::leveldb::NewBloomFilterPolicy(kFilterBitsPerKey));
  parts.cache.reset(::leveldb::NewLRUCache(chosen.cache_bytes));

  ::leveldb::Options tuning;
  tuning.create_if_missing = true;
  tuning.paranoid_checks = true;
  tuning.env = chosen.env;
  tuning.write_buffer_size = chosen.write_buffer_bytes;
  tuning.block_cache = parts.cache.get();
  tuning.filter_policy = parts.filter.get();
  ::leveldb::DB* db = nullptr;
  const ::leveldb::Status status = ::leveldb::DB::Open(tuning, chosen.directory, &db);
  if (!status.ok()) return open_failure(status, chosen.directory);
  parts.db.reset(db);
  return std::make_unique<Database>(std::move(chosen), std::move(parts));
}

base::Result<std::optional<Entry>> Database::get(const std::string& key, Part part) const {
  std::string encoded;
  const ::leveldb::Status status = parts_.db->Get(read_options(), slice_of(key), &encoded);
  if (status.IsNotFound()) return std::optional<Entry>();
  if (!status.ok()) return read_status_of(status, "read failed");
  base::Result<Entry> entry = decode_entry(key, encoded, part);
  if (!entry.is_ok()) return entry.status();
  return std::optional(std::move(*entry));
}

base::Status Database::commit(const std::vector<Change>& changes) {
  ::leveldb::WriteBatch batch;
  for (const Change& change : changes) {
    if (change.entry == nullptr) {
      batch.Delete(slice_of(change.key));
    } else {
      batch.Put(slice_of(change.key), slice_of(encode_entry(change.key, *change.entry)));
    }
  }
  return status_of(parts_.db->Write(synced(), &batch), "write failed");
}

base::Status Database::erase_range(const Range& range) {
  const std::unique_ptr<::leveldb::Iterator> at(parts_.db->NewIterator(walk_options()));
  ::leveldb::WriteBatch batch;
  for (at->Seek(slice_of(encode_place(range.space, range.first)));
       at->Valid() && is_within(range, view_of(at->key())); at->Next()) {
    batch.Delete(at->key());
    if (batch.ApproximateSize() < kStepBytes) continue;
    const ::leveldb::Status status = parts_.db->Write(synced(), &batch);
    if (!status.ok()) return status_of(status, "erasing a range failed");
    batch.Clear();
  }
  if (!at->status().ok()) return read_status_of(at->status(), "reading a range to erase failed");
  return status_of(parts_.db->Write(synced(), &batch), "erasing a range failed");
}

std::shared_ptr<const Pin> Database::pin() const { return std::make_shared<const Pin>(*parts_.db); }

base::Result<Page> Database::scan(const Scan& scan, const Pin* pin) const {
  DISTKV_CHECK(scan.items_max > 0);
  ::leveldb::ReadOptions options = walk_options();
  if (pin != nullptr) options.snapshot = pin->get();
  const std::unique_ptr<::leveldb::Iterator> at(parts_.db->NewIterator(options));
  Page page;
  size_t bytes = 0;
  for (at->Seek(slice_of(start_of(scan))); at->Valid() && is_within(scan.range, view_of(at->key()));
       at->Next()) {
    if (page.items.size() >= scan.items_max || (bytes >= scan.bytes_max && bytes > 0)) {
      page.is_last = false;
      page.last = Cursor{page.items.back().token, page.items.back().key};
      break;
    }
    const auto key = decode_key(view_of(at->key()));
    if (!key.is_ok()) return key.status();
    auto entry = decode_entry(view_of(at->key()), view_of(at->value()), scan.part);
    if (!entry.is_ok()) return entry.status();
    bytes += key->key.size() + entry->meta.size() + entry->value.size();
    page.items.push_back({key->token, std::string(key->key), std::move(*entry)});
  }
  if (!at->status().ok()) return read_status_of(at->status(), "scan failed");
  return page;
}

base::Status Database::copy_to(const std::string& directory) const {
  ::leveldb::Env& env = *options_.env;
  if (env.FileExists(directory)) {
    return {base::Code::kInvalidArgument,
            "checkpoint directory " + directory + " exists; name one that does not"};
  }
  // Half a copy would open as a whole store, so it carries its name only when it is complete.
  const std::string partial = directory + ".partial";
  const std::string what = "checkpoint to " + directory;
  ::leveldb::Options tuning;
  tuning.create_if_missing = true;
  tuning.error_if_exists = true;
  tuning.env = &env;
  tuning.write_buffer_size = options_.write_buffer_bytes;
  tuning.filter_policy = parts_.filter.get();
  ::leveldb::Status status = ::leveldb::DestroyDB(partial, tuning);
  ::leveldb::DB* db = nullptr;
  if (status.ok()) status = ::leveldb::DB::Open(tuning, partial, &db);
  if (!status.ok()) return status_of(status, what);

  std::unique_ptr<::leveldb::DB> copy(db);
  base::Status copied = copy_entries(*copy);
  copy.reset();
  if (copied.is_ok()) copied = status_of(env.RenameFile(partial, directory), what);
  if (!copied.is_ok()) ::leveldb::DestroyDB(partial, tuning);
  return copied;
}

base::Status Database::copy_entries(::leveldb::DB& copy) const {
  const std::unique_ptr<::leveldb::Iterator> at(parts_.db->NewIterator(walk_options()));
  ::leveldb::WriteBatch batch;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    // A copy must not pass damage on under a fresh checksum.
    const auto entry = decode_entry(view_of(at->key()), view_of(at->value()), Part::kMeta);
    if (!entry.is_ok()) return entry.status();
    batch.Put(at->key(), at->value());
    if (batch.ApproximateSize() < kStepBytes) continue;
    // Each step is synced: LevelDB may change logs between two, and a sync covers one log.
    const ::leveldb::Status status = copy.Write(synced(), &batch);
    if (!status.ok()) return status_of(status, "checkpoint write failed");
    batch.Clear();
  }
  if (!at->status().ok()) return read_status_of(at->status(), "checkpoint read failed");
  return status_of(copy.Write(synced(), &batch), "checkpoint write failed");
}

}  // namespace distkv::storage::leveldb
