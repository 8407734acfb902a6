#include "membership/membership.h"

#include <doctest/doctest.h>

#include "membership/cluster.h"

namespace distkv::membership::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// How long until each survivor believes `state` of node 0, which is killed at once.
base::Duration time_to_believe(Cluster& cluster, MemberState state, base::Duration span) {
  cluster.kill(0);
  return cluster.world.run_until(
      [&] { return cluster.count_believing(0, state) == cluster.nodes.size() - 1; }, span);
}

double milliseconds_of(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

TEST_SUITE_BEGIN("membership");

TEST_CASE("a killed node is suspected within 1.9 s and dead within 4 s, in a cluster of three") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    Cluster suspecting(seed, 3);
    suspecting.world.run(milliseconds(seed * 37));
    CHECK(time_to_believe(suspecting, MemberState::kSuspect, seconds(10)) <= milliseconds(1900));

    Cluster burying(seed, 3);
    burying.world.run(milliseconds(seed * 37));
    CHECK(time_to_believe(burying, MemberState::kDead, seconds(10)) <= seconds(4));
  }
}

TEST_CASE("a killed node is dead to all in time where 30 % is lost: 5 s of ten, 6 s of fifty") {
  for (const size_t count : {size_t{10}, size_t{50}}) {
    base::Duration worst{0};
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(count);
      CAPTURE(seed);
      Cluster cluster(seed, count);
      cluster.world.fabric.weather.loss = 0.3;
      const base::Duration took = time_to_believe(cluster, MemberState::kDead, seconds(20));
      worst = std::max(worst, took);
      CHECK(took <= (count == 10 ? seconds(5) : seconds(6)));
    }
    MESSAGE("worst detection, 30 % loss, of " << count << ": " << milliseconds_of(worst) << " ms");
  }
}

TEST_CASE("the loss of half of fifty nodes at once is known to all within 20 s") {
  Cluster cluster(16, 50);
  for (size_t i = 0; i < 25; ++i) cluster.kill(i);
  const base::Duration took = cluster.world.run_until(
      [&] {
        for (size_t i = 0; i < 25; ++i) {
          if (cluster.count_believing(i, MemberState::kDead) != 25) return false;
        }
        return true;
      },
      seconds(60));
  MESSAGE("half of 50 nodes dead to all after " << milliseconds_of(took) << " ms");
  CHECK(took <= seconds(20));
}

TEST_CASE("nobody is declared dead in ten minutes of 30 % loss") {
  for (const size_t count : {size_t{10}, size_t{50}}) {
    CAPTURE(count);
    Cluster cluster(7, count);
    cluster.world.fabric.weather.loss = 0.3;
    cluster.world.run(minutes(10));
    CHECK(cluster.deaths() == 0);
    MESSAGE(count << " nodes, 30 % loss: " << cluster.world.log.count("accusation_refuted")
                  << " accusations refuted");
    CHECK(cluster.world.fabric.packet_bytes_max <= wire::kDatagramBytesMax);
  }
}

TEST_CASE("nobody is declared dead by a cut in one direction") {
  Cluster cluster(3, 10);
  cluster.world.fabric.cut(endpoint_of(1), endpoint_of(2));
  cluster.world.fabric.cut(endpoint_of(4), endpoint_of(3));
  cluster.world.run(minutes(2));
  CHECK(cluster.deaths() == 0);
}

TEST_CASE("a node accused wrongly refutes at once and all believe it again") {
  Cluster cluster(1, 10);
  cluster[3].membership().learn({.id = id_of(5).value(),
                                 .endpoint = endpoint_of(5).value(),
                                 .state = MemberState::kSuspect,
                                 .incarnation = {.generation = 1, .refutations = 0}});
  CHECK(cluster[3].state_of(5) == MemberState::kSuspect);
  const base::Duration took = cluster.world.run_until(
      [&] {
        return cluster.is_one_view() && cluster[5].membership().self().incarnation.refutations;
      },
      seconds(3));

  CHECK(took <= milliseconds(600));
  CHECK(cluster[5].membership().self().incarnation == Incarnation{1, 1});
  CHECK(cluster.count_believing(5, MemberState::kAlive) == 10);
  CHECK(cluster.deaths() == 0);
}

TEST_CASE("a rumoured death of a living node stays a suspicion that it refutes") {
  Cluster cluster(2, 10);
  cluster[3].membership().learn({.id = id_of(5).value(),
                                 .endpoint = endpoint_of(5).value(),
                                 .state = MemberState::kDead,
                                 .incarnation = {.generation = 1, .refutations = 0}});
  cluster.world.run(seconds(2));
  CHECK(cluster.deaths() == 0);
  CHECK(cluster.count_believing(5, MemberState::kAlive) == 10);
}

TEST_CASE("a node that was declared dead and comes back with a higher generation is alive to all") {
  Cluster cluster(4, 5);
  time_to_believe(cluster, MemberState::kDead, seconds(10));
  CHECK(cluster.count_believing(0, MemberState::kDead) == 4);

  cluster.boot(0, 2, 1);
  const base::Duration took =
      cluster.world.run_until([&] { return cluster.is_one_view(); }, seconds(5));
  CHECK(took <= seconds(1));
  CHECK(cluster.count_believing(0, MemberState::kAlive) == 5);
  CHECK(cluster[1].membership().find(id_of(0))->incarnation == Incarnation{2, 0});
}

TEST_CASE("a node whose boot count was lost learns it from the others and is believed again") {
  Cluster cluster(4, 5);
  cluster.kill(0);
  cluster.boot(0, 9, 1);
  cluster.world.run(seconds(2));
  cluster.kill(0);
  cluster.boot(0, 1, 1);
  cluster.world.run_until([&] { return cluster.is_one_view(); }, seconds(10));
  CHECK(cluster.is_one_view());
  CHECK(cluster[0].membership().self().incarnation > Incarnation{9, 0});
}

TEST_CASE("a healed partition has one view within 5 s") {
  for (const size_t count : {size_t{5}, size_t{50}}) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      CAPTURE(count);
      CAPTURE(seed);
      Cluster cluster(seed, count);
      cluster.split(count / 2);
      cluster.world.run(seconds(30));
      CHECK(cluster[0].state_of(count - 1) == MemberState::kDead);
      CHECK(cluster[count - 1].state_of(0) == MemberState::kDead);
      for (auto& node : cluster.nodes) node->events.clear();

      cluster.world.fabric.heal();
      const base::Duration took = cluster.world.run_until(
          [&] {
            return cluster.is_one_view() && cluster[0].state_of(count - 1) == MemberState::kAlive;
          },
          seconds(20));
      MESSAGE(count << " nodes, seed " << seed << ": one view after " << milliseconds_of(took)
                    << " ms");
      CHECK(took <= seconds(5));
      CHECK(cluster.deaths() == 0);
    }
  }
}

TEST_CASE("news reaches 99 % of fifty nodes within 1 s") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Cluster cluster(seed, 50);
    cluster.world.fabric.weather.loss = 0.3;
    cluster.kill(0);
    cluster.boot(0, 2, 1);
    const base::Duration took = cluster.world.run_until(
        [&] {
          size_t told = 0;
          for (auto& node : cluster.nodes) {
            told += node->membership().find(id_of(0))->incarnation.generation == 2;
          }
          return told >= 50;
        },
        seconds(5));
    CHECK(took <= seconds(1));
  }
}

TEST_CASE("packets are filled with rumours, but never over the size that no network splits") {
  Cluster cluster(15, 3);
  const std::string tail(50, 'x');
  for (size_t i = 100; i < 400; ++i) {
    const std::string id = "node-" + std::to_string(i) + tail;
    const std::string endpoint = id + std::string(i % 190, 'y') + ":7000";
    cluster[0].membership().learn({.id = id,
                                   .endpoint = endpoint,
                                   .state = MemberState::kLeft,
                                   .incarnation = {.generation = 1, .refutations = 0}});
  }
  cluster.world.run(seconds(40));
  CHECK(cluster[2].membership().members().size() == 303);
  CHECK(cluster.world.fabric.packet_bytes_max <= wire::kDatagramBytesMax);
  CHECK(cluster.world.fabric.packet_bytes_max >= 1000);
}

TEST_CASE("a node that leaves is gone for all, and dead to none") {
  Cluster cluster(5, 20);
  cluster[7].membership().leave();
  cluster.kill(7);
  const base::Duration took = cluster.world.run_until(
      [&] { return cluster.count_believing(7, MemberState::kLeft) == 19; }, seconds(5));
  CHECK(took <= seconds(1));
  cluster.world.run(seconds(30));
  CHECK(cluster.count_believing(7, MemberState::kLeft) == 19);
  CHECK(cluster.deaths() == 0);

  cluster.boot(7, 2, 0);
  cluster.world.run(seconds(2));
  CHECK(cluster.count_believing(7, MemberState::kAlive) == 20);
}

TEST_CASE("packets of another cluster change nothing and are logged once in ten seconds") {
  Cluster cluster(6, 3);
  cluster.nodes.push_back(std::make_unique<Node>(
      cluster.world,
      Self{.id = id_of(3), .endpoint = endpoint_of(3), .generation = 1, .cluster_name = "other"},
      cluster.options, 99));
  Membership& stranger = cluster[3].membership();
  stranger.learn(cluster[0].membership().updates().front());
  stranger.start(base::ClusterId{base::Id128{1, 2}});
  cluster.world.run(seconds(9));

  CHECK(cluster[0].membership().find(id_of(3)) == nullptr);
  CHECK(cluster.world.log.count("event=foreign_cluster_packet") == 1);
  CHECK(cluster[3].state_of(0) == MemberState::kDead);
}

TEST_CASE("two nodes of one id are reported, and the higher incarnation is believed") {
  Cluster cluster(8, 4);
  cluster[0].membership().learn({.id = id_of(2).value(),
                                 .endpoint = "10.9.9.9:7000",
                                 .state = MemberState::kAlive,
                                 .incarnation = {.generation = 1, .refutations = 4}});
  CHECK(cluster.world.log.count("event=duplicate_node_id") == 1);
  CHECK(cluster[0].membership().find(id_of(2))->endpoint.value() == "10.9.9.9:7000");
}

TEST_CASE("a quiet cluster sends little, and no stream frames at all") {
  for (const size_t count : {size_t{10}, size_t{50}}) {
    Cluster cluster(9, count);
    cluster.world.run(seconds(30));
    const uint64_t bytes = cluster.world.fabric.bytes_sent;
    const uint64_t packets = cluster.world.fabric.packets_sent;
    const uint64_t frames = cluster.world.fabric.stream_frames;
    cluster.world.run(seconds(60));
    const uint64_t rate = (cluster.world.fabric.bytes_sent - bytes) / 60 / count;
    MESSAGE(count << " nodes idle: " << rate << " B/s a node, "
                  << static_cast<double>(cluster.world.fabric.packets_sent - packets) / 60.0 /
                         static_cast<double>(count)
                  << " packets/s");
    CHECK(rate <= 500);
    CHECK(cluster.world.fabric.stream_frames == frames);
  }
}

TEST_CASE("one seed gives one transcript, another seed another") {
  const auto transcript = [](uint64_t seed) {
    Cluster cluster(seed, 10);
    cluster.world.fabric.weather.loss = 0.2;
    cluster.world.run(seconds(5));
    cluster.kill(3);
    cluster.world.run(seconds(20));
    return cluster.world.fabric.transcript;
  };
  CHECK(transcript(1) == transcript(1));
  CHECK(transcript(1) != transcript(2));
}

TEST_CASE("a newer layout is noticed by all within 1 s, and an equal one by nobody") {
  Cluster cluster(10, 20);
  for (const LayoutAdvert& newest :
       {LayoutAdvert{base::LayoutVersion{3}, false}, LayoutAdvert{base::LayoutVersion{3}, true}}) {
    for (auto& node : cluster.nodes) {
      node->newest_layout = newest;
      node->newer_layouts.clear();
    }
    cluster[4].membership().set_layout(newest);
    cluster.world.run(seconds(1));
    for (size_t i = 0; i < 20; ++i) CHECK(cluster[i].newer_layouts.empty() == (i == 4));
    for (auto& node : cluster.nodes) node->newer_layouts.clear();
    cluster.world.run(seconds(5));
    for (auto& node : cluster.nodes) CHECK(node->newer_layouts.empty());
  }
}

TEST_CASE("a table that missed news pulls it over a stream") {
  Cluster cluster(11, 3);
  cluster.kill(2);
  cluster.world.run(seconds(10));
  cluster.kill(1);
  cluster.boot(1, 2, 1);  // Knows nobody; node 0 still knows it.
  cluster.world.run(seconds(5));
  CHECK(cluster.world.fabric.stream_frames >= 1);
  CHECK(cluster[1].state_of(2) == MemberState::kDead);
  CHECK(cluster.is_one_view());
}

TEST_CASE("nodes that were paused accuse nobody and bury nobody when they wake") {
  // Silence brings probes, then suspicions, near their end; the pause is over when they are due.
  for (int silence = 900; silence <= 3400; silence += 100) {
    CAPTURE(silence);
    Cluster cluster(12, 5);
    cluster.world.fabric.weather.loss = 1.0;
    cluster.world.run(milliseconds(silence));
    const size_t suspected = cluster.world.log.count("event=peer_suspected");
    const size_t dead = cluster.deaths();
    cluster.world.fabric.weather.loss = 0;
    cluster.world.clock.time += seconds(60);
    cluster.world.run(seconds(5));
    if (dead == 0) CHECK(cluster.deaths() == 0);
    if (suspected == 0) CHECK(cluster.world.log.count("event=peer_suspected") == 0);
    CHECK(cluster.is_one_view());
  }
}

TEST_CASE("a sign of life by any frame is noted, and ends a probe") {
  Cluster cluster(13, 2);
  cluster.world.fabric.weather.loss = 1.0;
  for (int i = 0; i < 100; ++i) {
    cluster.world.run(milliseconds(100));
    cluster[0].membership().heard_from(id_of(1));
  }
  CHECK(cluster[0].state_of(1) == MemberState::kAlive);
  CHECK(cluster[0].membership().find(id_of(1))->last_seen == cluster.world.clock.wall_now());
}

TEST_CASE("a stopped node has no timers left") {
  Cluster cluster(14, 4);
  cluster.world.fabric.weather.loss = 0.5;
  cluster.world.run(seconds(10));
  for (auto& node : cluster.nodes) node->membership().stop();
  cluster.world.run(seconds(2));  // What is under way on the network.
  CHECK(cluster.world.timers.size() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::membership::test
