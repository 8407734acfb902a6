#include "sim/observed_engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::sim {

using base::Result;
using base::Status;
using storage::EntryView;
using storage::KeyRef;
using storage::Part;
using storage::Write;

struct ObservedEngine::Asked {
  Write write;
  bool is_change = false;
  CommitNumber number = 0;  // Its own, or of what it saw.
};

ObservedEngine::ObservedEngine(std::unique_ptr<storage::Engine> engine, StoreAccount& account,
                               std::function<void()> committed)
    : engine_(std::move(engine)),
      account_(account),
      committed_(std::move(committed)),
      entered_(engine_->sample().writes) {}

ObservedEngine::~ObservedEngine() { catch_up(); }

CommitNumber ObservedEngine::enter(std::vector<Write> writes) {
  entered_ += writes.size();
  const CommitNumber number = account_.add(std::move(writes));
  committed_();
  return number;
}

void ObservedEngine::catch_up(uint64_t fresh) {
  const uint64_t visible = engine_->sample().writes - fresh;
  while (!waiting_.empty() && entered_ + waiting_.front()->writes.size() <= visible) {
    const std::shared_ptr<Batch> batch = std::move(waiting_.front());
    waiting_.pop_front();
    batch->number = enter(std::move(batch->writes));
  }
  DISTKV_CHECK(entered_ == visible);
}

Result<storage::Lookup> ObservedEngine::try_get(const KeyRef& key, Part part, EntryView& found) {
  const auto lookup = engine_->try_get(key, part, found);
  if (!lookup.is_ok() || *lookup != storage::Lookup::kFound) return lookup;
  catch_up();
  account_.promise_shown(key, found, part);
  return lookup;
}

void ObservedEngine::get(const KeyRef& key, Part part, storage::GetDone done) {
  const KeyRef place{key.space, key.token, {}};
  engine_->get(key, part,
               [this, place, name = std::string(key.key), part,
                done = std::move(done)](Result<std::optional<EntryView>> found) {
                 catch_up();
                 if (found.is_ok() && found->has_value()) {
                   account_.promise_shown({place.space, place.token, name}, **found, part);
                 }
                 done(std::move(found));
               });
}

void ObservedEngine::update(storage::Update update) {
  const auto asked = std::make_shared<Asked>();
  asked->write = {update.key.space, update.key.token, std::string(update.key.key), std::nullopt};
  const bool is_group = update.durability == storage::Durability::kGroup;
  const bool is_replaced = !update.replaces_damaged.empty();
  update.decide = [this, asked, is_replaced,
                   decide = std::move(update.decide)](const EntryView* current) {
    catch_up();
    const Write& write = asked->write;
    if (current == nullptr) {
      account_.forget_if_excused({write.space, write.token, write.key}, is_replaced);
    }
    asked->number = account_.writer_of({asked->write.space, asked->write.token, asked->write.key});
    storage::Decision decision = decide(current);
    asked->is_change = decision.action != storage::Decision::Action::kKeep;
    if (decision.action == storage::Decision::Action::kPut) asked->write.entry = decision.entry;
    return decision;
  };
  update.visible = [this, asked, visible = std::move(update.visible)] {
    if (asked->is_change) {
      catch_up(1);
      asked->number = enter({std::move(asked->write)});
    }
    if (visible) visible();
  };
  update.durable = [this, asked, is_group, durable = std::move(update.durable)](Status status) {
    if (status.is_ok() && is_group) account_.promise(asked->number);
    durable(std::move(status));
  };
  engine_->update(std::move(update));
}

void ObservedEngine::write(std::vector<Write> batch, storage::Durability durability,
                           storage::Done done) {
  const auto waiting = std::make_shared<Batch>();
  waiting->writes = batch;
  catch_up();
  waiting_.push_back(waiting);
  engine_->write(std::move(batch), durability,
                 [this, waiting, durability, done = std::move(done)](Status status) {
                   catch_up();
                   // Refused: it never was visible.
                   std::erase(waiting_, waiting);
                   if (status.is_ok() && durability == storage::Durability::kGroup) {
                     account_.promise(waiting->number);
                   }
                   done(std::move(status));
                 });
  catch_up();
}

std::unique_ptr<storage::Snapshot> ObservedEngine::take_snapshot(const storage::Range& range) {
  return engine_->take_snapshot(range);
}

void ObservedEngine::scan(const storage::Scan& scan, storage::ScanDone done) {
  engine_->scan(scan, [this, space = scan.range.space, part = scan.part,
                       done = std::move(done)](Result<storage::Page> page) {
    catch_up();
    if (page.is_ok()) {
      for (const storage::Item& item : page->items) {
        account_.promise_shown({space, item.token, item.key}, {item.entry.meta, item.entry.value},
                               part);
      }
    }
    done(std::move(page));
  });
}

void ObservedEngine::drop_range(const storage::Range&, storage::Done done) {
  done({base::Code::kInvalidArgument, "the simulator keeps no account of dropped ranges"});
}

void ObservedEngine::sync(storage::Done done) {
  catch_up();
  engine_->sync([this, through = account_.last(), done = std::move(done)](Status status) {
    if (status.is_ok()) account_.promise(through);
    done(std::move(status));
  });
}

void ObservedEngine::close(storage::Done done) {
  engine_->close([this, done = std::move(done)](Status status) {
    catch_up();
    if (status.is_ok()) account_.promise(account_.last());
    done(std::move(status));
  });
}

// From here on whatever the damage may have hidden may be gone.
void ObservedEngine::heal(std::vector<uint64_t> ids, storage::Done done) {
  for (const storage::DamagedRange& damaged : engine_->damaged()) {
    if (std::find(ids.begin(), ids.end(), damaged.id) != ids.end()) account_.excuse(damaged.range);
  }
  engine_->heal(std::move(ids), std::move(done));
}

void ObservedEngine::checkpoint(const std::string& directory, storage::Done done) {
  engine_->checkpoint(directory, std::move(done));
}

}  // namespace distkv::sim
