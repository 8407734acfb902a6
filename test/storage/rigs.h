// Engines ready to be tested: each rig owns one, with the disk or the threads behind it under the
// test's hand.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/engine.h"
#include "storage/executor.h"
#include "storage/executors.h"
#include "storage/map/journal.h"

namespace distkv::storage::test {

// A path under the system's temporary directory; what is there is removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A journal whose disk answers when the test says so; `kept` is what would survive a crash.
class ScriptedJournal : public map::Journal {
 public:
  void append(std::vector<Write> batch, Done durable) override;
  // The oldest batch is on disk, or failed.
  void finish_one(const base::Status& status = {});
  void finish_all();
  size_t waiting() const { return waiting_.size(); }
  const std::vector<Write>& kept() const { return kept_; }
  bool answers_inline = false;

 private:
  struct Batch {
    std::vector<Write> writes;
    Done durable;
  };
  std::deque<Batch> waiting_;
  std::vector<Write> kept_;
};

class Rig {
 public:
  virtual ~Rig() = default;
  virtual Engine& engine() = 0;
  // Lets disks and threads go on until nothing is left to do.
  virtual void settle() = 0;
};

std::unique_ptr<Rig> make_memory_rig();
std::unique_ptr<Rig> make_journal_rig();
std::unique_ptr<Rig> make_leveldb_inline_rig();
// Writer and readers take turns as `seed` says.
std::unique_ptr<Rig> make_leveldb_stepped_rig(uint64_t seed);
// Its sizes, too, are as `seed` says: memtables of a few kilobytes, tables of a few rows.
std::unique_ptr<Rig> make_lsm_inline_rig(uint64_t seed);
std::unique_ptr<Rig> make_lsm_stepped_rig(uint64_t seed);

struct RigKind {
  const char* name;
  std::unique_ptr<Rig> (*make)(uint64_t seed);
};
const std::vector<RigKind>& rig_kinds();

// Short ways to ask, for tests that read as sentences.
KeyRef key_at(uint64_t token, std::string_view key, Space space = Space::kData);
Entry entry_of(std::string_view value, std::string_view meta = "m");
std::function<Decision(const EntryView*)> putting(std::string value);
std::function<Decision(const EntryView*)> erasing();
std::function<Decision(const EntryView*)> appending(std::string tail);
void ignore(const base::Status& status);

// An update of which nobody waits for the answer.
void put(Engine& engine, const KeyRef& key, std::string value);
void erase(Engine& engine, const KeyRef& key);
// "value", "(absent)", or the failure's name; settles.
std::string read(Rig& rig, const KeyRef& key);
// "token/key=value ..." of one page, or the failure's name; settles.
std::string scan_text(Rig& rig, const Scan& scan);
std::string text_of(const base::Result<Page>& page);
std::string text_of(const base::Result<std::optional<EntryView>>& entry);

}  // namespace distkv::storage::test
