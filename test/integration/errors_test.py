"""What goes wrong is said clearly, with the exit code that scripts rely on."""

import socket
import tempfile
import unittest
from pathlib import Path

from driver import SERVER, ServerTest, client, free_ports, run, server, start_cluster, wait_until

USAGE = 2       # the server was started with words it cannot take
NO_SERVER = "127.0.0.1:1"  # nothing listens on port 1


class ClientErrors(ServerTest):
    def test_an_unknown_command_prints_the_usage(self):
        answer = client("--server", NO_SERVER, "frobnicate")

        self.assertEqual(answer.exit_code, 1, str(answer))
        self.assertRegex(answer.stdout + answer.stderr, r"(?i)usage")
        self.assertIn("frobnicate", answer.stdout + answer.stderr)

    def test_a_missing_argument_prints_the_usage_of_its_command(self):
        for words in (["put"], ["put", "key"], ["get"], ["delete"], ["batch"], ["batch", "key"]):
            with self.subTest(words=words):
                answer = client("--server", NO_SERVER, *words)

                self.assertEqual(answer.exit_code, 1, str(answer))
                self.assertRegex(answer.stdout + answer.stderr, rf"(?i)usage.*\b{words[0]}\b")

    def test_an_unknown_consistency_is_named_with_those_there_are(self):
        answer = client("--server", NO_SERVER, "--consistency", "most", "get", "key")

        self.refuses(answer, r"most")
        for level in ("one", "quorum", "all"):
            self.assertIn(level, answer.stderr)

    def test_an_unknown_flag_is_named(self):
        answer = client("--server", NO_SERVER, "--no-such-flag", "get", "key")

        self.refuses(answer, r"no-such-flag", exit_codes=(1, 2))

    def test_a_bad_timeout_is_named(self):
        self.refuses(client("--timeout", "soon", "get", "key"), r"soon", exit_codes=(1, 2))

    def test_a_server_that_is_not_there_is_one_line_with_its_address(self):
        answer = client("--server", NO_SERVER, "get", "key")

        self.refuses(answer, r"127\.0\.0\.1:1\b")
        self.assertEqual(len(answer.stderr.strip().splitlines()), 1, str(answer))

    def test_a_server_that_never_answers_ends_with_the_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"

            answer = client("--server", address, "--timeout", "500ms", "get", "key")

        self.assertNotEqual(answer.exit_code, 0, str(answer))
        self.assertIn(address, answer.stderr)


class ServerErrors(ServerTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="distkv-errors-")
        self.addCleanup(folder.cleanup)
        self.data_dir = Path(folder.name) / "data"
        self.address = f"127.0.0.1:{free_ports(1)[0]}"

    def started(self, *words: str):
        return server("--address", self.address, "--data-dir", str(self.data_dir), *words,
                      seconds_max=15)

    def refuses_before_opening(self, answer, pattern: str):
        self.refuses(answer, pattern, exit_codes=(USAGE,))
        self.assertFalse(self.data_dir.exists(), "the data directory was made all the same")

    def test_an_unknown_flag_is_named(self):
        self.refuses_before_opening(self.started("--no-such-flag"), r"no-such-flag")

    def test_a_bad_value_is_named_with_its_flag(self):
        for flag, value in (("--replicas", "many"), ("--replicas", "0"), ("--partitions", "1000"),
                            ("--heartbeat-interval", "soon"), ("--log-level", "loud"),
                            ("--address", "nowhere")):
            with self.subTest(flag=flag, value=value):
                answer = self.started(flag, value)

                self.refuses_before_opening(answer, rf"{flag.lstrip('-')}")
                self.assertIn(value, answer.stderr)

    def test_a_quorum_larger_than_the_replicas_is_refused(self):
        for flag in ("--read-quorum", "--write-quorum"):
            with self.subTest(flag=flag):
                answer = self.started("--replicas", "3", flag, "4")

                self.refuses_before_opening(answer, flag.lstrip("-"))

    def test_help_and_version_are_no_errors(self):
        for flag in ("--help", "--version"):
            self.assertEqual(self.started(flag).exit_code, 0)
        self.assertEqual(client("--help").exit_code, 0)

    def test_a_port_in_use_is_named(self):
        port = int(self.address.split(":")[1])
        with socket.create_server(("127.0.0.1", port)):
            answer = self.started()

        self.assertGreater(answer.exit_code, 0, str(answer))
        self.assertIn(self.address, answer.stdout + answer.stderr)
        self.assertRegex(answer.stdout + answer.stderr, r"(?i)in use")

    def test_a_data_directory_in_use_is_named_and_its_owner_goes_on(self):
        cluster = self.start(1)
        owner = cluster.nodes[0]

        answer = run([SERVER, "--address", self.address, "--data-dir", owner.data_dir],
                     seconds_max=15)

        self.assertGreater(answer.exit_code, 0, str(answer))
        self.assertIn(str(owner.data_dir), answer.stdout + answer.stderr)
        self.put(cluster, "still", "here")

    def test_a_data_directory_that_cannot_be_used_is_named(self):
        self.data_dir.write_text("a file where a directory should be")

        answer = self.started()

        self.assertGreater(answer.exit_code, 0, str(answer))
        self.assertIn(str(self.data_dir), answer.stdout + answer.stderr)


class Joining(ServerTest):
    def test_a_node_whose_seeds_do_not_answer_waits_says_so_and_founds_no_cluster(self):
        cluster = self.start(1)
        absent = f"127.0.0.1:{free_ports(1)[0]}"
        waiting = cluster.add_node("waiting", ["--seed-nodes", absent])

        waiting.start()

        wait_until(lambda: absent in waiting.log(), "its log names the seed", 20, waiting.log_end)
        self.assertTrue(waiting.is_running(), waiting.log_end())
        answer = cluster.client("--timeout", "2s", "put", "key", "v", through=waiting)
        self.assertNotEqual(answer.exit_code, 0, str(answer))
        self.assertEqual(waiting.terminate(), 0)

    def test_a_node_of_another_cluster_is_refused_with_a_reason(self):
        cluster = self.start(1, "--cluster-name", "first")
        seed = cluster.nodes[0]
        stranger = cluster.add_node("stranger", ["--cluster-name", "second", "--seed-nodes",
                                                 seed.address])

        stranger.start()

        wait_until(lambda: "first" in stranger.log() or "second" in seed.log(),
                   "one of the two logs names the other cluster", 20,
                   lambda: seed.log_end() + stranger.log_end())
        text = self.ok(cluster.client("status", through=seed)).stdout
        self.assertIn("1 total", text)
        self.assertNotIn("stranger", text)

    def test_a_node_started_later_joins_by_one_seed(self):
        cluster = self.start(1)
        self.put(cluster, "before", "the join")
        late = cluster.add_node("late", ["--seed-nodes", cluster.nodes[0].address])

        late.start()
        cluster.wait_alive(2)

        self.reads(cluster, "before", "the join", through=late)


if __name__ == "__main__":
    unittest.main()
