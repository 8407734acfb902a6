#include "server/server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

#include "node/node.h"
#include "runtime/loop.h"
#include "runtime/random_seed.h"
#include "runtime/signals.h"
#include "runtime/stderr_log.h"
#include "runtime/uv_network.h"
#include "server/native/native_front.h"

namespace distkv::server {

using base::Status;

namespace {

// Of the disk, for writes that other nodes missed: room enough for hours, and harmless to the rest.
constexpr uint64_t kHintDiskPercent = 10;
// A drain has bounds of its own; this only guards the promise that a stop ends within 10 s.
constexpr base::Duration kStopMax = std::chrono::seconds(9);

// The parts in the order they are built; destruction runs the other way.
class Server {
 public:
  explicit Server(const ServerOptions& options)
      : options_(options), log_(options.log_level), store_(loop_, log_), network_(loop_, log_) {}

  Status run();

 private:
  Status listen();
  Status open_store();
  Status serve();
  void begin_stop();
  void end(Status status);
  Status close_store();
  void give_up();

  ServerOptions options_;
  runtime::StderrLog log_;
  runtime::Loop loop_;
  Store store_;
  runtime::UvNetwork network_;
  std::optional<node::Node> node_;
  std::optional<native::NativeFront> front_;
  std::optional<runtime::Signals> signals_;  // Until the very end: a second signal kills nothing.
  Status ended_;
  bool has_ended_ = false;
  bool is_stopping_ = false;
  bool is_looping_ = false;
};

Status Server::listen() {
  const Status bound = network_.bind(options_.address);
  if (!bound.is_ok()) return bound;
  if (options_.node.endpoint.value().empty()) options_.node.endpoint = network_.bound_endpoint();
  return node::validate(options_.node);
}

Status Server::run() {
  // The address first: it is the cheaper thing to find taken.
  if (const Status listening = listen(); !listening.is_ok()) return listening;
  if (const Status opened = open_store(); !opened.is_ok()) return opened;
  const Status served = serve();
  // A failure to close is told only where nothing failed before.
  const Status closed = close_store();
  store_.stop();
  if (served.is_ok() && closed.is_ok()) log_.info("stopped", {{"node", node_->id().value()}});
  return served.is_ok() ? closed : served;
}

Status Server::open_store() {
  // Not the loop's clock: that stands still within a turn.
  const auto began = std::chrono::steady_clock::now();
  if (Status opened = store_.open(options_.store); !opened.is_ok()) return opened;
  const uint64_t disk_bytes = store_.disk_bytes();
  if (disk_bytes > 0) options_.node.hints.bytes_max = disk_bytes / 100 * kHintDiskPercent;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  log_.info("store_opened", {{"engine", options_.node.engine_name},
                             {"directory", options_.store.data_dir},
                             {"milliseconds", static_cast<uint64_t>(took.count())}});
  return Status::ok();
}

// From an open store to the end of the node, whichever way it came.
Status Server::serve() {
  node::Host host{network_, store_.engine(), loop_.timers(), loop_, log_};
  host.checkpoint_path = [this](const std::string& name) { return store_.checkpoint_path(name); };
  node_.emplace(options_.node, host, runtime::random_seed());
  front_.emplace(*node_, network_);
  if (Status started = network_.start(*front_); !started.is_ok()) return started;
  signals_.emplace(loop_);
  signals_->on(SIGTERM, [this] { begin_stop(); });
  signals_->on(SIGINT, [this] { begin_stop(); });
  node_->start([this](const Status& status) {
    if (!status.is_ok()) return end(status);
    log_.info("serving", {{"node", node_->id().value()},
                          {"address", options_.node.endpoint.value()},
                          {"cluster", options_.node.cluster_name},
                          {"engine", options_.node.engine_name}});
  });
  is_looping_ = !has_ended_;
  if (is_looping_) loop_.run();
  is_looping_ = false;
  return ended_;
}

void Server::begin_stop() {
  if (std::exchange(is_stopping_, true)) return;
  log_.info("stopping", {{"node", node_->id().value()}});
  loop_.timers().start(kStopMax, [this] { give_up(); });
  node_->stop([this](Status status) { end(std::move(status)); });
}

void Server::end(Status status) {
  ended_ = std::move(status);
  has_ended_ = true;
  is_stopping_ = true;
  if (is_looping_) loop_.stop();
}

Status Server::close_store() {
  std::optional<Status> closed;
  store_.engine().close([&closed](const Status& status) { closed = status; });
  if (!loop_.run_until([&closed] { return closed.has_value(); }, kStopMax)) give_up();
  return *closed;
}

// The disk may hang for as long as it likes, and threads that wait for it cannot be joined. What
// was answered is on disk; the rest is as after a crash.
void Server::give_up() {
  log_.error("stop_timed_out",
             {{"why", "the store did not close in time; the next start recovers"}});
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

Status run(const ServerOptions& options) { return Server(options).run(); }

}  // namespace distkv::server
