"""Replicas become equal although no client, no hint and no operator makes them so."""

import unittest

from diverged import measure
from driver import ServerTest, wait_until

KEYS = 20_000
SECONDS_MAX = 60  # what a million keys may take
EQUAL_SECONDS = 12  # a round and a bit
ROUND_BYTES_MAX = 100_000
PROVEN_SECONDS_MAX = 60


class AntiEntropy(ServerTest):
    def test_a_server_with_an_old_store_catches_up_by_itself(self):
        found = measure(KEYS, equal_seconds=EQUAL_SECONDS)

        self.assertLess(found.seconds, SECONDS_MAX)
        self.assertEqual(found.records, KEYS // 100, "each stale record travels once")
        self.assertLess(found.equal_round_bytes, ROUND_BYTES_MAX)

    def test_status_tells_when_partitions_were_proven_equal(self):
        cluster = self.start(3)
        self.put(cluster, "key", "value")
        node = cluster.nodes[2]

        def status() -> str:
            return self.ok(cluster.client("status", through=node)).stdout

        wait_until(lambda: "Proven equal: 1024 of 1024 partitions held" in status(),
                   "every partition is proven", PROVEN_SECONDS_MAX, status)
        self.assertRegex(status(), r"Dirty partitions: 0\n\n=== Anti-entropy ===\n"
                                   r"Proven equal: 1024 of 1024 partitions held\n"
                                   r"Oldest proof: \d+ s ago\nDirty: \d+\n"
                                   r"Hash trees being built: 0\n"
                                   r"Exchanged: \d+ records, \d+ bytes in \d+ rounds\n$")


if __name__ == "__main__":
    unittest.main()
