#include "server/server.h"

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "base/rng.h"
#include "node/node.h"
#include "runtime/loop.h"
#include "runtime/random_seed.h"
#include "runtime/signals.h"
#include "runtime/stderr_log.h"
#include "runtime/thread_executor.h"
#include "runtime/uv_network.h"
#include "server/native/native_front.h"
#include "storage/leveldb/leveldb_engine.h"
#include "storage/map/map_engine.h"

namespace distkv::server {

using base::Result;
using base::Status;

namespace {

constexpr size_t kReadThreads = 2;  // Disks answer several reads at once; more only switch.
// A drain has bounds of its own; this only guards the promise that a stop ends within 10 s.
constexpr base::Duration kStopMax = std::chrono::seconds(9);

// The parts in the order they are built; destruction runs the other way.
class Server {
 public:
  explicit Server(const ServerOptions& options)
      : options_(options), log_(options.log_level), network_(loop_, log_) {}

  Status run();

 private:
  Result<std::unique_ptr<storage::Engine>> open_engine();
  Status listen();
  void begin_stop();
  void on_stopped(Status status);

  ServerOptions options_;
  runtime::StderrLog log_;
  runtime::Loop loop_;
  std::optional<runtime::ThreadExecutor> writer_;
  std::optional<runtime::ThreadExecutor> readers_;
  std::unique_ptr<storage::Engine> engine_;
  runtime::UvNetwork network_;
  std::optional<node::Node> node_;
  std::optional<native::NativeFront> front_;
  Status ended_;
  bool is_stopping_ = false;
};

Result<std::unique_ptr<storage::Engine>> Server::open_engine() {
  if (options_.engine == EngineKind::kMemory) {
    return std::unique_ptr<storage::Engine>(std::make_unique<storage::map::MapEngine>());
  }
  writer_.emplace(loop_, 1);
  readers_.emplace(loop_, kReadThreads);
  storage::leveldb::Options engine_options;
  engine_options.directory = options_.data_dir;
  auto opened = storage::leveldb::LevelDbEngine::open(engine_options, *writer_, *readers_);
  if (!opened.is_ok()) return opened.status();
  return std::unique_ptr<storage::Engine>(std::move(*opened));
}

Status Server::listen() {
  const Status bound = network_.bind(options_.address);
  if (!bound.is_ok()) return bound;
  if (options_.node.endpoint.value().empty()) options_.node.endpoint = network_.bound_endpoint();
  return node::validate(options_.node);
}

Status Server::run() {
  // The address first: it is the cheaper thing to find taken.
  if (const Status listening = listen(); !listening.is_ok()) return listening;
  auto engine = open_engine();
  if (!engine.is_ok()) return engine.status();
  engine_ = std::move(*engine);
  node_.emplace(options_.node, node::Host{network_, *engine_, loop_.timers(), loop_, log_},
                runtime::random_seed());
  front_.emplace(*node_, network_);
  if (const Status started = network_.start(*front_); !started.is_ok()) return started;
  runtime::Signals signals(loop_);
  signals.on(SIGTERM, [this] { begin_stop(); });
  signals.on(SIGINT, [this] { begin_stop(); });
  node_->start([this](const Status& status) {
    if (!status.is_ok()) {
      ended_ = status;
      return loop_.stop();
    }
    log_.info("serving", {{"node", node_->id().value()},
                          {"address", options_.node.endpoint.value()},
                          {"cluster", options_.node.cluster_name},
                          {"engine", options_.node.engine_name}});
  });
  if (ended_.is_ok()) loop_.run();
  if (writer_) writer_->stop();
  if (readers_) readers_->stop();
  return ended_;
}

void Server::begin_stop() {
  if (std::exchange(is_stopping_, true)) return;
  log_.info("stopping", {{"node", node_->id().value()}});
  loop_.timers().start(kStopMax, [this] {
    on_stopped(
        {base::Code::kTimedOut, "the node could not stop in order; the next start recovers"});
  });
  node_->stop([this](Status status) { on_stopped(std::move(status)); });
}

void Server::on_stopped(Status status) {
  ended_ = std::move(status);
  if (ended_.is_ok()) log_.info("stopped", {{"node", node_->id().value()}});
  loop_.stop();
}

}  // namespace

Status run(const ServerOptions& options) { return Server(options).run(); }

}  // namespace distkv::server
