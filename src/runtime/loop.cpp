#include "runtime/loop.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace distkv::runtime {
namespace {

constexpr base::Duration kAlarmUnit = std::chrono::milliseconds(1);  // Of uv_timer_start.

base::MonotonicTime sample_monotonic() {
  return base::MonotonicTime(base::Duration(static_cast<int64_t>(uv_hrtime())));
}

base::WallTime sample_wall() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return base::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(since_1970));
}

// Rounded up, so that the alarm does not wake a poll just before the deadline.
uint64_t alarm_units(base::Duration delay) {
  if (delay <= base::Duration::zero()) return 0;
  return static_cast<uint64_t>((delay + kAlarmUnit - base::Duration(1)) / kAlarmUnit);
}

void check_closing(uv_handle_t* handle, void*) { DISTKV_CHECK(uv_is_closing(handle) != 0); }

}  // namespace

Loop::Loop() : timers_(*this) {
  const int code = uv_loop_init(&loop_);
  DISTKV_CHECK(code == 0);
  turn_end_.emplace(this, [this](uv_prepare_t* handle) { return uv_prepare_init(&loop_, handle); });
  alarm_.emplace(this, [this](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  no_sleep_.emplace(this, [this](uv_idle_t* handle) { return uv_idle_init(&loop_, handle); });
  uv_prepare_start(turn_end_->get(),
                   [](uv_prepare_t* handle) { owner_of<Loop>(handle)->end_turn(); });
}

Loop::~Loop() {
  DISTKV_CHECK(turn_ends_.empty());
  turn_end_->close();
  alarm_->close();
  no_sleep_->close();
  uv_walk(&loop_, check_closing, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  const int code = uv_loop_close(&loop_);
  DISTKV_CHECK(code == 0);
}

base::MonotonicTime Loop::now() const {
  if (!now_) now_ = sample_monotonic();
  return *now_;
}

base::WallTime Loop::wall_now() const {
  if (!wall_now_) wall_now_ = sample_wall();
  return *wall_now_;
}

void Loop::add(TurnEnd& end) {
  DISTKV_CHECK(!is_ending_turn_);
  turn_ends_.push_back(&end);
}

void Loop::remove(TurnEnd& end) {
  DISTKV_CHECK(!is_ending_turn_);
  const auto found = std::find(turn_ends_.begin(), turn_ends_.end(), &end);
  DISTKV_CHECK(found != turn_ends_.end());
  turn_ends_.erase(found);
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

bool Loop::run_until(const std::function<bool()>& is_done, base::Duration limit) {
  now_.reset();
  bool is_late = false;
  base::TimerId timer = timers_.start(limit, [&is_late] { is_late = true; });
  is_done_ = [&is_done, &is_late] { return is_late || is_done(); };
  while (!is_done_()) uv_run(&loop_, UV_RUN_ONCE);
  is_done_ = nullptr;
  timers_.stop(timer);
  return is_done();
}

// The prepare callback: libuv calls it just before it computes how long to sleep.
void Loop::end_turn() {
  is_turn_requested_ = false;
  now_.reset();
  wall_now_.reset();
  timers_.run_due();
  is_ending_turn_ = true;
  for (TurnEnd* end : turn_ends_) end->on_turn_end();
  is_ending_turn_ = false;
  set_alarm();
  // A turn end may fulfil what run_until waits for; sleeping then would be for nothing, or for
  // ever.
  const bool may_sleep = !is_turn_requested_ && !(is_done_ && is_done_());
  if (may_sleep) {
    uv_idle_stop(no_sleep_->get());
  } else {
    uv_idle_start(no_sleep_->get(), [](uv_idle_t*) {});
  }
  now_.reset();
  wall_now_.reset();
}

// An alarm earlier than the next deadline is left alone: request timeouts are started and stopped
// many times a turn, and one idle wake-up is cheaper than resetting the alarm every turn.
void Loop::set_alarm() {
  const std::optional<base::MonotonicTime> deadline = timers_.next_deadline();
  if (!deadline || (alarm_time_ && *alarm_time_ <= *deadline)) return;
  alarm_time_ = deadline;
  uv_update_time(&loop_);
  uv_timer_start(
      alarm_->get(), [](uv_timer_t* handle) { owner_of<Loop>(handle)->alarm_time_.reset(); },
      alarm_units(*deadline - now()), 0);
}

}  // namespace distkv::runtime
