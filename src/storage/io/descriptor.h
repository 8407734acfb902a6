// Linux file descriptors and errors as this folder uses them: a descriptor is closed once, and an
// error says which path, which call and why.
#pragma once

#include <string>

#include "base/result.h"

namespace distkv::storage::io {

// Owns one open descriptor. Closing may fail, but says nothing that a sync has not said before.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = kNone; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }

 private:
  static constexpr int kNone = -1;
  int number_;
};

// open(2), closed on exec; interruptions are tried again. `flags` are those of open(2).
base::Result<Descriptor> open_descriptor(const std::string& path, int flags);

// "<path>: <call>: <reason>" for the errno given: kNoSpace for a full disk or quota, else kIo.
base::Status system_failure(const std::string& path, const char* call, int error);

}  // namespace distkv::storage::io
