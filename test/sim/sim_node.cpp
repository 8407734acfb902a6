#include "sim/sim_node.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

namespace {
constexpr int64_t kWallStartMilliseconds = 1700000000000;  // In 2023.
// A paused program's kernel keeps this many datagrams and stream parts; further datagrams are lost.
constexpr size_t kWithheldMax = 20000;
// A host starts a service again that did not come up.
constexpr base::Duration kStartAgainAfter = std::chrono::milliseconds(500);

base::WallTime draw_wall_start(base::Rng& rng, std::chrono::milliseconds error_max) {
  const auto error = static_cast<int64_t>(rng.below(static_cast<uint64_t>(error_max.count())));
  return base::WallTime(std::chrono::milliseconds(kWallStartMilliseconds + error));
}
}  // namespace

SimNode::Program::Program(SimNode& host, std::unique_ptr<base::Timers> timers_given,
                          std::unique_ptr<storage::Engine> engine_given, uint64_t seed)
    : timers(std::move(timers_given)),
      engine(std::move(engine_given)),
      node(host.config_, {host.port_, *engine, *timers, host.clock_, host}, seed),
      front(node, host.port_) {}

SimNode::SimNode(const World& world, node::Config config, const Draws& draws,
                 DiskObserver& observer)
    : world_(world),
      config_(std::move(config)),
      rng_(draws.rng),
      clock_(world_.scheduler, draw_wall_start(rng_, draws.clock_error_max)),
      port_(world_.network),
      index_(world_.network.add(*this, config_.endpoint)) {
  const auto hand = [this](std::function<void()> event) {
    world_.trace.record(index_, EventKind::kDisk);
    handle(EventKind::kDisk, {},
           [event = std::move(event)](wire::NetworkEvents&, std::string_view) { event(); });
  };
  const auto on_wrong = [this](const std::string& what) {
    world_.on_broken_store("the store of " + config_.node_id.value() + ": " + what);
  };
  store_ = make_store(world_.stores, {world_.scheduler, observer, clock_, *this, hand, on_wrong},
                      rng_.fork());
  port_.plug_in(index_);
}

SimNode::~SimNode() = default;

node::Node* SimNode::node() { return program_ ? &program_->node : nullptr; }

base::Result<storage::Lookup> SimNode::look_up(const storage::KeyRef& key,
                                               storage::EntryView& found) {
  store_->set_all_cached(true);
  auto lookup = program_->engine->try_get(key, storage::Part::kAll, found);
  store_->set_all_cached(false);
  return lookup;
}

void SimNode::handle(EventKind kind, std::string_view bytes, const MachineEvent& event) {
  if (!program_ || store_->is_down()) return;
  if (is_paused_) {
    if (withheld_.size() < kWithheldMax || kind != EventKind::kDatagram) {
      withheld_.push_back({std::string(bytes), event});
    }
    return;
  }
  event(program_->front, bytes);
  notice_power();
  arm();
  take_strike();
}

void SimNode::take_strike() {
  const bool is_killed = world_.strikes.hits(StrikeKind::kCrash, index_);
  const bool is_cut = world_.strikes.hits(StrikeKind::kPowerCut, index_);
  if (!is_killed && !is_cut) return;
  // The program is still on the stack.
  world_.scheduler.after(base::Duration::zero(), [this, is_cut, life = life_] {
    if (program_ && life == life_) crash(is_cut ? Ending::kPowerCut : Ending::kKilled);
  });
  world_.scheduler.after(kStartAgainAfter, [this] { start(); });
}

void SimNode::notice_power() {
  if (!store_->is_down()) return;
  // The program is still on the stack, but nothing reaches it any more.
  world_.scheduler.after(base::Duration::zero(), [this, life = life_] {
    if (program_ && life == life_) crash(Ending::kPowerCut);
  });
}

void SimNode::cut_power_in(uint64_t operations, std::function<void()> gone) {
  if (!program_) return;
  power_gone_ = std::move(gone);
  store_->cut_power_in(operations);
}

void SimNode::start() {
  if (program_) return;
  ++life_;
  world_.trace.record(index_, EventKind::kStart);
  auto timers = std::make_unique<base::Timers>(clock_);
  auto engine = store_->open(*timers);
  if (!engine.is_ok()) return fail_to_open(engine.status());
  program_ = std::make_unique<Program>(*this, std::move(timers), std::move(*engine), rng_.next());
  program_->node.start([this](base::Status status) {
    if (!status.is_ok()) fail_to_start(status);
  });
  arm();
}

void SimNode::fail_to_open(const base::Status& why) {
  write(base::LogLevel::kError, "cannot open its store: " + why.to_string());
  world_.scheduler.after(kStartAgainAfter, [this] { start(); });
}

void SimNode::fail_to_start(const base::Status& why) {
  write(base::LogLevel::kError, "cannot start: " + why.to_string());
  world_.scheduler.after(kStartAgainAfter, [this, life = life_] {
    if (!program_ || life != life_) return;
    crash(Ending::kKilled);
    start();
  });
}

void SimNode::crash(Ending ending) {
  if (!program_) return;
  world_.trace.record(index_, EventKind::kCrash);
  end_program(ending);
}

void SimNode::ail(Ailment ailment) {
  store_->ail(ailment);
  is_ailing_ = is_ailing_ || store_->ailment() != Ailment::kNone;
}

void SimNode::fail_disk_in(uint64_t calls) {
  store_->fail_call(calls);
  is_ailing_ = true;
}

void SimNode::wipe() {
  store_->wipe();
  is_ailing_ = false;
}

void SimNode::restore_copy() {
  if (const base::Status restored = store_->restore_copy(); !restored.is_ok()) {
    world_.on_broken_store(config_.node_id.value() + ": its copy: " + restored.to_string());
  }
  is_ailing_ = false;
}

void SimNode::stop() {
  if (!program_ || is_paused_ || is_stopping_) return;
  world_.trace.record(index_, EventKind::kStop);
  is_stopping_ = true;
  program_->node.stop([this](const base::Status& status) {
    if (!status.is_ok()) {
      write(base::LogLevel::kError, "cannot stop: " + status.to_string());
    }
    close_store();
  });
  arm();
}

void SimNode::close_store() {
  program_->engine->close([this, life = life_](const base::Status& status) {
    if (!status.is_ok()) {
      write(base::LogLevel::kError, "cannot close its store: " + status.to_string());
    }
    // The program is still on the stack.
    world_.scheduler.after(base::Duration::zero(), [this, life] {
      if (program_ && life == life_) end_program(Ending::kKilled);
    });
  });
}

void SimNode::end_program(Ending ending) {
  is_stopping_ = false;
  is_paused_ = false;
  withheld_.clear();
  ++last_alarm_;
  alarm_at_.reset();
  const bool is_silent = ending == Ending::kPowerCut;
  store_->die(ending);
  program_.reset();
  store_->judge();
  is_ailing_ = store_->ailment() != Ailment::kNone;
  world_.network.drop_machine(index_, is_silent);
  if (power_gone_) std::exchange(power_gone_, nullptr)();
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
  if (timers_first) program_->timers->run_due();
  for (const Withheld& late : std::exchange(withheld_, {})) {
    if (!store_->is_down()) late.event(program_->front, late.bytes);
  }
  if (!store_->is_down()) program_->timers->run_due();
  notice_power();
  arm();
}

void SimNode::set_drift(Drift drift) {
  clock_.set_drift(drift);
  if (program_ && !is_paused_) arm();
}

void SimNode::arm() {
  const std::optional<base::MonotonicTime> deadline = program_->timers->next_deadline();
  if (!deadline) return;
  const base::MonotonicTime when = std::max(world_.scheduler.now(), clock_.true_time_of(*deadline));
  if (alarm_at_ && *alarm_at_ <= when) return;
  alarm_at_ = when;
  world_.scheduler.at(when, [this, alarm = ++last_alarm_] { wake(alarm); });
}

void SimNode::wake(uint64_t alarm) {
  if (alarm != last_alarm_ || !program_ || store_->is_down()) return;
  alarm_at_.reset();
  if (is_paused_) return;
  const std::optional<base::MonotonicTime> deadline = program_->timers->next_deadline();
  if (deadline && *deadline <= clock_.now()) {
    world_.trace.record(index_, EventKind::kWake);
    program_->timers->run_due();
  }
  arm();
}

void SimNode::count_event(std::string_view line) {
  constexpr std::string_view kName = "event=";
  const size_t begin = line.find(kName);
  if (begin == std::string_view::npos) return;
  const std::string_view rest = line.substr(begin + kName.size());
  const std::string_view event = rest.substr(0, rest.find(' '));
  if (life_ > 1 && event == "hash_tree_built") ++world_.tally.sights["hash tree rebuilt"];
  const auto known = world_.tally.events.find(event);
  if (known != world_.tally.events.end()) {
    ++known->second;
  } else {
    world_.tally.events.emplace(event, 1);
  }
}

void SimNode::write(base::LogLevel level, std::string_view line) {
  count_event(line);
  world_.trace.note(index_, EventKind::kLog, line);
  if (level == base::LogLevel::kError && !is_ailing_) {
    world_.on_error_line(config_.node_id.value() + ": " + std::string(line));
  }
}

}  // namespace distkv::sim
