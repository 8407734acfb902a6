#include "storage/leveldb/read_queue.h"

#include <memory>
#include <utility>

namespace distkv::storage::leveldb {
namespace {

// What an item carries out and back; the reader's thread owns it between `work` and `done`.
struct Trip {
  std::vector<Read> reads;
  std::vector<base::Result<std::optional<Entry>>> results;
};

}  // namespace

void ReadQueue::push(Read read) {
  queue_.push_back(std::move(read));
  if (items_in_flight_ < kItemsInFlightMax) start();
}

void ReadQueue::start() {
  auto trip = std::make_shared<Trip>();
  while (!queue_.empty() && trip->reads.size() < kItemReadsMax) {
    trip->reads.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  ++items_in_flight_;
  readers_.run(
      [trip, &database = database_] {
        for (const Read& read : trip->reads) {
          trip->results.push_back(database.get(read.key, read.part));
        }
      },
      [trip, this] { finish(trip->reads, trip->results); });
}

void ReadQueue::finish(std::vector<Read>& reads,
                       std::vector<base::Result<std::optional<Entry>>>& results) {
  --items_in_flight_;
  if (!queue_.empty()) start();
  for (size_t i = 0; i < reads.size(); ++i) reads[i].done(std::move(results[i]));
}

}  // namespace distkv::storage::leveldb
