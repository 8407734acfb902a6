#include "runtime/signals.h"

#include <csignal>
#include <utility>

#include "base/check.h"

namespace distkv::runtime {

Signals::Watch::Watch(Loop& loop, std::function<void()> on_signal)
    : callback(std::move(on_signal)),
      handle(this, [&loop](uv_signal_t* signal) { return uv_signal_init(loop.raw(), signal); }) {}

void Signals::on(int number, std::function<void()> callback) {
  watches_.push_back(std::make_unique<Watch>(loop_, std::move(callback)));
  const int code = uv_signal_start(
      watches_.back()->handle.get(),
      [](uv_signal_t* handle, int) { owner_of<Watch>(handle)->callback(); }, number);
  DISTKV_CHECK(code == 0);
}

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace distkv::runtime
