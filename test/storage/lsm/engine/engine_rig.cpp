#include "storage/lsm/engine/engine_rig.h"

#include <utility>

namespace distkv::storage::lsm::test {

using base::Status;

EngineRig::EngineRig(Threads threads) : host(1, threads == Threads::kInline, &disk) {
  Options& options = host.options;
  options.memtable_bytes = 64 << 10;
  options.segment_bytes = 64 << 10;
  options.cache_bytes = 64 << 10;
  options.table_bytes = 4 << 10;
  options.table = {};
  options.picker.fan_out = 4;
  options.picker.merge_ratio = 0.5;
  options.picker.base_bytes_min = 0;
  options.picker.debt_bytes_min = 1 << 20;
  options.picker.stretch_bytes = 16 << 10;
  options.ballast_bytes = 64 << 10;
}

EngineRig::~EngineRig() { kill(); }

void EngineRig::open() { engine_ = host.open("/store"); }

Status EngineRig::close() {
  Status closed = host.close(*engine_);
  engine_.reset();
  return closed;
}

void EngineRig::kill() {
  host.forget();
  engine_.reset();
}

std::string EngineRig::update(uint64_t token, bool frees_space,
                              std::function<Decision(const EntryView*)> decide) {
  std::string text = "(no answer)";
  engine_->update({.key = key_at(token, "k"),
                   .frees_space = frees_space,
                   .decide = std::move(decide),
                   .visible = {},
                   .durable = [&text](const Status& status) { text = status.to_string(); }});
  settle();
  return text;
}

std::string EngineRig::put(uint64_t token, const std::string& value) {
  return update(token, false, distkv::storage::test::putting(value));
}

std::string EngineRig::erase(uint64_t token) {
  return update(token, true, distkv::storage::test::erasing());
}

std::string EngineRig::get(uint64_t token) {
  std::string text = "(no answer)";
  engine_->get(key_at(token, "k"), Part::kAll,
               [&text](const auto& found) { text = distkv::storage::test::text_of(found); });
  settle();
  return text;
}

std::string EngineRig::scan_of(Engine& engine, const Snapshot* snapshot) {
  std::string text = "(no answer)";
  Scan scan;
  scan.snapshot = snapshot;
  engine.scan(scan, [&text](const auto& page) { text = distkv::storage::test::text_of(page); });
  settle();
  return text;
}

void EngineRig::flush() {
  (void)engine_->take_snapshot({});
  settle();
}

void EngineRig::wait(base::Duration duration) {
  host.clock.time += duration;
  settle();
}

size_t EngineRig::files(const std::string& part) const {
  size_t count = 0;
  for (const std::string& path : disk.paths()) {
    const bool is_ours = path.starts_with("/store/");
    if (is_ours && path.find(part) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace distkv::storage::lsm::test
