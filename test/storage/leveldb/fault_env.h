// The system's files with faults: appends and syncs fail on command and syncs are counted. A sync
// does nothing else, because no test here cuts the power.
#pragma once

#include <leveldb/env.h>

#include <atomic>
#include <memory>
#include <string>

namespace distkv::storage::leveldb {

class FaultEnv : public ::leveldb::EnvWrapper {
 public:
  FaultEnv() : EnvWrapper(::leveldb::Env::Default()) {}

  // LevelDB's own thread uses these too.
  std::atomic<bool> fails_syncs{false};
  std::atomic<bool> is_full{false};
  std::atomic<int> log_syncs{0};

  ::leveldb::Status NewWritableFile(const std::string& name,
                                    ::leveldb::WritableFile** file) override {
    ::leveldb::WritableFile* base = nullptr;
    ::leveldb::Status status = target()->NewWritableFile(name, &base);
    if (status.ok()) *file = std::make_unique<File>(*this, name, base).release();
    return status;
  }

 private:
  class File : public ::leveldb::WritableFile {
   public:
    File(FaultEnv& env, const std::string& name, ::leveldb::WritableFile* base)
        : env_(env), is_log_(name.ends_with(".log")), base_(base) {}
    ::leveldb::Status Append(const ::leveldb::Slice& bytes) override {
      if (env_.is_full) return ::leveldb::Status::IOError("log", "No space left on device");
      return base_->Append(bytes);
    }
    ::leveldb::Status Close() override { return base_->Close(); }
    ::leveldb::Status Flush() override { return base_->Flush(); }
    ::leveldb::Status Sync() override {
      if (env_.fails_syncs) return ::leveldb::Status::IOError("log", "Input/output error");
      if (is_log_) ++env_.log_syncs;
      return base_->Flush();
    }

   private:
    FaultEnv& env_;
    bool is_log_;
    std::unique_ptr<::leveldb::WritableFile> base_;
  };
};

}  // namespace distkv::storage::leveldb
