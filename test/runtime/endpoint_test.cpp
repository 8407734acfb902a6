#include "runtime/endpoint.h"

#include <doctest/doctest.h>

namespace distkv::runtime {
namespace {

TEST_SUITE_BEGIN("endpoint");

TEST_CASE("an address is taken apart and put together again") {
  struct Row {
    const char* text;
    const char* host;
    uint16_t port;
  };
  for (const Row& row :
       {Row{"localhost:8080", "localhost", 8080}, Row{"[::1]:80", "::1", 80},
        Row{"10.0.0.1:0", "10.0.0.1", 0}, Row{"a.b-c.example:65535", "a.b-c.example", 65535}}) {
    CAPTURE(row.text);
    const base::Result<HostPort> parts = split(base::Endpoint(row.text));
    REQUIRE(parts.is_ok());
    CHECK(parts->host == row.host);
    CHECK(parts->port == row.port);
    CHECK(join(*parts).value() == row.text);
  }
}

TEST_CASE("what is no address is refused with its own text") {
  for (const char* text : {"", ":", "host", "host:", ":80", "host:65536", "host:-1", "host:8x",
                           "::1:80", "[::1]", "[::1]80", "[]:80", "[::1:80", "a:b:1"}) {
    CAPTURE(text);
    const base::Result<HostPort> parts = split(base::Endpoint(text));
    REQUIRE_FALSE(parts.is_ok());
    CHECK(parts.code() == base::Code::kInvalidArgument);
    CHECK(parts.status().message().find("\"" + std::string(text) + "\"") == 0);
  }
  CHECK_FALSE(split(base::Endpoint(std::string(300, 'a') + ":80")).is_ok());
}

TEST_CASE("numbers and localhost need no lookup, other names do") {
  CHECK(numeric_address({"localhost", 80})->to_endpoint().value() == "127.0.0.1:80");
  CHECK(numeric_address({"10.1.2.3", 7})->to_endpoint().value() == "10.1.2.3:7");
  CHECK(numeric_address({"::1", 7})->to_endpoint().value() == "[::1]:7");
  CHECK_FALSE(numeric_address({"example.org", 80}).has_value());
}

TEST_CASE("an IPv4 address survives being written as IPv6") {
  const SocketAddress mapped = numeric_address({"10.1.2.3", 7})->mapped_to_ipv6();
  CHECK(mapped.is_ipv6());
  CHECK(mapped.to_endpoint().value() == "10.1.2.3:7");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
