"""`distkv-client check` on real servers: a sound cluster passes, and silence is no proof."""

import json
import subprocess
import unittest
from pathlib import Path

from driver import CLIENT, Cluster, ServerTest, client, kill_group, run, spawn

SECONDS = 8
SHORT = ("--timeout", "2s")


def servers_of(cluster: Cluster) -> str:
    return ",".join(node.address for node in cluster.nodes)


class Check(ServerTest):
    def test_a_cluster_keeps_its_promises_while_a_node_is_killed_and_comes_back(self):
        cluster = self.start(3)
        victim = cluster.nodes[1]
        history = cluster.folder / "history.jsonl"
        check = spawn([CLIENT, "--server", servers_of(cluster), *SHORT, "--output", "json", "check",
                       "--duration", f"{SECONDS}s", "--seed", "1", "--history", history],
                      stdout=self.pipe(cluster, "out"), stderr=self.pipe(cluster, "err"))
        self.addCleanup(kill_group, check)

        self.assertIsNone(self.ended(check, SECONDS / 4), "it ended before the node was killed")
        victim.kill()
        self.assertIsNone(self.ended(check, SECONDS / 4), "it ended before the node was back")
        victim.start()
        exit_code = self.ended(check, SECONDS + 120)

        out = (cluster.folder / "out").read_text()
        self.assertEqual(exit_code, 0, out + (cluster.folder / "err").read_text())
        report = json.loads(out)
        self.assertEqual(report["violations"], 0, out)
        self.assertEqual(report["keys_unread"], 0, out)
        self.assertGreater(report["reads"]["ok"], 100, out)
        self.assertGreater(report["writes"]["ok"], 100, out)
        self.judge_history(history, report)
        self.judge_cleanliness(cluster, history)

    def judge_history(self, history: Path, report: dict) -> None:
        """The file has what the report counts, and the last reads of every key."""
        operations = [json.loads(line) for line in history.read_text().splitlines()]
        answered = [each for each in operations if each["outcome"] == "ok"]
        writes = [each for each in answered if each["op"] != "get"]
        self.assertEqual(len(writes), report["writes"]["ok"])
        self.assertGreaterEqual(len(answered) - len(writes), report["reads"]["ok"] + report["keys"])
        values = [each["value"] for each in operations if each["op"] == "put"]
        self.assertEqual(len(values), len(set(values)), "a value was put twice")

    def judge_cleanliness(self, cluster: Cluster, history: Path) -> None:
        """What the check wrote is gone."""
        keys = sorted({json.loads(line)["key"] for line in history.read_text().splitlines()})
        for key in keys[:5]:
            self.prints(cluster.client("get", key), f"Key '{key}' not found\n")

    def pipe(self, cluster: Cluster, name: str):
        file = (cluster.folder / name).open("wb")
        self.addCleanup(file.close)
        return file

    @staticmethod
    def ended(started, seconds: float):
        """Its exit code, or None if it still runs after so long."""
        try:
            return started.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def test_a_check_leaves_the_keys_of_others_alone_and_works_at_every_level(self):
        cluster = self.start(1)
        self.put(cluster, "mine", "1")

        for level in ("one", "all"):
            answer = cluster.client("--consistency", level, "check", "--duration", "1s")
            self.ok(answer)
            self.assertIn(f" s at {level}, seed ", answer.stdout)
            self.assertRegex(answer.stdout, r"(?m)^replicas: equal after \d+\.\d s$")
            self.assertRegex(answer.stdout, r"(?m)^violations: 0$")

        self.reads(cluster, "mine", "1")

    def test_without_a_server_nothing_is_said(self):
        answer = client("--server", "127.0.0.1:1", "check", "--duration", "1s")

        self.refuses(answer, r"^Error: .*127\.0\.0\.1:1 .*nothing can be said of the cluster\n$",
                     (3,))
        self.assertEqual(answer.stdout, "")

    def test_a_cluster_without_a_quorum_cannot_pass(self):
        cluster = self.start(3)
        for node in cluster.nodes[1:]:
            node.kill()
        cluster.wait_alive(1)

        answer = run([CLIENT, "--server", cluster.nodes[0].address, "--timeout", "200ms", "check",
                      "--duration", "1s", "--settle", "0s", "--keys", "2", "--clients", "2"])

        self.assertEqual(answer.exit_code, 3, str(answer))
        self.assertRegex(answer.stdout, r"could not be read at the end: nothing is known of them")
        self.assertRegex(answer.stderr, r"nothing can be said of the cluster")


if __name__ == "__main__":
    unittest.main()
