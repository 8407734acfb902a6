"""Three servers that anti-entropy has to make equal: one of them is given back the store it had
before one key in a hundred was written again, so that it lacks writes all three acknowledged, and
no hint, no client and no operator brings them.

    test/integration/diverged.py                 a million keys of 100 bytes, about two minutes
    test/integration/diverged.py --keys 20000

Prints how long it took from the server's start, what moved beside what differed, and what a round
costs where all is equal.
"""

import argparse
import json
import os
import shutil
import sys
import time
from typing import List, NamedTuple

from driver import BINARIES, Cluster, Node, run, start_cluster, wait_until

BENCH = BINARIES / "distkv-bench"
KEY_BYTES = 15      # of distkv-bench
VALUE_BYTES = 100
META_BYTES = 55     # of one version by one actor (src/causality/FORMAT.md)
RECORD_BYTES = KEY_BYTES + META_BYTES + VALUE_BYTES
SHARE = 100         # one key in so many differs
LOAD_SECONDS_MAX = 600
CONVERGED_SECONDS_MAX = 300
EQUAL_SECONDS = 40  # three or four rounds


class Trees(NamedTuple):
    """What the nodes say of anti-entropy, together."""

    rounds: int
    records: int
    bytes: int
    building: int
    dirty: int
    oldest_proof: float  # seconds; infinite while something was never proven


class Measured(NamedTuple):
    seconds: float        # from the start of the stale server until all is proven equal
    differing_bytes: int
    records: int
    bytes: int
    equal_round_bytes: int  # of all nodes together, each comparing once with each other


def load(cluster: Cluster, keys: int) -> None:
    """Puts this many keys, each with a value of its own."""
    servers = ",".join(node.address for node in cluster.nodes)
    answer = run([BENCH, "--server", servers, "--load", "--keys", str(keys), "--value-size",
                  str(VALUE_BYTES), "--clients", "12", "--depth", "16", "--read-share", "1",
                  "--seconds", "0.1", "--warmup", "0", "--consistency", "all", "--timeout", "30s"],
                 seconds_max=LOAD_SECONDS_MAX)
    assert answer.exit_code == 0, str(answer)


def trees_of(nodes: List[Node], cluster: Cluster) -> Trees:
    rounds = records = sent = building = dirty = 0
    oldest = 0.0
    for node in nodes:
        answer = cluster.client("--output", "json", "status", through=node)
        assert answer.exit_code == 0, str(answer)
        status = json.loads(answer.stdout)["anti_entropy"]
        rounds += status["rounds"]
        records += status["records"]
        sent += status["bytes"]
        building += status["building"]
        dirty += status["dirty"]
        for _, age in status["proofs"]:
            oldest = max(oldest, float("inf") if age is None else age)
    return Trees(rounds, records, sent, building, dirty, oldest)


def go_back(node: Node, checkpoint: str) -> None:
    """The server's store is again what it was."""
    away = node.data_dir.with_name(node.data_dir.name + "-away")
    node.data_dir.rename(away)
    shutil.copytree(away / "checkpoints" / checkpoint, node.data_dir)
    shutil.rmtree(away)


def measure(keys: int, stale: int = 1, equal_seconds: float = EQUAL_SECONDS) -> Measured:
    cluster = start_cluster(3)
    try:
        return measure_on(cluster, keys, cluster.nodes[stale], equal_seconds)
    finally:
        cluster.close()


def measure_on(cluster: Cluster, keys: int, stale: Node, equal_seconds: float) -> Measured:
    load(cluster, keys)
    made = cluster.client("--timeout", "60s", "checkpoint", "before", through=stale)
    assert made.exit_code == 0, str(made)
    load(cluster, keys // SHARE)
    # A life that the copy knows nothing of.
    assert stale.terminate() == 0, stale.log_end()
    go_back(stale, "before")
    before = trees_of(cluster.running(), cluster)

    began = time.monotonic()
    stale.start()
    cluster.wait_alive(3)

    def is_proven() -> bool:
        now = trees_of(cluster.nodes, cluster)
        return now.dirty == 0 and now.oldest_proof + 1 < time.monotonic() - began

    wait_until(is_proven, "every partition is proven equal at all its replicas",
               CONVERGED_SECONDS_MAX, stale.log_end)
    seconds = time.monotonic() - began
    after = trees_of(cluster.nodes, cluster)
    time.sleep(equal_seconds)
    later = trees_of(cluster.nodes, cluster)
    pairs = len(cluster.nodes) * (len(cluster.nodes) - 1) // 2
    return Measured(seconds, keys // SHARE * RECORD_BYTES, after.records - before.records,
                    after.bytes - before.bytes,
                    (later.bytes - after.bytes) * pairs // max(later.rounds - after.rounds, 1))


def main(arguments: List[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--stale", type=int, default=2, choices=(1, 2, 3),
                        help="which server lags behind")
    options = parser.parse_args(arguments)
    found = measure(options.keys, options.stale - 1)
    print(f"{options.keys} keys, {options.keys // SHARE} of them stale on node{options.stale} of 3,"
          f" {os.cpu_count()} cores")
    print(f"equal after {found.seconds:.1f} s from its start")
    print(f"{found.records} records moved for {options.keys // SHARE} that differed")
    print(f"{found.bytes} bytes moved for {found.differing_bytes} that differed:"
          f" {found.bytes / found.differing_bytes:.2f} times")
    print(f"{found.equal_round_bytes} bytes in a round of all nodes that found all equal")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
