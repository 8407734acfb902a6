"""scripts/cluster, with stand-ins for the server and the client."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).resolve().parent / "fake"
BASE_PORT = "23400"


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="distkv-cluster-test-"))
        self.run_folder = self.folder / "run"
        binaries = self.folder / "build" / "src" / "bin"
        shutil.copytree(FAKE, binaries)
        self.server = binaries / "distkv-server"
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self.cluster, "down")

    def cluster(self, *words):
        """(exit code, standard output and error together)"""
        environment = {**os.environ, "DISTKV_BUILD": str(self.folder / "build"),
                       "DISTKV_RUN": str(self.run_folder), "DISTKV_WAIT": "20"}
        done = subprocess.run([str(ROOT / "scripts/cluster"), *words], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def up(self, nodes=3):
        exit_code, text = self.cluster("up", str(nodes), "--base-port", BASE_PORT, "--find-ports")
        self.assertEqual(exit_code, 0, text)
        return text

    def base_port(self):
        return int((self.run_folder / "base-port").read_text())

    def processes(self):
        """How many processes have this test's run folder in their command line."""
        count = 0
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            count += any(word.startswith(str(self.run_folder)) for word in words)
        return count

    def test_up_starts_nodes_that_down_removes_without_a_trace(self):
        text = self.up()

        self.assertIn("3 nodes are up: localhost:", text)
        self.assertEqual(self.processes(), 3)
        exit_code, text = self.cluster("status")
        self.assertEqual(exit_code, 0, text)
        self.assertIn("3 alive", text)
        self.assertEqual(self.cluster("down")[0], 0)
        self.assertEqual(self.processes(), 0)
        self.assertFalse(self.run_folder.exists())

    def test_a_second_up_is_refused(self):
        self.up()

        exit_code, text = self.cluster("up", "3")

        self.assertEqual(exit_code, 1)
        self.assertIn("already running: nodes 1 2 3", text)

    def test_a_port_in_use_is_named_and_find_ports_goes_around_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            exit_code, text = self.cluster("up", "2", "--base-port", str(port))

            self.assertEqual(exit_code, 1)
            self.assertIn(f"port {port} is in use", text)
            exit_code, text = self.cluster("up", "2", "--base-port", str(port), "--find-ports")
            self.assertEqual(exit_code, 0, text)
            self.assertGreater(self.base_port(), port)

    def test_missing_binaries_are_named(self):
        self.server.unlink()

        exit_code, text = self.cluster("up", "3")

        self.assertEqual(exit_code, 1)
        self.assertIn("distkv-server is missing", text)

    def test_a_node_that_exits_shows_its_log_and_takes_the_others_along(self):
        exit_code, text = self.cluster("up", "2", "--base-port", BASE_PORT, "--find-ports",
                                       "--refuse")

        self.assertEqual(exit_code, 1)
        self.assertIn("node1 has exited", text)
        self.assertIn("this flag makes the server exit", text)
        self.assertEqual(self.processes(), 0)

    def test_a_killed_node_is_missed_and_comes_back(self):
        self.up()

        self.assertEqual(self.cluster("kill", "2")[0], 0)
        exit_code, text = self.cluster("wait", "2")
        self.assertEqual(exit_code, 0, text)
        self.assertIn("node2 is not running", self.cluster("stop", "2")[1])
        self.assertEqual(self.cluster("restart", "2")[0], 0)
        self.assertEqual(self.cluster("wait", "3")[0], 0)

    def test_resume_starts_what_is_not_running(self):
        self.up()
        self.cluster("kill", "1")
        self.cluster("stop", "3")

        exit_code, text = self.cluster("resume")

        self.assertEqual(exit_code, 0, text)
        self.assertIn("node1 is starting", text)
        self.assertNotIn("node2 is starting", text)
        self.assertIn("3 nodes are up", text)

    def test_a_process_that_is_not_a_server_of_this_cluster_is_never_killed(self):
        self.up(2)
        stranger = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        pid_file = self.run_folder / "node2.pid"
        self.addCleanup(pid_file.write_text, pid_file.read_text())
        pid_file.write_text(str(stranger.pid))

        exit_code, text = self.cluster("kill", "2")
        down_exit_code, _ = self.cluster("down", "--keep")

        self.assertEqual(exit_code, 1)
        self.assertIn("node2 is not running", text)
        self.assertEqual(down_exit_code, 0)
        self.assertIsNone(stranger.poll())

    def test_wrong_words_get_an_answer(self):
        for words, answer in [(("up",), "up how many nodes?"), (("up", "0"), "up how many nodes?"),
                              (("up", "3", "--base-port"), "--base-port needs a port"),
                              (("up", "3", "--base-port", "x"), "'x' is not a port"),
                              (("kill",), "which node?"), (("kill", "9"), "there is no node9"),
                              (("wait", "3"), "no node is running"), (("status",), "no cluster in"),
                              (("frobnicate",), "unknown command 'frobnicate'")]:
            with self.subTest(words=words):
                exit_code, text = self.cluster(*words)
                self.assertEqual(exit_code, 1)
                self.assertIn(answer, text)


if __name__ == "__main__":
    unittest.main()
