"""Hints with real processes: kept while a node is away, shown, delivered, and waited for."""

import json
import unittest

from driver import Cluster, Node, ServerTest

KEYS = 40
WAIT_MAX = "60s"


class Hints(ServerTest):
    def write_while_away(self, cluster: Cluster, away: Node, through: Node) -> None:
        away.kill()
        cluster.wait_alive(len(cluster.nodes) - 1)
        for number in range(KEYS):
            self.put(cluster, f"key-{number}", f"value-{number}", through=through)

    def hints(self, cluster: Cluster, through: Node, *words: str) -> dict:
        answer = cluster.client("--output", "json", "hints", *words, through=through)
        return json.loads(self.ok(answer).stdout)

    def test_what_a_node_missed_is_kept_for_it_and_delivered_when_it_is_back(self):
        cluster = self.start(3)
        keeper, away = cluster.nodes[0], cluster.nodes[2]
        self.write_while_away(cluster, away, through=keeper)

        kept = self.hints(cluster, keeper)
        self.assertEqual((kept["node_id"], kept["pending"]), ("node1", KEYS))
        self.assertEqual([(target["id"], target["pending"]) for target in kept["targets"]],
                         [("node3", KEYS)])
        self.assertGreater(kept["bytes"], KEYS * len("key-0value-0"))
        self.assertGreater(kept["bytes_max"], kept["bytes"])
        text = self.ok(cluster.client("hints", through=keeper)).stdout
        self.assertRegex(text, rf"\n  node3 - Pending: {KEYS} - Bytes: \d+ - Oldest: \d+s - "
                               r"Delivered: 0 - Dropped: 0\n$")
        status = self.ok(cluster.client("status", through=keeper)).stdout
        self.assertRegex(status, rf"=== Hints ===\nPending: {KEYS}\nBytes: \d+\nOldest: \d+s\n"
                                 r"Dropped: 0\nDirty partitions: 0\n")

        answer = cluster.client("--timeout", "1s", "hints", "--wait", through=keeper)
        self.refuses(answer, rf"not all hints were delivered in time; left are {KEYS} for node3",
                     exit_codes=(3,))

        away.start()
        self.ok(cluster.client("--timeout", WAIT_MAX, "hints", "--wait", through=keeper))
        after = self.hints(cluster, keeper, "node3")
        self.assertEqual((after["pending"], after["bytes"], after["dropped"]), (0, 0, 0))
        self.assertEqual(after["targets"][0]["delivered"], KEYS)
        # The hints alone brought them: nobody else can answer.
        for node in cluster.nodes[:2]:
            node.kill()
        cluster.wait_alive(1)
        for number in range(KEYS):
            self.reads(cluster, f"key-{number}", f"value-{number}", "--consistency", "one",
                       through=away)

    def test_hints_outlive_the_death_of_the_node_that_keeps_them(self):
        cluster = self.start(3)
        keeper, away = cluster.nodes[0], cluster.nodes[2]
        self.write_while_away(cluster, away, through=keeper)
        before = self.hints(cluster, keeper)

        keeper.kill()
        keeper.start()
        cluster.wait_alive(2)

        after = self.hints(cluster, keeper)
        self.assertEqual((after["pending"], after["bytes"]), (before["pending"], before["bytes"]))

    def test_with_nothing_kept_a_wait_ends_at_once(self):
        cluster = self.start(1)
        answer = self.ok(cluster.client("hints", "--wait"))
        self.assertEqual(answer.stdout.splitlines()[:2], ["=== Hints of node1 ===", "Pending: 0"])
        self.assertTrue(self.hints(cluster, cluster.nodes[0], "--wait")["done"])


if __name__ == "__main__":
    unittest.main()
