// A libuv handle in memory of its own, because libuv goes on using that memory after uv_close and
// until the close callback: the only place of distkv that says new and delete.
//
// Happy path: construct (the handle is initialised), use, destroy (the handle is closed).
// Failures: initialisation does not fail for the handles used here; if it does, that is checked.
// Who frees: close() gives the memory to libuv, and the close callback frees it. From close() on
// `data` is null, so the callback of a request that is cancelled by closing can see that the owner
// is gone: it tests owner_of() before touching anything.
#pragma once

#include <uv.h>

#include "base/check.h"

namespace distkv::runtime {

template <typename UvHandle>
class Handle {
 public:
  // `initialise` is given the memory and returns libuv's code, e.g. of uv_timer_init. `owner` is
  // what owner_of() answers in callbacks; it must not move.
  template <typename Initialise>
  Handle(void* owner, Initialise initialise) : handle_(new UvHandle) {
    const int code = initialise(handle_);
    DISTKV_CHECK(code == 0);
    handle_->data = owner;
  }
  ~Handle() { close(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Idempotent. Afterwards only is_closed() may be called.
  void close() {
    if (handle_ == nullptr) return;
    handle_->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle_),
             [](uv_handle_t* handle) { delete reinterpret_cast<UvHandle*>(handle); });
    handle_ = nullptr;
  }
  bool is_closed() const { return handle_ == nullptr; }

  UvHandle* get() const {
    DISTKV_CHECK(handle_ != nullptr);
    return handle_;
  }

 private:
  UvHandle* handle_;
};

// The owner given to the constructor, or null once the handle is closed.
template <typename Owner, typename UvHandle>
Owner* owner_of(const UvHandle* handle) {
  return static_cast<Owner*>(handle->data);
}

}  // namespace distkv::runtime
