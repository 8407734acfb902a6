#include "sim/sim_network.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace distkv::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr base::RequestId kUnwanted{99};

// A machine that notes what reaches it, and answers requests on demand.
class Ear : public Machine, private wire::NetworkEvents {
 public:
  Ear(SimNetwork& network, const std::string& name) : port(network), name_(name) {
    port.plug_in(network.add(*this, base::Endpoint(name)));
  }
  bool is_up() const override { return is_listening; }
  void handle(EventKind, std::string_view bytes, const MachineEvent& event) override {
    event(*this, bytes);
  }
  static std::string make_frame(std::string_view body) {
    std::string frame;
    wire::append_frame(wire::MessageType::kGetRequest, base::RequestId{1}, body, frame);
    return frame;
  }
  size_t count(const std::string& what) const {
    return static_cast<size_t>(std::count(heard.begin(), heard.end(), what));
  }

  Port port;
  bool is_listening = true;
  std::vector<std::string> heard;
  std::vector<base::ConnectionId> accepted;

 private:
  std::string greeting() override { return make_frame("hello from " + name_); }
  void on_datagram(const base::Endpoint& from, std::string_view packet) override {
    heard.push_back("datagram " + from.value() + " " + std::string(packet));
  }
  bool on_header(base::ConnectionId, const wire::FrameHeader& header) override {
    return header.request_id != kUnwanted;
  }
  void on_request(base::ConnectionId from, const wire::FrameView& frame) override {
    accepted.push_back(from);
    heard.push_back("request " + std::string(frame.body));
  }
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame) override {
    heard.push_back("reply " + from.value() + " " + std::string(frame.body));
  }
  void on_peer_lost(const base::Endpoint& to) override { heard.push_back("lost " + to.value()); }
  void on_connection_closed(base::ConnectionId) override { heard.push_back("closed"); }

  std::string name_;
};

struct Bench {
  explicit Bench(const NetworkRates& rates = {}, uint64_t seed = 1)
      : trace(scheduler, nullptr), network(scheduler, trace, tally, base::Rng(seed)) {
    network.open(rates);
  }
  void run(base::Duration time) { scheduler.run_until(scheduler.now() + time); }
  void send(const std::string& body) {
    REQUIRE(a.port.send(base::Endpoint("b"), Ear::make_frame(body)).is_ok());
  }
  Cut cut(bool one_way = false) const {
    Cut cut;
    cut.ways = one_way ? ways_from({MachineIndex{0}}, {MachineIndex{1}})
                       : ways_between({MachineIndex{0}}, {MachineIndex{1}});
    return cut;
  }

  Scheduler scheduler;
  Tally tally;
  Trace trace;
  SimNetwork network;
  Ear a{network, "a"};
  Ear b{network, "b"};
};

}  // namespace

TEST_SUITE_BEGIN("sim network");

TEST_CASE("a stream opens with the greeting and keeps the order, however it is split") {
  for (uint64_t seed = 1; seed < 50; ++seed) {
    NetworkRates rates;
    rates.stream_split = Chance{700000};
    Bench bench(rates, seed);
    for (int i = 0; i < 20; ++i) {
      bench.send("m" + std::to_string(i));
      if (i % 3 == 0) bench.run(milliseconds(1));
    }
    bench.run(seconds(1));

    REQUIRE(bench.b.heard.size() == 21);
    CHECK(bench.b.heard[0] == "request hello from a");
    for (size_t i = 0; i < 20; ++i) CHECK(bench.b.heard[i + 1] == "request m" + std::to_string(i));
    CHECK(bench.network.complaint().empty());
  }
}

TEST_CASE("replies come back on the accepted connection") {
  Bench bench;
  bench.send("question");
  bench.run(milliseconds(50));

  bench.b.port.reply(bench.b.accepted.back(), Ear::make_frame("answer"));
  bench.run(milliseconds(50));

  CHECK(bench.a.heard == std::vector<std::string>{"reply b answer"});
}

TEST_CASE("a peer that is down refuses, and a later attempt reaches it") {
  Bench bench;
  bench.b.is_listening = false;
  bench.send("lost");
  bench.run(milliseconds(50));
  CHECK(bench.a.heard == std::vector<std::string>{"lost b"});

  bench.b.is_listening = true;
  bench.send("found");
  bench.run(seconds(1));

  CHECK(bench.b.heard == std::vector<std::string>{"request hello from a", "request found"});
}

TEST_CASE("a broken stream is learned by both ends, once") {
  Bench bench;
  bench.send("first");
  bench.run(milliseconds(50));

  REQUIRE(bench.network.break_stream(0));
  bench.run(seconds(10));

  CHECK(bench.a.count("lost b") == 1);
  CHECK(bench.b.count("closed") == 1);
}

TEST_CASE("bytes wait behind a cut and arrive when it heals in time") {
  Bench bench;
  bench.send("first");
  bench.run(milliseconds(50));
  const Cut cut = bench.cut();
  bench.network.apply(cut);
  bench.send("second");
  bench.run(milliseconds(500));
  CHECK(bench.b.count("request second") == 0);

  bench.network.heal(cut);
  bench.run(seconds(1));

  CHECK(bench.b.count("request second") == 1);
}

TEST_CASE("a cut that lasts breaks the stream") {
  Bench bench;
  bench.send("first");
  bench.run(milliseconds(50));
  bench.network.apply(bench.cut());
  bench.send("second");

  bench.run(seconds(30));

  CHECK(bench.a.count("lost b") == 1);
  CHECK(bench.b.count("request second") == 0);
}

TEST_CASE("a one-way cut lets the other direction pass") {
  Bench bench;
  bench.network.apply(bench.cut(true));

  bench.a.port.send_datagram(base::Endpoint("b"), "there");
  bench.b.port.send_datagram(base::Endpoint("a"), "back");
  bench.run(milliseconds(50));

  CHECK(bench.b.heard.empty());
  CHECK(bench.a.heard == std::vector<std::string>{"datagram b back"});
}

TEST_CASE("a cut of datagrams leaves streams alone, and the reverse") {
  Bench bench;
  Cut cut = bench.cut();
  SUBCASE("datagrams") { cut.blocks_streams = false; }
  SUBCASE("streams") { cut.blocks_datagrams = false; }
  bench.network.apply(cut);

  bench.a.port.send_datagram(base::Endpoint("b"), "packet");
  bench.send("frame");
  bench.run(milliseconds(50));

  CHECK(bench.b.count("datagram a packet") == (cut.blocks_datagrams ? 0 : 1));
  CHECK(bench.b.count("request frame") == (cut.blocks_streams ? 0 : 1));
}

TEST_CASE("a full queue refuses and keeps what it has") {
  NetworkRates rates;
  rates.queue_bytes_max = 1000;
  Bench bench(rates);
  const std::string frame = Ear::make_frame(std::string(600, 'x'));
  int taken = 0;
  while (bench.a.port.send(base::Endpoint("b"), frame).is_ok()) ++taken;
  bench.run(seconds(1));

  CHECK(taken == 2);
  CHECK(bench.b.heard.size() == 3);
}

TEST_CASE("a machine that goes down takes its connections with it, for its peers later") {
  Bench bench;
  bench.send("first");
  bench.run(milliseconds(50));
  bool is_silent = false;
  SUBCASE("with a kernel that says so") {}
  SUBCASE("without a word") { is_silent = true; }

  bench.network.drop_machine(MachineIndex{1}, is_silent);
  bench.run(seconds(10));

  CHECK(bench.a.count("lost b") == 1);
  CHECK(bench.b.count("closed") == 0);
}

TEST_CASE("closing an accepted connection lets queued replies arrive first") {
  Bench bench;
  bench.send("question");
  bench.run(milliseconds(50));

  bench.b.port.reply(bench.b.accepted.back(), Ear::make_frame("answer"));
  bench.b.port.close(bench.b.accepted.back());
  bench.run(seconds(1));

  CHECK(bench.a.heard == std::vector<std::string>{"reply b answer", "lost b"});
  CHECK(bench.b.count("closed") == 1);
}

TEST_CASE("datagrams are lost, repeated and damaged as often as they are told to be") {
  NetworkRates rates;
  rates.datagram_loss = Chance{200000};
  rates.datagram_repeat = Chance{100000};
  Bench bench(rates);
  for (int i = 0; i < 10000; ++i) bench.a.port.send_datagram(base::Endpoint("b"), "packet");
  bench.run(seconds(1));

  CHECK(bench.b.heard.size() > 8500);
  CHECK(bench.b.heard.size() < 9100);
}
TEST_SUITE_END();

}  // namespace distkv::sim
