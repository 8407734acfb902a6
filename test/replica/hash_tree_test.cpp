#include "replica/hash_tree.h"

#include <doctest/doctest.h>

#include <string>

#include "base/rng.h"

namespace distkv::replica {
namespace {

using base::Token;

HashTree sample() {
  HashTree tree;
  base::Rng rng(1);
  for (uint32_t i = 0; i < kSections; ++i) tree.settle(i, std::vector<uint64_t>(kSectionLeaves));
  for (int i = 0; i < 300; ++i) tree.toggle(Token{rng.next()}, rng.next());
  tree.toggle(Token{0}, 1);
  tree.toggle(Token{UINT64_MAX}, 2);
  return tree;
}

bool are_equal(const HashTree& a, const HashTree& b) {
  for (uint32_t i = 0; i < kSections; ++i) {
    if (a.section(i) != b.section(i) || a.is_section_ready(i) != b.is_section_ready(i))
      return false;
  }
  return true;
}

TEST_SUITE_BEGIN("hash tree");

TEST_CASE("leaves divide the ring without gap or overlap") {
  CHECK(first_token(0) == Token{0});
  CHECK(last_token(kLeaves - 1) == Token{UINT64_MAX});
  for (uint32_t i = 0; i < kLeaves; ++i) {
    const auto leaf = static_cast<Leaf>(i);
    CHECK(leaf_of(first_token(leaf)) == leaf);
    CHECK(leaf_of(last_token(leaf)) == leaf);
    if (i > 0) CHECK(first_token(leaf).value() == last_token(static_cast<Leaf>(i - 1)).value() + 1);
  }
}

TEST_CASE("a record's hash tells its key and its causal state, and that there is none") {
  CHECK(record_hash("k", "meta") == record_hash(key_hash("k"), "meta"));
  CHECK(record_hash("k", "meta") != record_hash("l", "meta"));
  CHECK(record_hash("k", "meta") != record_hash("k", "beta"));
  CHECK(record_hash("k", "") == 0);
}

// Another node computes the same: a change is a change of the protocol.
TEST_CASE("hashes and tags are what the protocol says") {
  CHECK(record_hash("user:1", "meta") == 0x66030714bf0ed68d);
  CHECK(tag_of(0x0123456789abcdef, 0x55) == 0x4b177450);
}

TEST_CASE("two records alike under one salt differ under another") {
  base::Rng rng(7);
  const uint64_t one = rng.next();
  const uint64_t other = one ^ uint64_t { 1 } << 63;
  int alike = 0;
  for (int i = 0; i < 64; ++i) {
    const uint64_t salt = rng.next();
    alike += tag_of(one, salt) == tag_of(other, salt) ? 1 : 0;
  }
  CHECK(alike == 0);
}

TEST_CASE("the order of changes is of no account, and what is taken out leaves nothing") {
  HashTree forth;
  HashTree back;
  for (uint64_t i = 1; i < 100; ++i) forth.toggle(Token{i << 50}, i * i);
  for (uint64_t i = 99; i > 0; --i) back.toggle(Token{i << 50}, i * i);
  CHECK(are_equal(forth, back));

  for (uint64_t i = 1; i < 100; ++i) forth.toggle(Token{i << 50}, i * i);
  CHECK(are_equal(forth, HashTree()));
}

TEST_CASE("a root is the XOR of its leaves, both ends included") {
  HashTree tree;
  tree.toggle(first_token(64), 1);
  tree.toggle(last_token(100), 2);
  tree.toggle(last_token(127), 4);
  tree.toggle(last_token(63), 8);
  tree.toggle(first_token(128), 16);
  CHECK(tree.root(64, 127) == 7);
  CHECK(tree.root(0, kLeaves - 1) == 31);
}

TEST_CASE("leaves are ready where every section they touch is") {
  HashTree tree;
  CHECK(!tree.is_ready(0, 0));
  tree.settle(1, std::vector<uint64_t>(kSectionLeaves));
  tree.settle(2, std::vector<uint64_t>(kSectionLeaves));
  CHECK(tree.is_ready(kSectionLeaves, 3 * kSectionLeaves - 1));
  CHECK(!tree.is_ready(kSectionLeaves - 1, kSectionLeaves));
  CHECK(!tree.is_ready(kSectionLeaves, 3 * kSectionLeaves));
  tree.doubt(2);
  CHECK(!tree.is_ready(kSectionLeaves, 2 * kSectionLeaves));
}

TEST_CASE("settling takes an error out of leaves that have changed since") {
  HashTree tree;
  std::vector<uint64_t> error = tree.section(3);
  error[5] ^= 0xbeef;
  tree.toggle(first_token(3 * kSectionLeaves + 5), 0x1000);

  CHECK(tree.settle(3, error) == 1);

  CHECK(tree.leaf(3 * kSectionLeaves + 5) == (0x1000 ^ 0xbeef));
  CHECK(tree.is_section_ready(3));
}

TEST_CASE("a stored tree reads back as itself, without what was not ready") {
  HashTree tree = sample();
  HashTree read;
  REQUIRE(read.restore(tree.encode(7), 7).is_ok());
  CHECK(are_equal(read, tree));

  tree.doubt(9);
  HashTree partial;
  REQUIRE(partial.restore(tree.encode(7), 7).is_ok());
  CHECK(!partial.is_section_ready(9));
  CHECK(partial.section(9) == std::vector<uint64_t>(kSectionLeaves));
  CHECK(partial.section(8) == tree.section(8));
  HashTree empty;
  CHECK(empty.restore(HashTree().encode(7), 7).is_ok());
}

TEST_CASE("a stored tree with any byte changed or missing is refused, and changes nothing") {
  const std::string bytes = sample().encode(7);
  HashTree read;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    CHECK(read.restore(damaged, 7).code() == base::Code::kCorrupt);
    CHECK(read.restore(bytes.substr(0, i), 7).code() == base::Code::kCorrupt);
  }
  CHECK(read.restore(bytes + "x", 7).code() == base::Code::kCorrupt);
  CHECK(are_equal(read, HashTree()));
}

TEST_CASE("a tree of another life of the store is refused") {
  HashTree read;
  CHECK(read.restore(sample().encode(7), 8).code() == base::Code::kInvalidArgument);
  CHECK(are_equal(read, HashTree()));
}

// Stored trees of this version must be readable for ever.
TEST_CASE("the stored form is what the README says") {
  HashTree tree;
  tree.settle(0, std::vector<uint64_t>(kSectionLeaves));
  tree.toggle(first_token(2), 0x1122334455667788);
  const std::string bytes = tree.encode(7);
  const std::string body(
      "\x01\x07\0\0\0\0\0\0\0\x01\0\0\0\x02\x88\x77\x66\x55\x44\x33\x22\x11\xfd\xff\x03", 25);
  CHECK(bytes.substr(0, bytes.size() - 8) == body);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
