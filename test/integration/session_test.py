"""Sessions and timelines of real servers: what one client saw, it sees through every node."""

import json
import tempfile
import unittest
from pathlib import Path

from driver import ServerTest, start_cluster

AT_ONE = ("--consistency", "one")


class Sessions(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = start_cluster(4)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="distkv-session-")
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "session"

    def session(self):
        return (*AT_ONE, "--session", str(self.file))

    def test_a_session_reads_its_own_writes_at_one_through_every_node(self):
        nodes = self.cluster.nodes
        for round_ in range(12):
            writer = nodes[round_ % len(nodes)]
            self.put(self.cluster, "mine", f"value-{round_}", *self.session(), through=writer)
            for reader in nodes:
                self.reads(self.cluster, "mine", f"value-{round_}", *self.session(),
                           through=reader)

    def test_a_session_sees_its_own_delete_and_its_batch(self):
        self.ok(self.cluster.client(*self.session(), "batch", "b1", "1", "b2", "2"))
        for reader in self.cluster.nodes:
            self.reads(self.cluster, "b2", "2", *self.session(), through=reader)
        self.ok(self.cluster.client(*self.session(), "delete", "b1"))
        for reader in self.cluster.nodes:
            self.prints(self.cluster.client(*self.session(), "get", "b1", through=reader),
                        "Key 'b1' not found\n")

    def test_a_session_of_another_cluster_is_behind_here_and_says_what_to_do(self):
        other = self.start(1)
        self.put(other, "foreign", "value", *self.session())

        answer = self.cluster.client(*self.session(), "--timeout", "3s", "get", "foreign")
        as_json = self.cluster.client(*self.session(), "--output", "json", "--timeout", "3s",
                                      "get", "foreign")

        self.refuses(answer, r"^Error: behind: the session has seen more of this key than the 3 of 3"
                             r" replicas that answered hold, .*; try again, or read without the"
                             r" session$")
        self.assertEqual(json.loads(as_json.stdout)["outcome"], "behind")
        self.prints(self.cluster.client(*AT_ONE, "get", "foreign"), "Key 'foreign' not found\n")

    def test_a_damaged_session_file_is_refused_before_anything_is_asked(self):
        self.put(self.cluster, "key", "value", *self.session())
        damaged = bytearray(self.file.read_bytes())
        damaged[10] ^= 1
        self.file.write_bytes(damaged)

        answer = self.cluster.client(*self.session(), "put", "key", "other")

        self.refuses(answer, r"session: .*damaged.*remove it to begin a new session")
        self.reads(self.cluster, "key", "value")
        self.assertEqual(self.file.read_bytes(), bytes(damaged))


class Timelines(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = start_cluster(4)
        cls.addClassCleanup(cls.cluster.close)

    def trace_of(self, *words, through):
        answer = self.ok(self.cluster.client("--output", "json", *words, "--trace",
                                             through=through))
        return json.loads(answer.stdout)

    def test_a_put_is_told_by_its_coordinator_and_by_the_node_that_handed_it_on(self):
        hops = 0
        for node in self.cluster.nodes:
            receipt = self.trace_of("put", "key", "value", through=node)
            steps = [event["step"] for event in receipt["trace"]["events"]]
            self.assertEqual(steps[:2], ["asked to write", "minted"])
            self.assertEqual(steps[-1], "replied")
            self.assertEqual(steps.count("asked to write"), 3)
            if "forwarding" in receipt:
                hops += 1
                self.assertEqual(receipt["forwarding"]["node"], node.name)
                self.assertEqual([event["step"] for event in receipt["forwarding"]["events"]],
                                 ["forwarded", "answered", "replied"])
        self.assertEqual(hops, 1, "one of four nodes is no replica of the key")

    def test_a_get_tells_whom_it_asked(self):
        self.put(self.cluster, "key", "value")
        found = self.trace_of("get", "key", through=self.cluster.nodes[0])
        steps = [event["step"] for event in found["trace"]["events"]]
        self.assertEqual(steps[0], "asked for record")
        self.assertIn("asked for digest", steps)
        self.assertEqual(steps[-1], "replied")

    def test_status_shows_the_keys_read_most(self):
        node = self.cluster.nodes[0]
        self.put(self.cluster, "hot", "value")
        for _ in range(80):
            self.ok(self.cluster.client("get", "hot", through=node))

        text = self.ok(self.cluster.client("status", through=node)).stdout
        status = json.loads(self.ok(self.cluster.client("--output", "json", "status",
                                                        through=node)).stdout)

        self.assertRegex(text, r"(?m)^=== Hot keys ===$")
        self.assertRegex(text, r"(?m)^  'hot' - Reads: \d+$")
        self.assertEqual(status["hot_keys"][0]["key"], "hot")
        self.assertGreaterEqual(status["hot_keys"][0]["reads"], 80)


if __name__ == "__main__":
    unittest.main()
