"""Keys and values of every size: what fits is kept to the byte, what does not is refused."""

import os
import unittest

from driver import ServerTest, start_cluster

KEY_BYTES_MAX = 64 * 1024
VALUE_BYTES_MAX = 8 * 1024 * 1024


class Sizes(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = start_cluster(3)
        cls.addClassCleanup(cls.cluster.close)

    def keeps(self, key: str, value: bytes):
        self.ok(self.cluster.client("--timeout", "30s", "put", key, "-", stdin=value))
        for node in self.cluster.nodes:
            answer = self.ok(self.cluster.client("--timeout", "30s", "get", "--raw", key,
                                                 through=node))
            self.assertEqual(len(answer.stdout_bytes), len(value))
            self.assertTrue(answer.stdout_bytes == value, "the bytes differ")

    def test_an_empty_value_is_a_value(self):
        self.put(self.cluster, "empty", "")

        self.reads(self.cluster, "empty", "")
        self.keeps("empty-from-standard-input", b"")

    def test_any_bytes_are_kept(self):
        self.keeps("binary", bytes(range(256)) * 4 + b"\0\n\r\n\0")

    def test_a_key_of_one_byte(self):
        self.keeps("k", b"v")

    def test_the_longest_key(self):
        self.keeps("k" * KEY_BYTES_MAX, b"v")

    def test_the_largest_value(self):
        self.keeps("largest", os.urandom(VALUE_BYTES_MAX))

    def test_a_key_too_long_is_refused(self):
        answer = self.cluster.client("put", "k" * (KEY_BYTES_MAX + 1), "v")

        self.refuses(answer, r"(?i)key.*\b(65536|64 ?KiB)")
        self.assertLess(len(answer.stderr), 1000, "the message repeats the key")

    def test_a_value_too_large_is_refused_and_leaves_no_trace(self):
        answer = self.cluster.client("put", "too-large", "-", stdin=bytes(VALUE_BYTES_MAX + 1))

        self.refuses(answer, r"(?i)value.*\b(8388608|8 ?MiB)")
        self.prints(self.cluster.client("get", "too-large"), "Key 'too-large' not found\n")

    def test_an_empty_key_is_refused(self):
        self.refuses(self.cluster.client("put", "", "v"), r"(?i)key")


if __name__ == "__main__":
    unittest.main()
