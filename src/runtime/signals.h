// Signals as ordinary events of the loop.
//
// Happy path: on(SIGTERM, …) once; the callback runs on the loop thread, in a turn, each time.
// Failures: a signal that cannot be caught (SIGKILL) is a mistake of the program and is checked.
// Who frees: destroying this closes the handles and gives the signals their default effect back.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <vector>

#include "runtime/handle.h"
#include "runtime/loop.h"

namespace distkv::runtime {

class Signals {
 public:
  // `loop` must outlive this.
  explicit Signals(Loop& loop) : loop_(loop) {}

  // Runs `callback` on the loop thread whenever `number` (SIGTERM, SIGINT, SIGHUP) arrives.
  void on(int number, std::function<void()> callback);

 private:
  struct Watch {
    Watch(Loop& loop, std::function<void()> on_signal);
    std::function<void()> callback;
    Handle<uv_signal_t> handle;
  };

  Loop& loop_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

// Writing to a stream whose other end is gone then fails with EPIPE instead of ending the program.
// For the whole program; UvNetwork calls it.
void ignore_broken_pipes();

}  // namespace distkv::runtime
