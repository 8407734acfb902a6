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

// Does everything within the call.
class InlineExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override;
};

// Does nothing until told to, one half of an item at a time.
class SteppedExecutor : public Executor {
 public:
  // `threads` items may be between work and done at once, and finish in any order.
  explicit SteppedExecutor(size_t threads) : threads_(threads) {}
  void run(std::function<void()> work, std::function<void()> done) override;
  bool is_idle() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  void step(base::Rng& rng);

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
    bool is_worked = false;
  };
  size_t threads_;
  std::deque<Item> items_;
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
