#include "bin/check/worker.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace distkv::bin::check {

using std::chrono::milliseconds;

namespace {

// Shares of a worker's actions; what is left writes with what the session happens to know.
constexpr double kDoubtfulReads = 0.3;  // Of all; where there is nothing to doubt, the others:
constexpr double kReads = 0.45;
constexpr double kModifications = 0.35;
constexpr double kBlindPuts = 0.06;
constexpr double kDeletes = 0.04;
constexpr double kBlindDeletes = 0.01;
constexpr double kReconnects = 1.0 / 64;  // So that clients spread again after a failover.
constexpr uint32_t kSiblingsWanted = 8;   // From here on a client settles what it reads.
constexpr auto kPauseOfUnreachable = milliseconds(100);

}  // namespace

void Figures::add(const history::Operation& operation) {
  ++counts[static_cast<size_t>(operation.outcome)];
  if (operation.is_ok()) latency.record(*operation.returned_at - operation.invoked_at);
}

ClientOptions turned(ClientOptions options, uint64_t number) {
  auto& servers = options.servers;
  if (servers.empty()) return options;
  const auto first = static_cast<std::ptrdiff_t>(number % servers.size());
  std::rotate(servers.begin(), servers.begin() + first, servers.end());
  return options;
}

Worker::Worker(const Options& options, uint32_t number, uint64_t seed, std::string run, Keys& keys,
               base::Duration pause)
    : options_(options),
      number_(number),
      rng_(seed),
      run_(std::move(run)),
      keys_(keys),
      pause_(pause),
      operations_max_(kOperationsMax / options.clients),
      recorder_(number, options.consistency) {}

void Worker::work(base::MonotonicTime deadline) {
  uint64_t turns = number_;
  Client client(turned(options_.client, turns));
  while (now() < deadline && !is_full()) {
    act(client);
    const bool is_lost = recorder_.history().back().node.empty();
    std::this_thread::sleep_for(is_lost ? kPauseOfUnreachable : pause_);
    if (rng_.chance(kReconnects)) client = Client(turned(options_.client, ++turns));
  }
}

void Worker::act(Client& client) {
  if (rng_.chance(kDoubtfulReads)) {
    if (const auto doubtful = keys_.draw_doubtful(rng_)) {
      return learn(*doubtful, recorder_.get(client, *doubtful));
    }
  }
  const std::string key = keys_.draw(rng_);
  double die = static_cast<double>(rng_.below(1'000'000)) / 1e6;
  const auto falls = [&die](double share) { return (die -= share) < 0; };
  if (falls(kReads)) return learn(key, recorder_.get(client, key));
  if (falls(kModifications)) return modify(client, key);
  if (falls(kBlindPuts)) return write(client, key, std::nullopt);
  if (falls(kDeletes)) return learn(key, recorder_.remove(client, key, known_of(key)));
  if (falls(kBlindDeletes)) return learn(key, recorder_.remove(client, key, std::nullopt));
  write(client, key, known_of(key));
}

// Reads, and writes on what was read; mostly, and always where siblings pile up.
void Worker::modify(Client& client, const std::string& key) {
  const std::optional<Known> known = recorder_.get(client, key);
  learn(key, known);
  if (!known) return;
  const bool must_settle = recorder_.history().back().sibling_count >= kSiblingsWanted;
  if (must_settle || rng_.chance(0.9)) write(client, key, known);
}

void Worker::write(Client& client, const std::string& key, const std::optional<Known>& known) {
  learn(key, recorder_.put(client, key, next_value(), known));
}

void Worker::learn(const std::string& key, std::optional<Known> known) {
  const history::Operation& last = recorder_.history().back();
  if (!last.is_read() && last.outcome == history::Outcome::kUnknown) keys_.doubt(key);
  if (known) session_[key] = std::move(*known);
}

std::optional<Known> Worker::known_of(const std::string& key) const {
  const auto known = session_.find(key);
  if (known == session_.end()) return std::nullopt;
  return known->second;
}

std::string Worker::next_value() {
  return run_ + "." + std::to_string(number_) + "." + std::to_string(++values_);
}

}  // namespace distkv::bin::check
