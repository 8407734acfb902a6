"""Nodes die and come back: what was acknowledged stays, and what cannot be promised is refused."""

import threading
import unittest
from typing import Dict, List

from driver import END_SECONDS_MAX, Cluster, Node, ServerTest, wait_until

UNAVAILABLE = (1, 3)  # rejected, or an outcome that is not known
SHORT = ("--timeout", "3s")


class Writers:
    """Threads that put distinct keys through one node, and remember what was acknowledged."""

    def __init__(self, cluster: Cluster, through: Node, count: int = 4):
        self._cluster = cluster
        self._through = through
        self._stopping = threading.Event()
        self._acknowledged: Dict[str, str] = {}
        self._threads = [threading.Thread(target=self._write, args=(index,), daemon=True)
                         for index in range(count)]
        for thread in self._threads:
            thread.start()

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stopping.is_set():
            key, value = f"writer-{writer}-{number}", f"value-{number}"
            number += 1
            answer = self._cluster.client(*SHORT, "put", key, value, through=self._through)
            if answer.exit_code == 0:
                self._acknowledged[key] = value

    def count(self) -> int:
        return len(self._acknowledged)

    def stop(self) -> Dict[str, str]:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return dict(self._acknowledged)


class Faults(ServerTest):
    def reads_all(self, cluster: Cluster, expected: Dict[str, str], *flags: str) -> None:
        lost: List[str] = []
        for key, value in expected.items():
            answer = self.ok(cluster.client(*flags, "get", key))
            if answer.stdout != f"Key: {key}\nValue: {value}\n":
                lost.append(f"{key}: {answer.stdout!r}")
        self.assertEqual(lost, [], f"{len(lost)} of {len(expected)} acknowledged writes are lost")

    def test_with_one_of_three_dead_a_quorum_goes_on_and_all_is_refused(self):
        cluster = self.start(3)
        self.put(cluster, "before", "1", "--consistency", "all")
        cluster.nodes[2].kill()
        cluster.wait_alive(2)

        for node in cluster.running():
            self.put(cluster, f"during-{node.name}", "2", through=node)
            self.reads(cluster, f"during-{node.name}", "2", through=node)
            self.reads(cluster, "before", "1", "--consistency", "one", through=node)
        self.put(cluster, "at-one", "3", "--consistency", "one")
        for words in (["put", "refused", "4"], ["get", "before"]):
            answer = cluster.client(*SHORT, "--consistency", "all", *words)
            self.refuses(answer, r"(?i)\b2 of 3\b|replica|acknowledged", UNAVAILABLE)

    def test_with_two_of_three_dead_a_quorum_is_refused_and_one_still_reads(self):
        cluster = self.start(3)
        self.put(cluster, "before", "1", "--consistency", "all")
        cluster.nodes[1].kill()
        cluster.nodes[2].kill()
        cluster.wait_alive(1)

        for words in (["put", "refused", "2"], ["get", "before"]):
            answer = cluster.client(*SHORT, *words)
            self.refuses(answer, r"(?i)\b1 of [23]\b|replica|acknowledged|quorum", UNAVAILABLE)
        self.reads(cluster, "before", "1", "--consistency", "one")

    def test_sigterm_during_load_loses_no_acknowledged_write(self):
        cluster = self.start(3)
        leaving = cluster.nodes[0]
        writers = Writers(cluster, leaving)
        wait_until(lambda: writers.count() >= 50, "50 writes are acknowledged", 60, leaving.log_end)

        exit_code = leaving.terminate(END_SECONDS_MAX)
        acknowledged = writers.stop()

        self.assertEqual(exit_code, 0, leaving.log_end())
        cluster.wait_alive(2)
        self.reads_all(cluster, acknowledged)
        leaving.start()
        cluster.wait_alive(3)
        self.reads_all(cluster, acknowledged)

    def test_a_single_node_keeps_its_data_over_sigkill(self):
        cluster = self.start(1)
        writers = Writers(cluster, cluster.nodes[0], count=2)
        wait_until(lambda: writers.count() >= 30, "30 writes are acknowledged", 60,
                   cluster.nodes[0].log_end)

        cluster.nodes[0].kill()
        acknowledged = writers.stop()
        cluster.nodes[0].start()
        cluster.wait_alive(1)

        self.reads_all(cluster, acknowledged)

    def test_a_whole_cluster_keeps_its_data_over_sigkill_of_every_node(self):
        cluster = self.start(3)
        expected = {f"key-{number}": f"value-{number}" for number in range(50)}
        for key, value in expected.items():
            self.put(cluster, key, value)

        for node in cluster.nodes:
            node.kill()
        cluster.start()
        cluster.wait_alive(3)

        self.reads_all(cluster, expected)

    def test_a_node_that_missed_writes_has_them_after_its_return(self):
        cluster = self.start(3)
        away = cluster.nodes[1]
        away.kill()
        cluster.wait_alive(2)
        expected = {f"missed-{number}": f"value-{number}" for number in range(20)}
        for key, value in expected.items():
            self.put(cluster, key, value)

        away.start()
        cluster.wait_alive(3)

        # `all` is answered from the newest of three; `one` at the node itself shows its own copy.
        self.reads_all(cluster, expected, "--consistency", "all")
        for key, value in expected.items():
            wait_until(lambda key=key, value=value: cluster.client(
                "--consistency", "one", "get", key, through=away).stdout
                == f"Key: {key}\nValue: {value}\n", f"{away.name} holds {key}", 60, away.log_end)


if __name__ == "__main__":
    unittest.main()
