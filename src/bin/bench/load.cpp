#include "bin/bench/load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/check.h"

namespace distkv::bin::bench {

using base::Code;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

namespace {

constexpr size_t kReceiveBytes = 256 * 1024;  // The answers of a turn; a large one takes several.
constexpr size_t kEventsMax = 256;
constexpr size_t kLoadDepth = 16;  // Loading is not measured: fill the pipe.
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kProgress = std::chrono::seconds(1);
// Past an operation's own timeout, when its answer can no longer be on the way.
constexpr auto kGrace = std::chrono::seconds(1);
constexpr auto kSilenceMax = std::chrono::seconds(10);  // While loading, with no server answering.

size_t slots_of(const Options& options) {
  return options.loads_first ? std::max(options.depth, kLoadDepth) : options.depth;
}

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      terms_{options.consistency, options.timeout},
      workload_(options),
      received_(kReceiveBytes),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      depth_(options.depth) {
  DISTKV_CHECK(epoll_ >= 0);
}

Load::~Load() { ::close(epoll_); }

Result<Findings> Load::run() {
  const Status allowed = allow_sockets(options_.clients);
  if (!allowed.is_ok()) return allowed;
  if (const Status found = find_servers(); !found.is_ok()) return found;
  now_ = next_tick_ = begun_ = Clock::now();
  next_progress_ = now_ + kProgress;
  for (size_t i = 0; i < options_.clients; ++i) {
    connections_.emplace_back(addresses_[i % addresses_.size()], slots_of(options_));
  }
  if (options_.loads_first) {
    if (const Status loaded = put_each_key(); !loaded.is_ok()) return loaded;
  }
  workload_.mix();
  for (Connection& connection : connections_) refill(connection);
  drive(now_ + options_.warm_up);

  findings_ =
      Findings{.keys_not_loaded = findings_.keys_not_loaded, .first_error = findings_.first_error};
  const Time measured_from = now_;
  drive(measured_from + options_.length);
  findings_.measured = now_ - measured_from;
  workload_.stop();
  drive(now_ + options_.timeout + kGrace);
  for (Connection& connection : connections_) {
    if (connection.under_way() > 0) lose(connection);
  }
  return findings_;
}

// One that is missing may come later; with none at all the address is wrong.
Status Load::find_servers() {
  Status missing;
  size_t present = 0;
  for (const std::string& server : options_.servers) {
    auto addresses = resolve(server);
    if (!addresses.is_ok()) return addresses.status();
    addresses_.push_back(std::move(*addresses));
    const Status probed = probe(server, addresses_.back());
    present += probed.is_ok() ? 1 : 0;
    if (probed.is_ok()) continue;
    if (missing.is_ok()) missing = probed;
  }
  return present > 0 ? Status::ok() : missing;
}

Status Load::put_each_key() {
  is_loading_ = true;
  depth_ = slots_of(options_);
  workload_.put_each_key();
  last_answer_ = now_;
  while (!is_drained()) {
    drive(now_ + kProgress);
    if (now_ - last_answer_ > kSilenceMax) {
      return Status(Code::kUnavailable, "no server answers; loading stopped");
    }
  }
  findings_.keys_not_loaded = findings_.writes.errors();
  depth_ = options_.depth;
  is_loading_ = false;
  return Status::ok();
}

void Load::drive(Time deadline) {
  std::array<epoll_event, kEventsMax> events;
  while (now_ < deadline && !is_drained()) {
    now_ = Clock::now();
    if (now_ >= next_tick_) tick();
    const int wait = static_cast<int>(
        std::chrono::ceil<std::chrono::milliseconds>(std::min(next_tick_, deadline) - now_)
            .count());
    const int count = ::epoll_wait(epoll_, events.data(), kEventsMax, std::max(wait, 0));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      serve(connections_[event.data.u64], event.events);
    }
  }
}

void Load::tick() {
  next_tick_ = now_ + kTick;
  for (Connection& connection : connections_) {
    if (now_ - connection.oldest(now_) > options_.timeout + kGrace) lose(connection);
    if (connection.is_closed()) connect(connection);
  }
  if (now_ >= next_progress_) print_progress();
}

void Load::connect(Connection& connection) {
  if (!connection.connect().is_ok()) {
    ++findings_.connections_refused;
    return;
  }
  watch(connection, true);
}

// Level-triggered. Writability matters only while connecting or with bytes the kernel did not take.
void Load::watch(Connection& connection, bool is_new) {
  epoll_event event{};
  const bool wants_write = connection.is_connecting() || connection.has_unsent();
  event.events = EPOLLIN | (wants_write ? static_cast<uint32_t>(EPOLLOUT) : 0U);
  event.data.u64 = static_cast<uint64_t>(&connection - connections_.data());
  const int operation = is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  DISTKV_CHECK(::epoll_ctl(epoll_, operation, connection.descriptor(), &event) == 0);
}

void Load::serve(Connection& connection, uint32_t events) {
  if (connection.is_closed()) return;
  now_ = Clock::now();
  const bool was_waiting = connection.is_connecting() || connection.has_unsent();
  if (connection.is_connecting()) {
    if (!connection.finish_connecting().is_ok()) {
      ++findings_.connections_refused;
      return;
    }
  } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    const auto on_frame = [this, &connection](const wire::FrameView& frame) {
      take(connection, frame);
      return true;
    };
    if (!connection.receive(received_, on_frame)) return lose(connection);
  }
  refill(connection);
  if (!connection.is_closed() && was_waiting != connection.has_unsent()) watch(connection, false);
}

void Load::refill(Connection& connection) {
  if (connection.is_closed() || connection.is_connecting()) return;
  while (connection.under_way() < depth_ && !workload_.is_exhausted()) {
    connection.queue(workload_.next(), terms_, encoder_, now_);
    ++under_way_;
  }
  if (!connection.flush()) lose(connection);
}

void Load::lose(Connection& connection) {
  ++findings_.connections_lost;
  connection.close([this](const Slot& slot) { record(slot, Outcome::kLost); });
}

void Load::take(Connection& connection, const wire::FrameView& frame) {
  const auto slot = connection.take(frame.request_id);
  if (!slot) return;
  Judgement judgement = judge(slot->is_read, frame);
  last_answer_ = now_;
  if (!Tally::is_served(judgement.outcome) && findings_.first_error.empty()) {
    findings_.first_error =
        std::string(name_of(judgement.outcome)) + ": " + std::move(judgement.message);
  }
  record(*slot, judgement.outcome);
}

void Load::record(const Slot& slot, Outcome outcome) {
  --under_way_;
  Tally& tally = slot.is_read ? findings_.reads : findings_.writes;
  tally.record(outcome, now_ - slot.started);
  second_.record(outcome, now_ - slot.started);
}

void Load::print_progress() {
  const double seconds = std::chrono::duration<double>(now_ - next_progress_ + kProgress).count();
  const std::chrono::duration<double> age = now_ - begun_;
  const std::chrono::duration<double, std::milli> p99 = second_.latency.quantile(0.99);
  const auto open =
      std::count_if(connections_.begin(), connections_.end(), [](const Connection& connection) {
        return !connection.is_closed() && !connection.is_connecting();
      });
  std::fprintf(stderr, "%5.0f s  %s%10.0f ops/s  p99 %9.3f ms  errors %llu  connections %td\n",
               age.count(), is_loading_ ? "loading  " : "",
               static_cast<double>(second_.served()) / seconds, p99.count(),
               static_cast<unsigned long long>(second_.errors()), open);
  second_ = Tally();
  next_progress_ = now_ + kProgress;
}

}  // namespace distkv::bin::bench
