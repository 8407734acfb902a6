"""Every line of a large text becomes a key, while a node is killed; each node then knows them all."""

import re
import subprocess
import unittest
from pathlib import Path
from typing import List

from driver import CLIENT, Cluster, ServerTest, kill_group, run, spawn, start_cluster, wait_until

WORD_LISTS = ("/usr/share/dict/words", "/var/lib/dpkg/status")
LINES_MIN = 100_000     # enough that a node can be killed in the middle
LINE_BYTES_MAX = 1000
LOAD_SECONDS_MAX = 600


def text_lines() -> List[str]:
    """Distinct real lines, then numbered ones until there are enough."""
    lines = {}
    for path in map(Path, WORD_LISTS):
        if path.is_file():
            for line in path.read_text(errors="replace").splitlines():
                line = line.strip()
                if line and len(line.encode()) <= LINE_BYTES_MAX and not line.startswith("-"):
                    lines[line] = None
    number = 0
    while len(lines) < LINES_MIN:
        number += 1
        lines[f"line number {number} of the text"] = None
    return list(lines)


class Loader(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster: Cluster = start_cluster(3)
        cls.addClassCleanup(cls.cluster.close)
        cls.lines = text_lines()
        cls.file = cls.cluster.folder / "text"
        cls.file.write_text("\n".join(cls.lines) + "\n")

    def test_a_text_loaded_while_a_node_dies_is_read_back_through_every_node(self):
        servers = ",".join(node.address for node in self.cluster.nodes)
        load = spawn([CLIENT, "--server", servers, "load", self.file], stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE)
        self.addCleanup(kill_group, load)
        victim = self.cluster.nodes[1]
        self.wait_for_line(len(self.lines) // 4)

        victim.kill()
        self.assertIsNone(load.poll(), "the load ended before the node was killed")
        stdout, stderr = load.communicate(timeout=LOAD_SECONDS_MAX)
        victim.start()
        self.cluster.wait_alive(3)

        self.assertEqual(load.returncode, 0, stderr.decode(errors="replace")[-2000:])
        self.assertRegex(stdout.decode(), rf"(?m)^Loaded {len(self.lines)} keys$")
        for node in self.cluster.nodes:
            answer = run([CLIENT, "--server", node.address, "verify", self.file],
                         seconds_max=LOAD_SECONDS_MAX)
            self.ok(answer)
            self.assertRegex(answer.stdout, rf"\b{len(self.lines)}\b")
        self.spot_check()

    def wait_for_line(self, index: int) -> None:
        reader = self.cluster.nodes[0]
        wait_until(lambda: re.search(r"^Value: ", self.cluster.client(
            "get", self.lines[index], through=reader).stdout, re.MULTILINE) is not None,
            f"line {index} of the text is stored", LOAD_SECONDS_MAX, reader.log_end)

    def spot_check(self) -> None:
        """`verify` is a part of what is tested, so some keys are read without it."""
        for index in range(0, len(self.lines), len(self.lines) // 20):
            for node in self.cluster.nodes:
                self.reads(self.cluster, self.lines[index], str(index + 1), through=node)

    def test_verify_notices_a_key_that_is_not_there(self):
        other = self.cluster.folder / "other"
        other.write_text("a line that was never loaded\n")

        answer = self.cluster.client("verify", str(other))

        self.assertEqual(answer.exit_code, 1, str(answer))


if __name__ == "__main__":
    unittest.main()
