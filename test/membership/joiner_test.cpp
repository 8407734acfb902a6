#include "membership/joiner.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "membership/cluster.h"

namespace distkv::membership::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A node that is in a cluster, or is looking for one; it answers join requests as a node does.
class Seeker : public JoinListener {
 public:
  Seeker(World& world, size_t index, std::vector<base::Endpoint> seeds, std::string cluster_name)
      : world_(world),
        index_(index),
        name_(std::move(cluster_name)),
        id_(id_of(index)),
        endpoint_(endpoint_of(index)),
        port_(endpoint_, world.fabric),
        rpc_(port_, world.timers, encoder_),
        environment_{port_, rpc_, encoder_, world.timers, world.clock, world.log} {
    request_.cluster_name = name_;
    request_.member.id = id_.value();
    request_.member.endpoint = endpoint_.value();
    request_.member.incarnation.generation = 1;
    request_.weight = 1;
    joiner_ = std::make_unique<Joiner>(std::move(seeds), request_, environment_, *this);
  }
  ~Seeker() override { world_.fabric.silence(endpoint_); }

  void start() {
    world_.fabric.listen(endpoint_, {.on_datagram = {},
                                     .on_request = [this](const auto& f) { return answer(f); },
                                     .rpc = &rpc_});
    joiner_->start();
  }
  Joiner& joiner() { return *joiner_; }

  void on_found() override { enter(base::ClusterId{base::Id128{7, index_}}); }
  void on_joined(const wire::JoinReply& reply) override { enter(reply.cluster_id); }
  void on_join_refused(const base::Status& why) override { refusal = why; }

  std::optional<base::ClusterId> cluster;
  std::optional<base::Status> refusal;
  base::MonotonicTime entered_at{};

 private:
  void enter(base::ClusterId id) {
    CHECK_FALSE(cluster.has_value());
    cluster = id;
    entered_at = world_.clock.time;
  }

  std::string answer(const wire::FrameView& frame) {
    const auto request = wire::decode<wire::JoinRequest>(frame);
    REQUIRE_MESSAGE(request.is_ok(), request.status().to_string());
    wire::JoinReply reply;
    if (request->cluster_name != name_) {
      return std::string(
          encoder_.encode(wire::ErrorReply{base::Code::kWrongCluster, "this is cluster " + name_},
                          frame.request_id));
    }
    reply.code = cluster ? base::Code::kOk : base::Code::kUnavailable;
    reply.cluster_id = cluster.value_or(base::ClusterId{});
    reply.cluster_name = name_;
    return std::string(encoder_.encode(reply, frame.request_id));
  }

  World& world_;
  size_t index_;
  std::string name_;
  base::NodeId id_;
  base::Endpoint endpoint_;
  Port port_;
  wire::Encoder encoder_;
  wire::Rpc rpc_;
  Environment environment_;
  wire::JoinRequest request_;
  std::unique_ptr<Joiner> joiner_;
};

std::vector<base::Endpoint> endpoints(std::initializer_list<size_t> indexes) {
  std::vector<base::Endpoint> all;
  for (const size_t index : indexes) all.push_back(endpoint_of(index));
  return all;
}

TEST_SUITE_BEGIN("joiner");

TEST_CASE("a node without seeds founds a cluster at once") {
  World world(1);
  Seeker alone(world, 0, {}, "test");
  alone.start();
  CHECK(alone.cluster.has_value());
}

TEST_CASE("a node that is its own only seed founds a cluster at once") {
  World world(1);
  Seeker alone(world, 0, endpoints({0}), "test");
  alone.start();
  CHECK(alone.cluster.has_value());
}

TEST_CASE("nodes with equal seed lists started together form one cluster") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    World world(seed);
    std::vector<std::unique_ptr<Seeker>> seekers;
    for (size_t i = 0; i < 5; ++i) {
      seekers.push_back(std::make_unique<Seeker>(world, i, endpoints({2, 0, 1}), "test"));
    }
    base::Rng rng(seed);
    for (auto& seeker : seekers) {
      world.run(milliseconds(rng.below(500)));
      seeker->start();
    }
    world.run(seconds(10));
    for (auto& seeker : seekers) {
      CHECK(seeker->cluster == base::ClusterId{base::Id128{7, 2}});
    }
  }
}

TEST_CASE("a node with seeds that refuse never founds, and says every 5 s that it waits") {
  World world(1);
  Seeker waiting(world, 1, endpoints({0, 1, 2}), "test");
  waiting.start();
  world.run(seconds(61));
  CHECK_FALSE(waiting.cluster.has_value());
  CHECK_FALSE(waiting.refusal.has_value());
  CHECK(world.log.count("event=waiting_for_seeds") <= 13);
  CHECK(world.log.count("event=waiting_for_seeds") >= 10);
  CHECK(world.log.lines.front().find("10.0.0.0:7000,10.0.0.2:7000") != std::string::npos);

  Seeker founder(world, 0, endpoints({0}), "test");
  founder.start();
  world.run(seconds(1));
  CHECK(waiting.cluster == founder.cluster);
}

TEST_CASE("the first seed founds when the others refuse, without waiting") {
  World world(1);
  Seeker founder(world, 0, endpoints({0, 1, 2}), "test");
  founder.start();
  world.run(seconds(1));
  CHECK(founder.cluster.has_value());
}

TEST_CASE("the first seed waits 3 s for others that are silent before it founds") {
  World world(1);
  Seeker founder(world, 0, endpoints({0, 1, 2}), "test");
  world.fabric.cut(endpoint_of(0), endpoint_of(1));
  const base::MonotonicTime begin = world.clock.time;
  founder.start();
  world.run(seconds(10));
  REQUIRE(founder.cluster.has_value());
  CHECK(founder.entered_at - begin >= kFounderPatience);
  CHECK(founder.entered_at - begin <= seconds(5));
}

TEST_CASE("the first seed joins rather than founds when another has a cluster") {
  World world(1);
  Seeker old(world, 1, {}, "test");
  old.start();
  Seeker founder(world, 0, endpoints({0, 2, 1}), "test");
  founder.start();
  world.run(seconds(10));
  CHECK(founder.cluster == old.cluster);
}

TEST_CASE("a seed of another cluster refuses for good, and is named") {
  World world(1);
  Seeker other(world, 1, {}, "other");
  other.start();
  Seeker lost(world, 0, endpoints({0, 1}), "test");
  lost.start();
  world.run(seconds(10));
  CHECK_FALSE(lost.cluster.has_value());
  REQUIRE(lost.refusal.has_value());
  CHECK(lost.refusal->code() == base::Code::kWrongCluster);
  CHECK(lost.refusal->message().find("10.0.0.1:7000") != std::string::npos);
  CHECK(lost.refusal->message().find("this is cluster other") != std::string::npos);
}

TEST_CASE("a stopped joiner asks no more and hears no late answer") {
  World world(1);
  Seeker old(world, 1, {}, "test");
  old.start();
  Seeker leaving(world, 0, endpoints({1}), "test");
  leaving.start();
  leaving.joiner().stop();
  world.run(seconds(10));
  CHECK_FALSE(leaving.cluster.has_value());
  CHECK(world.timers.size() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::membership::test
