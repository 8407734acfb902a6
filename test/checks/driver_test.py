"""The integration tests' driver, with stand-ins for the server and the client."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).resolve().parent / "fake"

# Starts a cluster, prints its servers' process ids and does as told: the script under test runs as
# a program of its own, since what is tested is what it leaves behind.
SCRIPT = """
import sys, time
sys.path.insert(0, {integration!r})
import driver
cluster = driver.start_cluster(3)
print(*[node._started.pid for node in cluster.nodes], flush=True)
{end}
"""


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class DriverTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="distkv-driver-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shutil.copytree(FAKE, self.folder / "src" / "bin")

    def start_script(self, end: str):
        script = SCRIPT.format(integration=str(ROOT / "test/integration"), end=end)
        environment = {**os.environ, "DISTKV_BUILD": str(self.folder), "TMPDIR": str(self.folder)}
        started = subprocess.Popen([sys.executable, "-B", "-c", script], env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        pids = [int(word) for word in started.stdout.readline().split()]
        self.assertEqual(len(pids), 3)
        return started, pids

    def assert_all_gone(self, pids):
        deadline = time.monotonic() + 5
        while any(map(exists, pids)) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual([pid for pid in pids if exists(pid)], [])

    def test_a_driver_that_is_killed_takes_its_servers_along(self):
        started, pids = self.start_script("time.sleep(1000)")
        self.assertTrue(all(map(exists, pids)))

        started.send_signal(signal.SIGKILL)

        self.assert_all_gone(pids)

    def test_a_test_that_crashes_leaves_no_server_and_no_folder(self):
        started, pids = self.start_script("raise RuntimeError('the test crashed')")

        started.wait(20)

        self.assert_all_gone(pids)
        self.assertEqual(list(self.folder.glob("distkv-integration-*")), [])

    def test_a_killed_node_is_missed_and_comes_back_to_its_address(self):
        started, _ = self.start_script(
            "cluster.nodes[1].kill(); cluster.wait_alive(2, 10); cluster.nodes[1].start();"
            "cluster.wait_alive(3, 10); print(cluster.nodes[1].terminate())")

        stdout, stderr = started.communicate(timeout=40)

        self.assertEqual(stdout.strip(), str(-signal.SIGTERM), stderr)

    def test_a_wait_that_cannot_end_well_fails_at_once(self):
        started, _ = self.start_script("[n.kill() for n in cluster.nodes]; cluster.wait_alive(3)")

        _, stderr = started.communicate(timeout=20)

        self.assertIn("no server runs", stderr)


if __name__ == "__main__":
    unittest.main()
