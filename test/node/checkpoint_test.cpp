#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "node/checkpoint_name.h"
#include "node/node.h"
#include "storage/map/map_engine.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::node {
namespace {

using base::Code;
using base::Status;

class NoNetwork : public wire::Network {
 public:
  void send_datagram(const base::Endpoint&, std::string_view) override {}
  Status send(const base::Endpoint&, std::string_view) override { return Status::ok(); }
  void reply(base::ConnectionId, std::string_view) override {}
  void close(base::ConnectionId) override {}
};

// An engine that notes where its copies go, and has what to tell of itself.
class CopyingEngine : public storage::map::MapEngine {
 public:
  void checkpoint(const std::string& directory, storage::Done done) override {
    directories.push_back(directory);
    done(answer);
  }
  double pressure() const override { return now.bytes_on_disk > 0 ? 0.625 : 0; }
  storage::Sample sample() const override { return now; }

  std::vector<std::string> directories;
  Status answer;
  storage::Sample now;
};

struct Fixture {
  static Config config() {
    Config config;
    config.node_id = base::NodeId{"node1"};
    config.endpoint = base::Endpoint{"localhost:1"};
    return config;
  }
  Fixture() {
    node.start([](const Status&) {});
    REQUIRE(node.is_serving());
  }
  // Code, message and directory of the answer.
  Status checkpoint(const std::string& name) {
    std::optional<Status> status;
    node.checkpoint({.name = name}, [&](const wire::CheckpointReply& reply) {
      status = Status(reply.code, std::string(reply.message));
      directory = std::string(reply.directory);
      CHECK(reply.node_id == "node1");
    });
    REQUIRE(status.has_value());
    return *status;
  }
  std::string storage_state() {
    std::string state;
    node.status([&](const wire::StatusReply& reply) { state = std::string(reply.storage_state); });
    return state;
  }

  test::HandClock clock;
  test::SilentLog log;
  base::Timers timers{clock};
  CopyingEngine engine;
  NoNetwork network;
  std::string directory;
  Node node{config(),
            {network, engine, timers, clock, log,
             [](const std::string& name) { return base::Result<std::string>("/copies/" + name); }},
            1};
};

TEST_SUITE_BEGIN("checkpoints of a node");

TEST_CASE("a checkpoint goes where the host says, and is answered with its place") {
  Fixture here;

  CHECK(here.checkpoint("monday").is_ok());

  CHECK(here.engine.directories == std::vector<std::string>{"/copies/monday"});
  CHECK(here.directory == "/copies/monday");
}

TEST_CASE("a name that could lead elsewhere never reaches the engine") {
  Fixture here;
  const std::string zero("a\0b", 3);
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../x"), std::string("a/b"),
        std::string("/x"), std::string("a b"), std::string("a\\b"), zero, std::string("\xc3\xa4"),
        std::string(65, 'x')}) {
    CAPTURE(name);
    CHECK(here.checkpoint(name).code() == Code::kInvalidArgument);
    CHECK(here.directory.empty());
  }
  CHECK(here.engine.directories.empty());
  for (const std::string& name : {std::string("..."), std::string(".x"), std::string(64, 'x')}) {
    CHECK(judge_checkpoint_name(name).is_ok());
  }
}

TEST_CASE("why no copy was made comes back as the engine says it") {
  Fixture here;
  here.engine.answer = {Code::kNoSpace, "the disk is full"};

  const Status status = here.checkpoint("monday");

  CHECK(status.code() == Code::kNoSpace);
  CHECK(status.message() == "the disk is full");
  CHECK(here.directory.empty());
}

TEST_CASE("a node that is stopping makes no checkpoint") {
  Fixture here;
  here.node.stop([](const Status&) {});

  CHECK(here.checkpoint("monday").code() == Code::kShuttingDown);
  CHECK(here.engine.directories.empty());
}

TEST_CASE("status tells what is wrong with the store") {
  Fixture here;
  CHECK(here.storage_state() == "ok");
  here.engine.now.tables = 9;
  here.engine.now.tables_damaged = 2;
  CHECK(here.storage_state() == "damaged: 2 of 9 tables");
  here.engine.now.trouble = "full: 3 bytes are free";
  CHECK(here.storage_state() == "full: 3 bytes are free; damaged: 2 of 9 tables");
}

TEST_CASE("status tells how much the store holds and how pressed it is") {
  Fixture here;
  here.engine.now.bytes_on_disk = 4096;

  here.node.status([](const wire::StatusReply& reply) {
    CHECK(reply.bytes_on_disk == 4096);
    CHECK(reply.pressure_permille == 625);
  });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
