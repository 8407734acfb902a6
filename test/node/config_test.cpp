#include "node/config.h"

#include <doctest/doctest.h>

namespace distkv::node {
namespace {

Config good() {
  Config config;
  config.endpoint = base::Endpoint{"localhost:8080"};
  return config;
}

TEST_SUITE_BEGIN("config");

TEST_CASE("the defaults are valid") { CHECK(validate(good()).is_ok()); }

TEST_CASE("each bad value is refused with its name in the message") {
  struct Row {
    const char* name;
    void (*spoil)(Config&);
  };
  for (const Row& row : {
           Row{"read-quorum", [](Config& c) { c.read_quorum = 4; }},
           Row{"read-quorum", [](Config& c) { c.read_quorum = 0; }},
           Row{"write-quorum", [](Config& c) { c.write_quorum = 4; }},
           Row{"replicas", [](Config& c) { c.replicas = 0; }},
           Row{"replicas", [](Config& c) { c.replicas = 8; }},
           Row{"partitions", [](Config& c) { c.partitions = 1000; }},
           Row{"partitions", [](Config& c) { c.partitions = 32768; }},
           Row{"virtual-nodes", [](Config& c) { c.virtual_nodes = 0; }},
           Row{"age of hints", [](Config& c) { c.hints.age_max = {}; }},
           Row{"cluster-name", [](Config& c) { c.cluster_name = ""; }},
           Row{"cluster-name", [](Config& c) { c.cluster_name = "two words"; }},
           Row{"node-id", [](Config& c) { c.node_id = base::NodeId{std::string(65, 'x')}; }},
           Row{"advertise-address", [](Config& c) { c.endpoint = base::Endpoint{"0.0.0.0:80"}; }},
           Row{"advertise-address", [](Config& c) { c.endpoint = base::Endpoint{"[::]:80"}; }},
       }) {
    CAPTURE(row.name);
    Config config = good();
    row.spoil(config);
    const base::Status status = validate(config);
    CHECK(status.code() == base::Code::kInvalidArgument);
    CHECK(status.message().find(row.name) != std::string::npos);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
