// Invariants. A broken one stops the process before it can write bad state; nothing that comes
// from disk, network or a person is ever judged with these.
#pragma once

namespace distkv::base {

// Prints the broken condition and where it stands, then aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace distkv::base

// Always on.
#define DISTKV_CHECK(condition)                      \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::distkv::base::check_failed(#condition, __FILE__, __LINE__))

// For checks that cost more than the work they guard: only in debug builds.
#ifdef NDEBUG
#define DISTKV_DCHECK(condition) static_cast<void>(sizeof(condition))
#else
#define DISTKV_DCHECK(condition) DISTKV_CHECK(condition)
#endif
