#include "storage/leveldb/fault_env.h"

#include <leveldb/env.h>

#include <string>

namespace distkv::storage::leveldb {
namespace {

class File : public ::leveldb::WritableFile {
 public:
  File(Faults& faults, const std::string& name, ::leveldb::WritableFile* base)
      : faults_(faults), is_log_(name.ends_with(".log")), base_(base) {}
  ::leveldb::Status Append(const ::leveldb::Slice& bytes) override {
    if (faults_.is_full) return ::leveldb::Status::IOError("log", "No space left on device");
    return base_->Append(bytes);
  }
  ::leveldb::Status Close() override { return base_->Close(); }
  ::leveldb::Status Flush() override { return base_->Flush(); }
  ::leveldb::Status Sync() override {
    if (faults_.fails_syncs) return ::leveldb::Status::IOError("log", "Input/output error");
    if (is_log_) ++faults_.log_syncs;
    return base_->Flush();
  }

 private:
  Faults& faults_;
  bool is_log_;
  std::unique_ptr<::leveldb::WritableFile> base_;
};

class FaultyFiles : public ::leveldb::EnvWrapper {
 public:
  explicit FaultyFiles(Faults& faults) : EnvWrapper(::leveldb::Env::Default()), faults_(faults) {}
  ::leveldb::Status NewWritableFile(const std::string& name,
                                    ::leveldb::WritableFile** file) override {
    ::leveldb::WritableFile* base = nullptr;
    ::leveldb::Status status = target()->NewWritableFile(name, &base);
    if (status.ok()) *file = std::make_unique<File>(faults_, name, base).release();
    return status;
  }

 private:
  Faults& faults_;
};

}  // namespace

FaultEnv::FaultEnv() : env_(std::make_unique<FaultyFiles>(*this)) {}

FaultEnv::~FaultEnv() = default;

}  // namespace distkv::storage::leveldb
