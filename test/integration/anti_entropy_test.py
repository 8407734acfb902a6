"""Replicas become equal although no client, no hint and no operator makes them so."""

import json
import shutil
import unittest

from diverged import measure
from driver import ServerTest, wait_until

KEYS = 20_000
SECONDS_MAX = 60  # what a million keys may take
EQUAL_SECONDS = 12  # a round and a bit
ROUND_BYTES_MAX = 100_000
PROVEN_SECONDS_MAX = 60
DELETED = 40


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
                                   r"Exchanged: \d+ records, \d+ bytes in \d+ rounds\n"
                                   r"Tombstones collected: 0\n$")

    def test_deleted_keys_are_forgotten_and_an_old_copy_does_not_bring_them_back(self):
        cluster = self.start(3, "--tombstone-grace", "2s")
        lines = cluster.folder / "lines"
        keys = [f"deleted-{number}" for number in range(DELETED)]
        lines.write_text("\n".join(keys) + "\n")
        self.ok(cluster.client("load", str(lines)))
        away = cluster.nodes[2]
        self.assertEqual(away.terminate(), 0)
        copy = cluster.folder / "copy"
        shutil.copytree(away.data_dir, copy)
        away.start()
        cluster.wait_alive(3)
        for key in keys:
            self.ok(cluster.client("delete", key))

        def collected(node) -> int:
            status = json.loads(self.ok(cluster.client("--output=json", "status",
                                                       through=node)).stdout)
            return status["anti_entropy"]["collected"]

        wait_until(lambda: [collected(node) for node in cluster.nodes] == [DELETED] * 3,
                   "every node has forgotten every key", PROVEN_SECONDS_MAX,
                   lambda: str([collected(node) for node in cluster.nodes]))

        away.kill()
        shutil.rmtree(away.data_dir)
        shutil.copytree(copy, away.data_dir)
        away.start()
        cluster.wait_alive(3)

        def is_behind() -> bool:
            text = self.ok(cluster.client("status", through=away)).stdout
            return "Catching up after a loss" in text

        for key in keys:
            found = self.ok(cluster.client("get", key, through=away)).stdout
            self.assertEqual(found, f"Key '{key}' not found\n")
        wait_until(lambda: not is_behind(), "the restored store has caught up", PROVEN_SECONDS_MAX)
        for key in keys:
            found = self.ok(cluster.client("--consistency=all", "get", key, through=away)).stdout
            self.assertEqual(found, f"Key '{key}' not found\n")


if __name__ == "__main__":
    unittest.main()
