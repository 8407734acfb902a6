// A small LSM engine on a simulated disk, and short ways to ask it.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_host.h"
#include "storage/rigs.h"

namespace distkv::storage::lsm::test {

using distkv::storage::test::key_at;
using distkv::storage::test::LsmHost;

enum class Threads : uint8_t { kInline, kStepped };

class EngineRig {
 public:
  explicit EngineRig(Threads threads = Threads::kInline);
  ~EngineRig();

  void open();
  base::Status close();
  // Without closing.
  void kill();

  LsmEngine& engine() { return *engine_; }
  const Maintenance& maintenance() const { return engine_->maintenance(); }
  // Settles; "ok" or the failure.
  std::string put(uint64_t token, const std::string& value);
  std::string erase(uint64_t token);
  // Settles; the value, "(absent)" or the failure's name.
  std::string get(uint64_t token);
  // Settles; see distkv::storage::test::text_of.
  std::string scan(const Snapshot* snapshot = nullptr) { return scan_of(*engine_, snapshot); }
  std::string scan_of(Engine& engine, const Snapshot* snapshot = nullptr);
  // What is in memory goes to a table.
  void flush();
  void settle() { host.settle(); }
  // Time for the tick.
  void wait(base::Duration duration);
  // Files of the store with this beginning or end in their names.
  size_t files(const std::string& part) const;

  io::test::SimFileSystem disk{1};
  LsmHost host;

 private:
  std::string update(uint64_t token, bool frees_space,
                     std::function<Decision(const EntryView*)> decide);
  std::unique_ptr<LsmEngine> engine_;
};

}  // namespace distkv::storage::lsm::test
