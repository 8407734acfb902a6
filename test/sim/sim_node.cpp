#include "sim/sim_node.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

namespace {
// Wall clocks start in 2023, each wrong by up to a minute.
constexpr int64_t kWallStartMilliseconds = 1700000000000;
constexpr uint64_t kWallErrorMillisecondsMax = 60000;
// A paused program's kernel keeps this many datagrams and stream parts; further datagrams are lost.
constexpr size_t kWithheldMax = 20000;

base::WallTime draw_wall_start(base::Rng& rng) {
  const auto error = static_cast<int64_t>(rng.below(kWallErrorMillisecondsMax));
  return base::WallTime(std::chrono::milliseconds(kWallStartMilliseconds + error));
}
}  // namespace

SimNode::Program::Program(SimNode& host, uint64_t seed)
    : timers(host.clock_),
      engine(&host.disk_),
      node(host.config_, {host.port_, engine, timers, host.clock_, host}, seed),
      front(node, host.port_) {}

SimNode::SimNode(const World& world, node::Config config, base::Rng rng, DiskObserver& observer)
    : world_(world),
      config_(std::move(config)),
      rng_(rng),
      clock_(world_.scheduler, draw_wall_start(rng_)),
      port_(world_.network),
      index_(world_.network.add(*this, config_.endpoint)),
      disk_(world_.scheduler, rng_.fork(), observer, [this](std::function<void()> answer) {
        world_.trace.record(index_, EventKind::kDurable);
        handle(EventKind::kDurable, {},
               [answer = std::move(answer)](wire::NetworkEvents&, std::string_view) { answer(); });
      }) {
  port_.plug_in(index_);
}

SimNode::~SimNode() = default;

node::Node* SimNode::node() { return program_ ? &program_->node : nullptr; }

storage::Engine* SimNode::engine() { return program_ ? &program_->engine : nullptr; }

void SimNode::handle(EventKind kind, std::string_view bytes, const MachineEvent& event) {
  if (!program_) return;
  if (is_paused_) {
    if (withheld_.size() < kWithheldMax || kind != EventKind::kDatagram) {
      withheld_.push_back({std::string(bytes), event});
    }
    return;
  }
  event(program_->front, bytes);
  arm();
}

void SimNode::start() {
  if (program_) return;
  ++life_;
  world_.trace.record(index_, EventKind::kStart);
  program_ = std::make_unique<Program>(*this, rng_.next());
  program_->engine.load(disk_.contents());
  program_->node.start([this](base::Status status) {
    if (status.is_ok()) return;
    world_.on_error_line("node " + config_.node_id.value() +
                         " cannot start: " + status.to_string());
  });
  arm();
}

void SimNode::crash(bool is_silent) {
  if (!program_) return;
  world_.trace.record(index_, EventKind::kCrash);
  end_program(is_silent);
}

void SimNode::stop() {
  if (!program_ || is_paused_ || is_stopping_) return;
  world_.trace.record(index_, EventKind::kStop);
  is_stopping_ = true;
  program_->node.stop([this, life = life_](const base::Status& status) {
    if (!status.is_ok()) {
      world_.on_error_line(config_.node_id.value() + " cannot stop: " + status.to_string());
    }
    // The program is still on the stack.
    world_.scheduler.after(base::Duration::zero(), [this, life] {
      if (program_ && life == life_) end_program(false);
    });
  });
  arm();
}

void SimNode::end_program(bool is_silent) {
  is_stopping_ = false;
  is_paused_ = false;
  withheld_.clear();
  ++last_alarm_;
  alarm_at_.reset();
  program_.reset();
  disk_.crash();
  world_.network.drop_machine(index_, is_silent);
}

void SimNode::pause() {
  if (!program_ || is_paused_) return;
  world_.trace.record(index_, EventKind::kPause);
  is_paused_ = true;
}

void SimNode::resume() {
  if (!program_ || !is_paused_) return;
  world_.trace.record(index_, EventKind::kResume);
  is_paused_ = false;
  // A loop that wakes runs its timers first or finds its sockets ready first.
  const bool timers_first = rng_.below(2) == 0;
  if (timers_first) program_->timers.run_due();
  for (const Withheld& late : std::exchange(withheld_, {})) late.event(program_->front, late.bytes);
  program_->timers.run_due();
  arm();
}

void SimNode::set_drift(Drift drift) {
  clock_.set_drift(drift);
  if (program_ && !is_paused_) arm();
}

void SimNode::arm() {
  const std::optional<base::MonotonicTime> deadline = program_->timers.next_deadline();
  if (!deadline) return;
  const base::MonotonicTime when = std::max(world_.scheduler.now(), clock_.true_time_of(*deadline));
  if (alarm_at_ && *alarm_at_ <= when) return;
  alarm_at_ = when;
  world_.scheduler.at(when, [this, alarm = ++last_alarm_] { wake(alarm); });
}

void SimNode::wake(uint64_t alarm) {
  if (alarm != last_alarm_ || !program_) return;
  alarm_at_.reset();
  if (is_paused_) return;
  const std::optional<base::MonotonicTime> deadline = program_->timers.next_deadline();
  if (deadline && *deadline <= clock_.now()) {
    world_.trace.record(index_, EventKind::kWake);
    program_->timers.run_due();
  }
  arm();
}

bool SimNode::is_enabled(base::LogLevel level) const {
  return level >= base::LogLevel::kError || world_.trace.is_printing();
}

void SimNode::write(base::LogLevel level, std::string_view line) {
  world_.trace.note(index_, EventKind::kLog, line);
  if (level == base::LogLevel::kError) {
    world_.on_error_line(config_.node_id.value() + ": " + std::string(line));
  }
}

}  // namespace distkv::sim
