"""One node is killed again and again under load; what it acknowledged must be there each time."""

import random
import time
from typing import Callable, Dict, List

from driver import Cluster
from numbered import BatchWriter, KeyState, faults_of

WRITERS = 4
KEYS_PER_WRITER = 25
LOAD_SECONDS = (0.2, 1.2)  # shorter and longer than a flush, a merge and a change of log segments
# With the smallest memtable a round of all keys is a tenth of it, so that files come and go.
VALUE_PADDING = ":" + "x" * 1000
NODE_FLAGS = ("--mem-table-size", "1MiB", "--sstable-size", "1MiB")


class KillLoop:
    """What the writers know, kept over all rounds."""

    def __init__(self, cluster: Cluster, seed: int):
        self._cluster = cluster
        self._chance = random.Random(seed)
        self._states: List[Dict[str, KeyState]] = [
            {f"writer-{writer}-{key}": KeyState() for key in range(KEYS_PER_WRITER)}
            for writer in range(WRITERS)]

    def round(self) -> List[str]:
        """Writes, kills, restarts and reads all; the faults found."""
        node = self._cluster.nodes[0]
        writers = [BatchWriter(node.address, states, VALUE_PADDING) for states in self._states]
        for writer in writers:
            writer.start()
        time.sleep(self._chance.uniform(*LOAD_SECONDS))
        node.kill()
        for writer in writers:
            writer.stop()
        node.start()
        self._cluster.wait_alive(1)
        return faults_of(self.states(), [node.address])

    def states(self) -> Dict[str, KeyState]:
        return {key: state for states in self._states for key, state in states.items()}

    def writes_acknowledged(self) -> int:
        """At least: the numbers that the last acknowledged ones count."""
        return sum(state.acknowledged for state in self.states().values())


def run_rounds(loop: KillLoop, rounds: int, tell: Callable[[str], None]) -> List[str]:
    """Stops at the first round with faults, so that what is on disk can be looked at."""
    for number in range(rounds):
        faults = loop.round()
        tell(f"round {number + 1} of {rounds}: {loop.writes_acknowledged()} writes so far,"
             f" {len(faults)} faults")
        if faults:
            return faults
    return []
