"""What a node keeps on its disk: over kill -9, a full disk, orderly stops, copies and engines."""

import errno
import json
import os
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from driver import Cluster, Node, ServerTest, wait_until
from kill_loop import NODE_FLAGS, KillLoop, run_rounds

KILL_ROUNDS = 5
CAUGHT_UP_SECONDS_MAX = 60
KILL_SEED = 20  # of the load's lengths; chaos/kill_server tries others
NOTICED_SECONDS_MAX = 10  # a full disk, and room given back, are noticed within a few seconds
REPAIRED_SECONDS_MAX = 30  # damage is looked for once a second, a table is gathered in less
DISK_BYTES = 400 << 20    # holds a store of this size with its ballast and log twice


def mount_small_disk(test: unittest.TestCase, where: Path) -> None:
    """A disk of DISK_BYTES at `where`, gone after the test; skips the test where refused."""
    if os.geteuid() != 0:
        test.skipTest("mounting a small disk needs root")
    where.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", where],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        test.skipTest(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    test.addCleanup(subprocess.run, ["umount", "--lazy", where], check=True)


def fill(disk: Path, bytes_left: int) -> Path:
    """A file that takes all the disk's space but so much, also while a node takes some of it."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        while True:
            free = os.statvfs(disk)
            try:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - bytes_left)
                return filler
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def actors_of(explanation: str) -> set:
    """The actors in whose names the versions of a key were written."""
    return {line.split()[1].split(":")[0]
            for line in explanation.splitlines() if line.strip().startswith("dot ")}


class OneNode(ServerTest):
    def start_one(self, *flags: str) -> Cluster:
        return self.start(1, *flags)

    def restart_in_order(self, cluster: Cluster) -> None:
        node = cluster.nodes[0]
        self.assertEqual(node.terminate(), 0, node.log_end())
        node.start()
        cluster.wait_alive(1)

    def test_what_was_acknowledged_outlives_kill_dash_nine_again_and_again(self):
        cluster = self.start_one(*NODE_FLAGS)
        loop = KillLoop(cluster, KILL_SEED)
        lines = []

        faults = run_rounds(loop, KILL_ROUNDS, lines.append)

        self.assertEqual(faults, [], "\n".join(lines))
        self.assertGreater(loop.writes_acknowledged(), 100 * KILL_ROUNDS, "\n".join(lines))

    def test_each_engine_keeps_its_data_over_an_orderly_stop(self):
        for engine in ("lsm", "leveldb"):
            with self.subTest(engine=engine):
                cluster = self.start_one("--engine", engine)
                self.put(cluster, "kept", engine)
                self.assertIn(f"Engine: {engine}\n", cluster.client("status").stdout)
                before = actors_of(cluster.client("explain", "kept").stdout)

                self.restart_in_order(cluster)

                self.reads(cluster, "kept", engine)
                self.put(cluster, "kept", "again")
                after = actors_of(cluster.client("explain", "kept").stdout)
                self.assertEqual(before, after, "an orderly stop keeps the store's actor")
                cluster.close()

    def test_a_store_of_one_engine_is_not_opened_by_another(self):
        for engine, other in (("lsm", "leveldb"), ("leveldb", "lsm")):
            with self.subTest(engine=engine):
                cluster = self.start_one("--engine", engine)
                node = cluster.nodes[0]
                self.put(cluster, "kept", "1")
                self.assertEqual(node.terminate(), 0, node.log_end())

                wrong = cluster.add_node("node1", ["--engine", other], node.address)
                wrong.start()

                self.assertEqual(wrong.wait_end(), 1)
                self.assertIn(f"start with --engine {engine}", wrong.log())
                node.start()
                cluster.wait_alive(1)
                self.reads(cluster, "kept", "1")
                cluster.close()

    def test_periodic_durability_keeps_everything_over_sigterm(self):
        cluster = self.start_one("--durability", "periodic:60000")
        self.ok(cluster.client("batch", *numbered_words(200)))

        self.restart_in_order(cluster)

        self.prints(cluster.client("get", "--raw", "key-199"), "199")
        self.prints(cluster.client("get", "--raw", "key-0"), "0")

    def test_periodic_durability_keeps_what_is_older_than_its_period_over_kill_dash_nine(self):
        cluster = self.start_one("--durability", "periodic:50")
        self.put(cluster, "old", "1")
        time.sleep(1)  # the promise is about real time

        cluster.nodes[0].kill()
        cluster.nodes[0].start()
        cluster.wait_alive(1)

        self.reads(cluster, "old", "1")


def numbered_words(count: int) -> list:
    return [word for number in range(count) for word in (f"key-{number}", str(number))]


class FullDisk(ServerTest):
    def start_on_small_disk(self) -> Cluster:
        cluster = Cluster(1, NODE_FLAGS)
        self.addCleanup(cluster.close)
        mount_small_disk(self, cluster.nodes[0].data_dir)
        cluster.start()
        cluster.wait_alive(1)
        return cluster

    def wait_refused(self, cluster: Cluster) -> None:
        """Writes until the node has noticed that its disk is full."""
        def is_refused() -> bool:
            answer = cluster.client("put", "probe", "1")
            if answer.exit_code == 0:
                return False
            self.refuses(answer, r"was not changed, .*full.*free space on it or delete keys")
            return True
        wait_until(is_refused, "writes are refused", NOTICED_SECONDS_MAX, cluster.nodes[0].log_end)

    def wait_taken(self, cluster: Cluster) -> None:
        wait_until(lambda: cluster.client("put", "probe", "2").exit_code == 0,
                   "writes are taken again", NOTICED_SECONDS_MAX, cluster.nodes[0].log_end)

    def check_refusal_and_recovery(self, bytes_left: int) -> None:
        cluster = self.start_on_small_disk()
        node = cluster.nodes[0]
        self.ok(cluster.client("batch", *numbered_words(50)))
        filler = fill(node.data_dir, bytes_left)

        self.wait_refused(cluster)
        for number in range(25):
            self.ok(cluster.client("delete", f"key-{number}"))
        self.prints(cluster.client("get", "--raw", "key-49"), "49")
        self.prints(cluster.client("get", "key-0"), "Key 'key-0' not found\n")
        self.assertIn("Pressure: 1.00\n", cluster.client("status").stdout)
        pid = node.pid()
        filler.unlink()
        self.wait_taken(cluster)

        self.assertEqual(node.pid(), pid, "without a restart")
        self.put(cluster, "after", "1")
        for restart in (node.kill, node.terminate):
            restart()
            node.start()
            cluster.wait_alive(1)
            for number in range(50):
                key = f"key-{number}"
                if number >= 25:
                    self.reads(cluster, key, str(number))
                else:
                    self.prints(cluster.client("get", key), f"Key '{key}' not found\n")
            self.reads(cluster, "after", "1")

    def test_a_nearly_full_disk_refuses_writes_and_goes_on_when_space_is_given_back(self):
        self.check_refusal_and_recovery(bytes_left=32 << 20)

    def test_a_disk_without_a_byte_left_still_reads_and_deletes(self):
        self.check_refusal_and_recovery(bytes_left=0)

    def test_others_take_the_writes_of_a_node_whose_disk_is_full(self):
        cluster = Cluster(3)
        self.addCleanup(cluster.close)
        full = cluster.nodes[0]
        mount_small_disk(self, full.data_dir)
        cluster.start()
        cluster.wait_alive(3)
        cluster.wait_settled(3)
        filler = fill(full.data_dir, 1 << 20)
        self.put(cluster, "probe", "1")
        wait_until(lambda: "event=disk_full" in full.log(), "the full disk is noticed",
                   NOTICED_SECONDS_MAX, full.log_end)

        for number in range(20):
            answer = self.ok(cluster.client("--output", "json", "put", f"key-{number}", "1",
                                            through=full))
            self.assertEqual(sorted(json.loads(answer.stdout)["acknowledged"]), ["node2", "node3"])
            self.reads(cluster, f"key-{number}", "1", "--consistency", "one",
                       through=cluster.nodes[1])
        self.refuses(cluster.client("--consistency", "all", "put", "all", "1", through=full),
                     "acknowledged", (1, 3))
        filler.unlink()
        wait_until(lambda: "event=disk_has_room" in full.log(), "the room is noticed",
                   NOTICED_SECONDS_MAX, full.log_end)
        for number in range(20):
            self.reads(cluster, f"key-{number}", "1", "--consistency", "all")

    def test_a_node_killed_on_a_full_disk_comes_back_on_it_and_serves(self):
        cluster = self.start_on_small_disk()
        node = cluster.nodes[0]
        self.ok(cluster.client("batch", *numbered_words(50)))
        filler = fill(node.data_dir, 1 << 20)
        self.wait_refused(cluster)

        node.kill()
        node.start()
        cluster.wait_alive(1)

        self.prints(cluster.client("get", "--raw", "key-49"), "49")
        self.refuses(cluster.client("put", "x", "1"), "full")
        self.ok(cluster.client("delete", "key-1"))
        filler.unlink()
        self.wait_taken(cluster)


class Damage(ServerTest):
    def flip_in_the_middle(self, node: Node) -> Path:
        """Flips bits of a block in the largest table of a node that does not run."""
        table = max(node.data_dir.glob("**/*.sst"), key=lambda path: path.stat().st_size)
        with table.open("r+b") as file:
            file.seek(table.stat().st_size // 2)
            there = file.read(64)
            file.seek(table.stat().st_size // 2)
            file.write(bytes(byte ^ 0x55 for byte in there))
        return table

    def test_a_damaged_table_is_repaired_from_the_other_replicas(self):
        cluster = self.start(3)
        node = cluster.nodes[1]
        lines = cluster.folder / "lines"
        lines.write_text("".join(f"key-{number}\n" for number in range(3000)))
        self.ok(cluster.client("--consistency", "all", "load", str(lines)))
        self.ok(cluster.client("checkpoint", "flushed", through=node))  # All of it is in tables.
        self.assertEqual(node.terminate(), 0, node.log_end())
        shutil.rmtree(node.data_dir / "checkpoints")
        table = self.flip_in_the_middle(node)
        node.start()
        cluster.wait_alive(3)

        for consistency in ("one", "quorum"):
            self.prints(cluster.client("--consistency", consistency, "verify", str(lines),
                                       through=node),
                        "Verified 3000 keys, 0 wrong or missing\n")
        wait_until(lambda: "event=damage_repair_finished" in node.log(), "the table is repaired",
                   REPAIRED_SECONDS_MAX, node.log_end)
        wait_until(lambda: "Store: ok\n" in cluster.client("status", through=node).stdout,
                   "the store is sound", REPAIRED_SECONDS_MAX, node.log_end)

        self.assertIn("event=table_damaged", node.log())
        self.assertFalse(table.exists(), "a sound table stands in its place")
        self.prints(cluster.client("--consistency", "all", "verify", str(lines), through=node),
                    "Verified 3000 keys, 0 wrong or missing\n")
        for restart in (node.kill, node.terminate):
            restart()
            node.start()
            cluster.wait_alive(3)
            self.prints(cluster.client("--consistency", "one", "verify", str(lines), through=node),
                        "Verified 3000 keys, 0 wrong or missing\n")


class Checkpoints(ServerTest):
    def write_text(self, cluster: Cluster, name: str, lines: list) -> str:
        path = cluster.folder / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def load(self, cluster: Cluster, text: str) -> None:
        self.ok(cluster.client("load", text))

    def restore(self, node: Node, name: str) -> None:
        """As the README says: stop, move the directory away, move the copy there, start."""
        away = node.data_dir.with_name(node.data_dir.name + "-away")
        node.data_dir.rename(away)
        shutil.copytree(away / "checkpoints" / name, node.data_dir)

    def test_a_checkpoint_restores_exactly_what_it_held(self):
        for engine in ("lsm", "leveldb"):
            with self.subTest(engine=engine):
                cluster = self.start(1, "--engine", engine)
                node = cluster.nodes[0]
                old = [f"key-{number}" for number in range(1000)]
                held = self.write_text(cluster, "held", old)
                later = self.write_text(cluster, "later", old[::-1] + ["new-1", "new-2"])
                self.load(cluster, held)

                answer = self.ok(cluster.client("checkpoint", "monday"))
                self.assertEqual(answer.stdout, f"Checkpoint 'monday' of node1 is complete: "
                                                f"{node.data_dir}/checkpoints/monday\n")
                self.load(cluster, later)
                before = actors_of(cluster.client("explain", "key-7").stdout)
                self.assertEqual(node.terminate(), 0, node.log_end())
                self.restore(node, "monday")
                node.start()
                cluster.wait_alive(1)

                self.prints(cluster.client("verify", held),
                            "Verified 1000 keys, 0 wrong or missing\n")
                self.prints(cluster.client("get", "new-1"), "Key 'new-1' not found\n")
                self.put(cluster, "key-7", "after")
                after = actors_of(cluster.client("explain", "key-7").stdout)
                self.assertEqual(before & after, set(), "a restored store has a new actor")
                cluster.close()

    def test_a_restored_node_of_three_catches_up_before_it_answers(self):
        cluster = self.start(3)
        node = cluster.nodes[1]
        old = [f"key-{number}" for number in range(200)]
        held = self.write_text(cluster, "held", old)
        later = self.write_text(cluster, "later", old[::-1] + ["new-1"])
        self.load(cluster, held)
        self.ok(cluster.client("checkpoint", "monday", through=node))
        # Lives of the node that its copy knows nothing of.
        for _ in range(2):
            node.kill()
            node.start()
        cluster.wait_alive(3)
        self.load(cluster, later)
        self.assertEqual(node.terminate(), 0, node.log_end())
        self.restore(node, "monday")

        node.start()
        cluster.wait_alive(3)

        # Until it has caught up, `one` through it is answered by another.
        self.prints(cluster.client("--consistency", "one", "verify", later, through=node),
                    "Verified 201 keys, 0 wrong or missing\n")
        wait_until(lambda: "Catching up" not in cluster.client("status", through=node).stdout,
                   "the restored node has caught up", CAUGHT_UP_SECONDS_MAX)
        self.prints(cluster.client("--consistency", "all", "verify", later),
                    "Verified 201 keys, 0 wrong or missing\n")
        self.prints(cluster.client("--consistency", "one", "verify", later, through=node),
                    "Verified 201 keys, 0 wrong or missing\n")
        self.put(cluster, "key-1", "after", "--consistency", "all", through=node)

    def test_what_cannot_be_copied_is_refused_and_says_why(self):
        cluster = self.start(1)
        node = cluster.nodes[0]
        self.ok(cluster.client("checkpoint", "monday"))
        self.refuses(cluster.client("checkpoint", "monday"), "exists")
        for name in ("..", ".", "../away", "/tmp/away", "a/b", "", "x" * 65):
            self.refuses(cluster.client("checkpoint", name), "no checkpoint was made: .*name")
        self.assertEqual(os.listdir(node.data_dir / "checkpoints"), ["monday"])
        self.refuses(cluster.client("checkpoint"), "Usage: distkv-client checkpoint NAME")
        memory = self.start(1, "--engine", "memory")
        self.refuses(memory.client("checkpoint", "monday"), "memory engine")


if __name__ == "__main__":
    unittest.main()
