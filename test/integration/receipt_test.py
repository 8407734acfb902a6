"""What a writer is told: who keeps the write and how, and that a retry is the same write."""

import json
import signal
import threading
import unittest

from driver import ServerTest, client, wait_until

NOT_ON_DISK = {"memory": "memory", "periodic:1000": "periodic"}


class Receipts(ServerTest):
    def receipt(self, answer):
        self.ok(answer)
        return json.loads(answer.stdout)

    def test_a_receipt_names_each_replica_and_says_that_it_is_on_disk(self):
        cluster = self.start(3)

        receipt = self.receipt(cluster.client("--output", "json", "--consistency", "all", "put",
                                              "key", "value"))

        self.assertEqual(receipt["outcome"], "stored")
        self.assertEqual(receipt["durability"],
                         {node.name: "disk" for node in cluster.nodes})
        self.assertEqual(len(receipt["layouts"]), 1)
        self.assertEqual(receipt["hinted"], [])
        self.assertFalse(receipt["may_repeat"])

    def test_a_receipt_says_what_is_not_on_disk_yet(self):
        for durability, word in NOT_ON_DISK.items():
            with self.subTest(durability=durability):
                cluster = self.start(1, "--durability", durability)

                receipt = self.receipt(cluster.client("--output", "json", "put", "key", "value"))

                self.assertEqual(receipt["durability"], {"node1": word})
                cluster.close()

    def test_rejected_unknown_and_absent_are_three_answers(self):
        cluster = self.start(3)
        absent = cluster.client("--output", "json", "get", "key")
        cluster.nodes[1].kill()
        cluster.nodes[2].kill()
        unknown = cluster.client("--output", "json", "--timeout", "2s", "put", "key", "value")
        wait_until(lambda: " 2 dead " in cluster.client("status").stdout, "both are dead", 60)
        rejected = cluster.client("--output", "json", "--timeout", "2s", "put", "other", "value")
        unread = cluster.client("--output", "json", "--timeout", "2s", "get", "other")

        self.assertEqual(absent.exit_code, 0, str(absent))
        self.assertIs(json.loads(absent.stdout)["found"], False)
        self.assertEqual((unknown.exit_code, json.loads(unknown.stdout)["outcome"]),
                         (3, "unknown"), str(unknown))
        self.assertEqual(json.loads(unknown.stdout)["durability"], {"node1": "disk"})
        self.assertEqual((rejected.exit_code, json.loads(rejected.stdout)["outcome"]),
                         (1, "rejected"), str(rejected))
        self.assertEqual(json.loads(rejected.stdout)["acknowledged"], [])
        self.assertEqual((unread.exit_code, json.loads(unread.stdout)["outcome"]),
                         (1, "unavailable"), str(unread))
        self.assertNotIn("found", json.loads(unread.stdout))

    def test_a_client_repeats_a_write_through_another_node_when_its_coordinator_dies(self):
        """The first coordinator has stored the write and waits for the others, which stand still."""
        cluster = self.start(3)
        first, *others = cluster.nodes
        answers = []

        def put():
            servers = ",".join(node.address for node in cluster.nodes)
            answers.append(client("--server", servers, "--timeout", "30s", "--output", "json",
                                  "put", "key", "value"))

        for node in others:
            node.signal(signal.SIGSTOP)
        writer = threading.Thread(target=put, daemon=True)
        writer.start()
        try:
            wait_until(lambda: self.holds(cluster, first, "key"), "node1 has stored it", 30)
            self.assertEqual(answers, [])
            first.kill()
        finally:
            for node in others:
                node.signal(signal.SIGCONT)
        writer.join(60)

        receipt = self.receipt(answers[0])
        self.assertEqual(receipt["outcome"], "stored")
        self.assertTrue(receipt["may_repeat"], receipt)
        first.start()
        cluster.wait_alive(3)
        for node in cluster.nodes:
            found = json.loads(self.ok(cluster.client("--output", "json", "--consistency", "all",
                                                      "get", "key", through=node)).stdout)
            self.assertEqual((found["value"], found["siblings"]), ("value", 1))

    def holds(self, cluster, node, key):
        answer = cluster.client("--timeout", "500ms", "--output", "json", "explain", key,
                                through=node)
        if answer.exit_code != 0:
            return False
        own = [replica for replica in json.loads(answer.stdout)["replicas"]
               if replica["id"] == node.name]
        return bool(own and own[0]["versions"])


if __name__ == "__main__":
    unittest.main()
