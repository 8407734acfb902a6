// A session in a file: read as a whole, replaced as a whole.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "client/seen_keys.h"

namespace distkv::client {

// Another process holds the file's lock for as long as one small write takes.
inline constexpr std::chrono::seconds kLockPatience{5};

// Adds what the file holds to `seen`; a file that is not there holds nothing. kIo with the system's
// reason, or kInvalidArgument; both name the file, and `seen` stays as it was.
base::Status load_session(const std::string& path, SeenKeys& seen);

// Adds what the file holds by now, then replaces it: by a file beside it (PATH.new), synced and
// renamed, under an exclusive lock of PATH.lock, which stays there. Errors likewise, and
// kOverloaded if the lock is not free in time; the file is then as it was.
base::Status save_session(const std::string& path, SeenKeys& seen);

}  // namespace distkv::client
