#include "bin/cli/json.h"

#include <doctest/doctest.h>

#include "bin/cli/base64.h"

namespace distkv::bin::cli {
namespace {

TEST_SUITE_BEGIN("json and base64");

TEST_CASE("strings escape what JSON does not allow in them, and nothing else") {
  CHECK(json_string("plain / text") == R"("plain / text")");
  CHECK(json_string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_string(std::string_view("\0\x01\x1f\t\r\n\x7f", 7)) ==
        "\"\\u0000\\u0001\\u001f\\u0009\\u000d\\n\x7f\"");
  CHECK(json_string("é€😀") == "\"é€😀\"");
  CHECK(json_string("") == "\"\"");
}

TEST_CASE("only well-formed UTF-8 is text") {
  for (const std::string_view text : {"", "a", "é", "€", "😀", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
  for (const std::string_view bytes :
       {"\xff", "\x80", "\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\x80",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xc3("}) {
    CAPTURE(bytes);
    CHECK(!is_utf8(bytes));
  }
}

TEST_CASE("an object holds its members in order") {
  JsonObject object;
  object.bytes("text", "v").bytes("bytes", "\xff").number("count", 3).boolean("is", false);
  object.identity("id", 18446744073709551615U).json("list", json_strings({"a", "\""}));

  CHECK(object.text() == R"({"text":"v","bytes_base64":"/w==","count":3,"is":false,)"
                         R"("id":"18446744073709551615","list":["a","\""]})");
  CHECK(JsonObject().text() == "{}");
  CHECK(json_array({}) == "[]");
}

TEST_CASE("base64 is that of the standard, both ways") {
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="},
        std::pair{"foo", "Zm9v"}, std::pair{"foobar", "Zm9vYmFy"}, std::pair{"\xff\xef", "/+8="}}) {
    CHECK(base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
}

TEST_CASE("base64 that no bytes make is refused") {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "=", "Z", "Zh==", "Zm 9v", "Zm9v\n"}) {
    CAPTURE(text);
    CHECK(!from_base64(text));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::cli
