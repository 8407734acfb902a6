#include "sim/simulation.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "sim/cluster.h"
#include "sim/faults.h"
#include "sim/run_plan.h"
#include "sim/scenario_player.h"
#include "sim/workload.h"

namespace distkv::sim {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

// Between two looks at the violations and at what is awaited.
constexpr base::Duration kSlice = milliseconds(50);
constexpr base::Duration kScriptSlice = milliseconds(1);
constexpr base::Duration kFormingMax = seconds(60);
// From the end of the last fault until all replicas agree.
constexpr base::Duration kHealingMax = seconds(90);

// Its number among the clients: beyond all others.
constexpr uint32_t kReader = 1000;

ClientHabits reader_habits() {
  ClientHabits habits;
  habits.patience = seconds(3);
  return habits;
}

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options),
        rng_(options.seed),
        plan_(draw_run(options, rng_)),
        trace_(scheduler_, options.is_traced ? stdout : nullptr),
        strikes_(options.strike),
        steps_(scheduler_, options.selection, options.keeps_steps),
        network_(scheduler_, trace_, tally_, rng_.fork()),
        world_{scheduler_,
               trace_,
               network_,
               tally_,
               strikes_,
               {options.engine, plan_.workload.is_large.per_million > 0},
               [this](const std::string& line) { complain("log", line); },
               [this](const std::string& what) { complain("store", what); }},
        recorder_(scheduler_, truth_, violations_, tally_, trace_),
        // Braces where arguments draw twice: only they have an order that all compilers keep.
        cluster_{world_, plan_.cluster, truth_, violations_, rng_.fork()},
        client_world_{scheduler_, trace_, network_, recorder_, cluster_.endpoints()},
        workload_(client_world_, plan_.workload, steps_, rng_.fork()),
        reader_(client_world_, kReader, reader_habits(), rng_.fork()),
        faults_(victims(), plan_.faults, rng_.fork()) {
    if (options.until) end_ = base::MonotonicTime(seconds(*options.until));
    if (!options.scenario) return;
    player_.emplace(theatre(), *options.scenario, !options.strike, rng_.fork());
    network_.set_strikes(strikes_, plan_.cluster.nodes);
  }

  RunReport run() {
    recorder_.set_witness(cluster_);
    NetworkRates rates = plan_.faults.network;
    if (options_.selection.is_calm) rates = NetworkRates{rates.latency};
    network_.open(rates);
    if (form() && suffer() && heal()) judge();
    if (violations_.empty()) judge_stores();
    tally_.operations["record collected"] += cluster_.records_taken_away();
    RunReport report;
    report.seed = options_.seed;
    report.hash = trace_.hash();
    report.simulated = scheduler_.elapsed();
    report.events = scheduler_.events_run();
    report.tally = tally_;
    report.violations = violations_;
    report.nodes = plan_.cluster.nodes;
    report.steps = steps_.list();
    report.places = strikes_.places();
    return report;
  }

 private:
  Victims victims() {
    std::vector<MachineIndex> machines;
    for (const SimNode* node : cluster_.nodes()) machines.push_back(node->index());
    for (const MachineIndex client : workload_.machines()) machines.push_back(client);
    return {scheduler_, network_, trace_, tally_, steps_, cluster_.nodes(), std::move(machines)};
  }

  Theatre theatre() {
    return {network_, cluster_, client_world_,
            [this](base::Duration most, const std::function<bool()>& condition) {
              return run_until(most, condition, kScriptSlice);
            },
            [this](const std::string& what) { complain("scenario", what); }};
  }

  void complain(const std::string& property, const std::string& details) {
    violations_.push_back({property, details});
  }
  bool is_over() const {
    return !violations_.empty() || !network_.complaint().empty() ||
           (end_ && scheduler_.now() >= *end_);
  }

  // Runs until `condition` holds: true; false if the run is over or `most` has passed.
  template <typename Condition>
  bool run_until(base::Duration most, Condition condition, base::Duration slice = kSlice) {
    const base::MonotonicTime deadline = scheduler_.now() + most;
    while (!is_over()) {
      if (condition()) return true;
      if (scheduler_.now() >= deadline) return false;
      scheduler_.run_until(std::min(deadline, scheduler_.now() + slice));
    }
    if (!network_.complaint().empty()) complain("wire", network_.complaint());
    return false;
  }

  const std::vector<std::string>& keys() const { return workload_.keys(); }
  bool are_clients_idle() const { return workload_.is_idle() && (!player_ || player_->is_idle()); }
  bool has_lost_disk() const {
    return faults_.has_wiped() || (player_ && player_->has_lost_disk());
  }
  bool has_ended_programs() const {
    if (options_.strike) return true;
    return faults_.has_ended_programs() || (player_ && player_->has_ended_programs());
  }

  bool form() {
    cluster_.start();
    if (run_until(kFormingMax, [this] { return cluster_.is_formed(); })) return true;
    if (!is_over()) complain("forming", "the nodes have not formed one cluster in time");
    return false;
  }

  bool suffer() {
    if (player_) return play();
    workload_.start();
    faults_.start();
    cluster_.start_latecomers();
    run_until(seconds(options_.seconds), [] { return false; });
    return !is_over();
  }

  void note_strike() {
    if (!options_.strike) return;
    const Strike& strike = *options_.strike;
    const bool is_disk = strike.kind == StrikeKind::kDisk;
    const SimStore& store = cluster_.nodes()[strike.node]->store();
    if (is_disk ? store.has_failed_call() : strikes_.has_struck()) {
      ++tally_.faults["strike: " + std::string(name_of(strike.kind))];
    }
  }

  bool play() {
    std::vector<uint64_t> calls;
    for (SimNode* node : cluster_.nodes()) calls.push_back(node->store().calls());
    if (options_.strike && options_.strike->kind == StrikeKind::kDisk) {
      cluster_.nodes()[options_.strike->node]->fail_disk_in(options_.strike->nth);
    }
    strikes_.set_counting(true);
    const bool has_played = player_->play();
    strikes_.set_counting(false);
    for (uint32_t i = 0; i < calls.size(); ++i) {
      const uint64_t now = cluster_.nodes()[i]->store().calls();
      // Fewer: of another disk.
      strikes_.add(StrikeKind::kDisk, i, now < calls[i] ? now : now - calls[i]);
    }
    note_strike();
    if (!has_played && !is_over()) complain("scenario", "an operation has not ended");
    return !is_over();
  }

  // Everything runs and every way is open: within bounded time all must be well again.
  bool heal() {
    workload_.stop();
    if (player_) player_->heal();
    faults_.heal();
    const base::MonotonicTime deadline = scheduler_.now() + kHealingMax;
    const auto rest = [&] { return deadline - scheduler_.now(); };
    const auto is_well = [this] { return are_clients_idle() && cluster_.is_formed(); };
    if (!run_until(rest(), is_well)) return fail_to_heal("members or layout have not settled");
    cluster_.await_hints(kHealingMax);
    if (!run_until(rest(), [this] { return cluster_.has_awaited_hints(); })) {
      return fail_to_heal("a wait for all hints has not ended");
    }
    const bool is_quiet = run_until(rest(), [this] {
      return are_clients_idle() && cluster_.is_formed() && cluster_.has_no_hints();
    });
    if (!is_quiet) return fail_to_heal("members, layout or hints have not settled");
    if (!run_until(rest(), [this] { return cluster_.holds_no_requests(); })) {
      return fail_to_heal("a request holds memory although all are answered");
    }
    if (!has_built_trees(rest())) return false;
    if (cluster_.plan().has_anti_entropy) return becomes_equal(rest());
    // As long as no program ended, hints alone must have brought every write to every replica, but
    // for partitions that a node knows to have missed one.
    const auto has_converged_by_hints = [this] {
      return differences(kCleanPartitions).empty() && cluster_.has_no_hints();
    };
    if (!has_ended_programs() && !run_until(rest(), has_converged_by_hints)) {
      return fail_to_heal("replicas differ although every hint was delivered");
    }
    while (true) {
      read_next_ = 0;
      read_all();
      const auto has_read = [this] { return read_next_ == keys().size(); };
      if (!run_until(rest(), has_read)) return fail_to_heal("not every key can be read at all");
      if (run_until(kSlice * 4, [this] { return has_converged(); })) return true;
      if (is_over() || rest() <= base::Duration::zero()) return fail_to_heal("replicas differ");
    }
  }

  bool has_built_trees(base::Duration most) {
    std::string complaint;
    const auto is_right = [&] {
      complaint = cluster_.complaint_of_trees(keys());
      return complaint.empty();
    };
    return run_until(most, is_right) || fail_to_heal(complaint);
  }

  // Nobody reads, nobody writes.
  bool becomes_equal(base::Duration most) {
    const auto is_equal = [this] { return has_converged() && cluster_.unequal_roots().empty(); };
    if (!run_until(most, is_equal)) return fail_to_heal("anti-entropy has not made replicas equal");
    return has_built_trees(kSlice * 4);
  }

  bool fail_to_heal(const std::string& what) {
    if (!is_over()) complain("P5", "after healing: " + what);
    return false;
  }

  // Reads each key at `all` until it is answered, which repairs every replica of it.
  void read_all() {
    if (read_next_ == keys().size()) return;
    Request request;
    request.key = keys()[read_next_];
    request.consistency = wire::Consistency::kAll;
    reader_.run(std::move(request), [this](base::Code code) {
      if (code == base::Code::kOk) ++read_next_;
      scheduler_.after(milliseconds(10), [this] { read_all(); });
    });
  }

  enum Partitions { kAllPartitions, kCleanPartitions };
  Violations differences(Partitions partitions) const {
    Violations found;
    for (const std::string& key : keys()) {
      if (partitions == kCleanPartitions && cluster_.is_dirty(key)) continue;
      check_convergence(key, cluster_.records_of(key), found);
    }
    return found;
  }
  bool has_converged() const {
    return differences(kAllPartitions).empty() && cluster_.has_no_hints();
  }

  void judge() {
    const bool has_wiped = has_lost_disk();
    for (const std::string& key : keys()) {
      const FinalRecord record = cluster_.records_of(key).front();
      DotSet seen;
      if (!record.meta.empty()) {
        const auto decoded = causality::decode_record(record.meta, record.values);
        if (decoded.is_ok()) seen = truth_.key(key).covered(decoded->seen);
        if (decoded.is_ok()) check_gone(truth_, key, *decoded, violations_);
      }
      seen.merge(truth_.key(key).gone());
      check_durability(truth_, recorder_.history(), key, seen, has_wiped, violations_);
    }
    check_refusals(truth_, recorder_.history(), violations_);
    history::Promises promises = promises_of(cluster_.plan());
    promises.keeps_disks = !has_wiped;
    check_order(recorder_.history(), promises, violations_);
  }

  // Every store once more, after the last word of its program.
  void judge_stores() {
    for (SimNode* node : cluster_.nodes()) node->crash(Ending::kPowerCut);
  }

  Options options_;
  base::Rng rng_;
  const RunPlan plan_;
  Scheduler scheduler_;
  Trace trace_;
  Tally tally_;
  Truth truth_;
  Violations violations_;
  Strikes strikes_;
  Steps steps_;
  SimNetwork network_;
  World world_;
  Recorder recorder_;
  Cluster cluster_;
  ClientWorld client_world_;
  Workload workload_;
  SimClient reader_;
  Faults faults_;
  std::optional<ScenarioPlayer> player_;
  std::optional<base::MonotonicTime> end_;
  size_t read_next_ = 0;
};

}  // namespace

RunReport simulate(const Options& options) {
  // On the heap: its machines hold references to one another.
  return std::make_unique<Simulation>(options)->run();
}

}  // namespace distkv::sim
