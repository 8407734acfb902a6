#include "sim/report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::sim {

namespace {
constexpr size_t kTextBytesMax = 1 << 20;  // One sentence, with room.
constexpr uint64_t kEntriesMax = 100000;

template <typename Counts>
void encode_counts(const Counts& counts, base::Writer& writer) {
  writer.varint(counts.size());
  for (const auto& [name, count] : counts) {
    writer.bytes(name);
    writer.u64(count);
  }
}

template <typename Counts>
void decode_counts(base::Reader& reader, Counts& counts) {
  const uint64_t size = reader.count(kEntriesMax);
  for (uint64_t i = 0; i < size && !reader.has_failed(); ++i) {
    std::string name(reader.bytes(kTextBytesMax));
    counts[std::move(name)] = reader.u64();
  }
}

void append_count(std::string_view name, uint64_t count, std::string& text) {
  char line[128];
  std::snprintf(line, sizeof line, "  %-40.*s %12" PRIu64 "\n", static_cast<int>(name.size()),
                name.data(), count);
  text.append(line);
}

void append_counts(const char* title, const std::map<std::string, uint64_t>& counts,
                   std::string& text) {
  text.append(title).append("\n");
  for (const auto& [name, count] : counts) append_count(name, count, text);
}

// " --only-faults=crash#3,cut#1", if they are given.
void append_names(std::string_view option, const std::optional<std::set<std::string>>& names,
                  std::string& line) {
  if (!names) return;
  line.append(" ").append(option);
  char separator = '=';
  if (names->empty()) line.push_back(separator);
  for (const std::string& name : *names) {
    line.append(1, separator).append(name);
    separator = ',';
  }
}

void encode_steps(const std::vector<Step>& steps, base::Writer& writer) {
  writer.varint(steps.size());
  for (const Step& step : steps) {
    writer.bytes(step.name);
    writer.u64(static_cast<uint64_t>(step.at.time_since_epoch().count()));
    writer.bytes(step.what);
  }
}

void decode_steps(base::Reader& reader, std::vector<Step>& steps) {
  const uint64_t size = reader.count(kEntriesMax);
  for (uint64_t i = 0; i < size && !reader.has_failed(); ++i) {
    Step step;
    step.name = reader.bytes(kTextBytesMax);
    step.at = base::MonotonicTime(base::Duration(static_cast<int64_t>(reader.u64())));
    step.what = reader.bytes(kTextBytesMax);
    steps.push_back(std::move(step));
  }
}

uint64_t total_of(const std::map<std::string, uint64_t>& counts) {
  uint64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}
}  // namespace

std::string replay_line(const Replay& replay) {
  std::string line = "distkv-sim --seed " + std::to_string(replay.seed);
  if (!replay.scenario.empty()) {
    line.append(" --scenario ").append(replay.scenario).append(" --engine ").append(replay.engine);
    return replay.strike.empty() ? line : line + " --strike " + replay.strike;
  }
  if (replay.is_swarm) line += " --swarm";
  if (replay.nodes > 0) line += " --nodes " + std::to_string(replay.nodes);
  line +=
      " --seconds " + std::to_string(replay.seconds) + " --engine " + std::string(replay.engine);
  if (replay.selection.is_calm) line += " --calm";
  append_names("--only-faults", replay.selection.faults, line);
  append_names("--only-operations", replay.selection.operations, line);
  return line;
}

std::string encode_report(const RunReport& report) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u64(report.seed);
  writer.id128(report.hash);
  writer.u64(static_cast<uint64_t>(report.simulated.count()));
  writer.u64(report.events);
  encode_counts(report.tally.operations, writer);
  encode_counts(report.tally.faults, writer);
  encode_counts(report.tally.events, writer);
  encode_counts(report.tally.sights, writer);
  writer.varint(report.nodes);
  encode_steps(report.steps.faults, writer);
  encode_steps(report.steps.operations, writer);
  writer.varint(report.violations.size());
  for (const Violation& violation : report.violations) {
    writer.bytes(violation.property);
    writer.bytes(violation.details);
  }
  return bytes;
}

bool decode_report(std::string_view bytes, RunReport& report) {
  base::Reader reader(bytes);
  report.seed = reader.u64();
  report.hash = reader.id128();
  report.simulated = base::Duration(static_cast<int64_t>(reader.u64()));
  report.events = reader.u64();
  decode_counts(reader, report.tally.operations);
  decode_counts(reader, report.tally.faults);
  decode_counts(reader, report.tally.events);
  decode_counts(reader, report.tally.sights);
  report.nodes = static_cast<uint32_t>(reader.varint());
  decode_steps(reader, report.steps.faults);
  decode_steps(reader, report.steps.operations);
  const uint64_t violations = reader.count(kEntriesMax);
  for (uint64_t i = 0; i < violations && !reader.has_failed(); ++i) {
    std::string property(reader.bytes(kTextBytesMax));
    report.violations.push_back({std::move(property), std::string(reader.bytes(kTextBytesMax))});
  }
  return reader.is_complete();
}

void Summary::add(const RunReport& report) {
  ++runs_;
  if (!report.violations.empty()) ++failures_;
  events_ += report.events;
  simulated_ += report.simulated;
  tally_.add(report.tally);
  for (size_t i = 0; i < kPoints.size(); ++i) reached_[i] += is_reached(kPoints[i], report.tally);
  // One run keeps its own hash; several are chained.
  if (runs_ == 1) {
    hash_ = report.hash;
    return;
  }
  std::string link;
  base::Writer writer(link);
  writer.id128(hash_);
  writer.id128(report.hash);
  hash_ = base::hash128(link);
}

std::string Summary::unreached() const {
  std::string names;
  for (size_t i = 0; i < kPoints.size(); ++i) {
    if (reached_[i] == 0) names.append(kPoints[i].name).append("\n");
  }
  return names;
}

std::string Summary::points_to_string() const {
  std::string text = "sometimes (runs)\n";
  for (size_t i = 0; i < kPoints.size(); ++i) append_count(kPoints[i].name, reached_[i], text);
  return text;
}

std::string Summary::to_string(base::Duration real) const {
  const double simulated_seconds = static_cast<double>(simulated_.count()) / 1e9;
  const double real_seconds = std::max(1e-9, static_cast<double>(real.count()) / 1e9);
  std::string text;
  append_counts("operations", tally_.operations, text);
  append_counts("faults", tally_.faults, text);
  text.append(points_to_string());
  char line[256];
  std::snprintf(line, sizeof line,
                "%.1f hours of clusters, %" PRIu64 " operations judged, %" PRIu64 " faults\n",
                simulated_seconds / 3600, total_of(tally_.operations), total_of(tally_.faults));
  text.append(line);
  std::snprintf(line, sizeof line,
                "runs %" PRIu64 ", failed %" PRIu64 ", events %" PRIu64
                ", simulated %.1f s in %.2f s: %.0f simulated seconds a second\n",
                runs_, failures_, events_, simulated_seconds, real_seconds,
                simulated_seconds / real_seconds);
  text.append(line);
  return text.append("trace hash ").append(hash_.to_hex()).append("\n");
}

}  // namespace distkv::sim
