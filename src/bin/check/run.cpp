#include "bin/check/run.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <utility>

namespace distkv::bin::check {

using base::MonotonicTime;
using history::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A check wants operations to meet, not load: two hundred and fifty a second from each client.
constexpr base::Duration kPauseMin = milliseconds(4);
constexpr milliseconds kPatienceMin = seconds(5);
constexpr auto kProgress = seconds(10);
constexpr auto kLook = milliseconds(500);  // Between two looks at the replicas.
constexpr size_t kReadChunk = 256;         // Keys in one pipeline of last reads.
constexpr int kReadRounds = 20;            // Of those that were not answered, half a second apart.

uint64_t random_number() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::string hex(uint64_t number) { return base::Id128{number, 0}.to_hex().substr(0, 16); }

// Between two operations of a client, so that the whole run fits in what may be recorded.
base::Duration pause_of(const Options& options) {
  const auto share = std::chrono::duration_cast<base::Duration>(options.duration) *
                     static_cast<int64_t>(options.clients) / static_cast<int64_t>(kOperationsMax);
  return std::max(kPauseMin, share);
}

// The clients at work may be impatient on purpose; whoever looks at the end is not.
ClientOptions patient(const Options& options) {
  ClientOptions client = options.client;
  client.timeout = std::max(client.timeout, kPatienceMin);
  return client;
}

template <typename Work>
void in_threads(size_t count, const Work& work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

class Run {
 public:
  Run(const Options& options, const Progress& progress)
      : options_(options),
        progress_(progress),
        seed_(options.seed ? *options.seed : random_number() >> 12),
        run_(hex(random_number())),
        keys_("check." + run_ + ".", options.keys) {}

  Report carry_out() {
    report_.run = run_;
    report_.seed = seed_;
    work();
    const std::vector<std::string> keys = keys_.used();
    report_.keys = keys.size();
    settle(keys);
    read_last(keys);
    judge();
    if (report_.is_well()) clean(keys);
    return std::move(report_);
  }

 private:
  void work() {
    base::Rng rng(seed_);
    const auto clients = static_cast<uint32_t>(options_.clients);
    for (uint32_t number = 0; number < clients; ++number) {
      workers_.push_back(
          std::make_unique<Worker>(options_, number, rng.next(), run_, keys_, pause_of(options_)));
    }
    const MonotonicTime begun = now();
    const MonotonicTime deadline = begun + options_.duration;
    std::thread teller([&] { tell(begun, deadline); });
    in_threads(workers_.size(), [&](size_t i) { workers_[i]->work(deadline); });
    teller.join();
    worked_until_ = now();
    for (const auto& worker : workers_) report_.was_full |= worker->is_full();
  }

  void tell(MonotonicTime begun, MonotonicTime deadline) const {
    while (now() + kProgress < deadline) {
      std::this_thread::sleep_for(kProgress);
      const auto since = std::chrono::duration_cast<seconds>(now() - begun);
      progress_(std::to_string(since.count()) + " s of " +
                std::to_string(options_.duration.count() / 1000) + " s");
    }
  }

  // Looks at every key until its replicas are equal, without reading any: a read would repair them.
  void settle(const std::vector<std::string>& keys) {
    Client client(patient(options_));
    std::map<std::string, Equality> left;  // As last seen.
    for (const std::string& key : keys) left.emplace(key, Equality::kUnanswered);
    std::string why = "there was no time to look at all keys";
    do {
      for (auto each = left.begin(); each != left.end() && !is_settling_over();) {
        each->second = compare(client.explain(each->first), why);
        each = each->second == Equality::kEqual ? left.erase(each) : std::next(each);
      }
      if (!left.empty()) std::this_thread::sleep_for(kLook);
    } while (!left.empty() && !is_settling_over());
    Convergence& found = report_.convergence;
    found.after = std::chrono::duration_cast<milliseconds>(now() - worked_until_);
    for (const auto& [key, equality] : left) {
      ++(equality == Equality::kDifferent ? found.keys_different : found.keys_unanswered);
    }
    if (found.keys_unanswered > 0) found.why = why;
  }
  bool is_settling_over() const { return now() - worked_until_ > options_.settle; }

  // At all where every node is up: that also finds what one replica alone acknowledged.
  Consistency last_level() const {
    const ClusterStatus status = Client(patient(options_)).status();
    const bool are_up = status.error.is_ok() &&
                        std::all_of(status.nodes.begin(), status.nodes.end(), [](const auto& node) {
                          return node.state == "ALIVE" || node.state == "LEFT";
                        });
    return are_up ? Consistency::kAll : Consistency::kQuorum;
  }

  void read_last(const std::vector<std::string>& keys) {
    Client client(patient(options_));
    report_.last_level = last_level();
    std::vector<std::string> left = keys;
    for (int round = 0; round < kReadRounds && !left.empty(); ++round) {
      if (round > 0) std::this_thread::sleep_for(kLook);
      // A replica may have died since.
      if (round == kReadRounds / 2) report_.last_level = Consistency::kQuorum;
      left = read_once(client, left);
    }
    report_.keys_unread = left.size();
  }

  // Returns those without an answer.
  std::vector<std::string> read_once(Client& client, const std::vector<std::string>& keys) {
    std::vector<std::string> unread;
    for (size_t start = 0; start < keys.size(); start += kReadChunk) {
      const size_t end = std::min(start + kReadChunk, keys.size());
      const std::vector<std::string> chunk(keys.begin() + static_cast<std::ptrdiff_t>(start),
                                           keys.begin() + static_cast<std::ptrdiff_t>(end));
      const auto known = last_reader_.get_last(client, chunk, report_.last_level);
      for (size_t i = 0; i < chunk.size(); ++i) {
        if (known[i]) {
          last_known_[chunk[i]] = known[i]->token;
        } else {
          unread.push_back(chunk[i]);
        }
      }
    }
    return unread;
  }

  void judge() {
    std::vector<history::History> histories;
    for (const auto& worker : workers_) {
      report_.contexts_unreadable += worker->recorder().unreadable();
      histories.push_back(worker->recorder().take());
      for (const history::Operation& operation : histories.back()) {
        (operation.is_read() ? report_.reads : report_.writes).add(operation);
      }
    }
    report_.contexts_unreadable += last_reader_.unreadable();
    histories.push_back(last_reader_.take());
    report_.history = history::History(merged(std::move(histories)));
    report_.verdict = history::check(report_.history);
  }

  // What was found at a key in the end is what goes; a write that takes effect later stays.
  void clean(const std::vector<std::string>& keys) {
    std::atomic<size_t> next{0};  // Only hands out places.
    std::atomic<uint64_t> left{0};
    in_threads(options_.clients, [&](size_t thread) {
      Client client(turned(patient(options_), thread));
      for (size_t i = next++; i < keys.size(); i = next++) {
        PutOptions options;
        const auto known = last_known_.find(keys[i]);
        if (known != last_known_.end()) options.context = known->second;
        if (!client.remove(keys[i], options).error.is_ok()) ++left;
      }
    });
    report_.keys_left = left;
  }

  const Options& options_;
  const Progress& progress_;
  uint64_t seed_;
  std::string run_;
  Keys keys_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Recorder last_reader_{static_cast<uint32_t>(options_.clients), Consistency::kAll};
  std::map<std::string, std::string> last_known_;  // Contexts, by key.
  MonotonicTime worked_until_{};
  Report report_;
};

}  // namespace

Equality compare(const Explanation& explanation, std::string& why) {
  if (!explanation.error.is_ok()) return why = explanation.error.message, Equality::kUnanswered;
  const ReplicaView* first = nullptr;
  for (const ReplicaView& replica : explanation.replicas) {
    if (!replica.error.is_ok()) {
      why = replica.id + ": " + replica.error.message;
      return Equality::kUnanswered;
    }
    if (first == nullptr) first = &replica;
    if (replica.digest != first->digest || replica.versions != first->versions) {
      return Equality::kDifferent;
    }
  }
  return Equality::kEqual;
}

bool Report::says_anything() const {
  return writes.count(Outcome::kOk) > 0 && reads.count(Outcome::kOk) > 0 && keys_unread == 0;
}

Report run(const Options& options, const Progress& progress) {
  return Run(options, progress).carry_out();
}

}  // namespace distkv::bin::check
