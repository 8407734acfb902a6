"""A healthy cluster: it forms, shows itself, and answers alike through every node."""

import unittest

from driver import ServerTest, client, start_cluster

LEVELS = ("one", "quorum", "all")
STATUS_NODE = (r"^  node{} \(127\.0\.0\.1:\d+\) - ALIVE - "
               r"Last seen: \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class HealthyCluster(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = start_cluster(3)
        cls.addClassCleanup(cls.cluster.close)

    def test_status_shows_every_node_alive(self):
        for node in self.cluster.nodes:
            text = self.ok(self.cluster.client("status", through=node)).stdout

            lines = text.splitlines()
            self.assertEqual(lines[0], "=== Cluster Status ===")
            self.assertEqual(lines[1], "Health: 3 total nodes, 3 alive, 0 dead"
                                       " (100.0% availability)")
            self.assertEqual(lines[2:4], ["", "=== Nodes ==="])
            for index in (1, 2, 3):
                self.assertRegex(lines[3 + index], STATUS_NODE.format(index))
            self.assertEqual(lines[7:9], ["", "=== Metrics ==="])
            self.assertRegex(lines[9], r"^Total requests: \d+$")
            self.assertRegex(lines[10], r"^Average latency: \d+\.\d\d ms$")

    def test_each_node_reads_what_each_wrote_at_every_consistency(self):
        for level in LEVELS:
            for writer in self.cluster.nodes:
                key = f"from-{writer.name}-at-{level}"
                # A read at one may meet any replica, so the write has to be on all of them.
                written_at = "all" if level == "one" else level
                self.put(self.cluster, key, "the value", "--consistency", written_at,
                         through=writer)
                for reader in self.cluster.nodes:
                    self.reads(self.cluster, key, "the value", "--consistency", level,
                               through=reader)

    def test_consistency_is_read_whatever_its_case(self):
        self.put(self.cluster, "case", "1", "--consistency", "QUORUM")
        self.reads(self.cluster, "case", "1", "--consistency=All")

    def test_a_later_value_replaces_an_earlier_one(self):
        self.put(self.cluster, "twice", "1", through=self.cluster.nodes[0])
        self.put(self.cluster, "twice", "2", through=self.cluster.nodes[1])

        self.reads(self.cluster, "twice", "2", through=self.cluster.nodes[2])

    def test_an_absent_key_is_not_an_error_unless_asked(self):
        self.prints(self.cluster.client("get", "nowhere"), "Key 'nowhere' not found\n")

        answer = self.cluster.client("get", "--fail-missing", "nowhere")
        self.assertEqual(answer.exit_code, 4, str(answer))

    def test_a_deleted_key_is_absent_through_every_node(self):
        self.put(self.cluster, "short-lived", "1")
        self.prints(self.cluster.client("delete", "short-lived"),
                    "Successfully deleted key 'short-lived'\n")

        for node in self.cluster.nodes:
            self.prints(self.cluster.client("get", "short-lived", through=node),
                        "Key 'short-lived' not found\n")

    def test_a_batch_stores_every_pair(self):
        self.prints(self.cluster.client("batch", "b1", "x", "b2", "y", "b3", "z"),
                    "Successfully stored 3 key-value pairs\n")

        for key, value in (("b1", "x"), ("b2", "y"), ("b3", "z")):
            self.reads(self.cluster, key, value)

    def test_flags_stand_before_or_after_the_command_with_one_dash_or_two(self):
        address = self.cluster.nodes[1].address
        for words in (["-consistency=all", "put", "flags", "v"],
                      ["put", "flags", "v", "--consistency", "all"],
                      ["put", "flags", "v", "-timeout", "1m30s"],
                      ["--timeout=2s500ms", "put", "flags", "v"]):
            self.prints(self.cluster.client(*words), "Successfully stored key 'flags'\n")
        self.prints(client("get", "flags", "-server", address),
                    "Key: flags\nValue: v\n")

    def test_a_list_of_servers_is_tried_in_turn(self):
        servers = f"127.0.0.1:1,{self.cluster.nodes[2].address}"

        self.prints(client("--server", servers, "put", "list", "v"),
                    "Successfully stored key 'list'\n")


if __name__ == "__main__":
    unittest.main()
