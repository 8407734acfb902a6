"""Faults in a row on a cluster of real nodes, and what they did to those they did not touch.

A storm kills (SIGKILL), restarts (SIGTERM) and pauses (SIGSTOP) nodes, cuts them off from all, or
splits them from the other nodes while clients still reach them: at random from a seed, never more
than a minority at once. A node is touched from the moment of its fault until it
answers again and another node sees it alive.
"""

import json
import math
import random
import signal
import time
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Sequence

from driver import CLIENT, Cluster, Node, run, wait_until
from islands import Islands

BACK_SECONDS_MAX = 60
STEP_SECONDS = 0.1

# How long a node is away, shorter and longer than what makes the others take it for dead.
AWAY_SECONDS = {"kill": (0.2, 10.0), "restart": (0.0, 3.0), "pause": (0.2, 8.0), "cut": (0.5, 12.0),
                "split": (0.5, 12.0)}
ISLANDS_ONLY = ("split",)
CALM_SECONDS = (0.5, 5.0)  # between the beginnings of two faults
SECOND_CHANCE = 0.25       # that a fault begins while another lasts, where a minority allows it


class Fault(NamedTuple):
    """Times are those of time.monotonic()."""

    kind: str
    node: str
    began: float
    healed: float
    back: float  # it answers, and another node sees it alive


class _Trouble:
    """A fault under way."""

    def __init__(self, kind: str, node: Node, until: float):
        self.kind = kind
        self.node = node
        self.until = until
        self.began = time.monotonic()
        self.healed: Optional[float] = None


class Storm:
    """`faults` has all that was done, in order of their ends.

    It works in the thread that calls run(): servers end with the thread that started them.
    """

    def __init__(self, cluster: Cluster, seed: int, islands: Optional[Islands] = None):
        self.faults: List[Fault] = []
        self._cluster = cluster
        self._chance = random.Random(seed)
        self._islands = islands
        self._kinds = [kind for kind in AWAY_SECONDS if islands or kind not in ISLANDS_ONLY]
        self._troubles: List[_Trouble] = []

    def run(self, seconds: float) -> None:
        """Faults for so long; returns when every node is back."""
        end = time.monotonic() + seconds
        next_fault = time.monotonic() + self._chance.uniform(*CALM_SECONDS)
        while time.monotonic() < end:
            if time.monotonic() >= next_fault:
                self._begin(end)
                next_fault = time.monotonic() + self._chance.uniform(*CALM_SECONDS)
            self._advance()
            time.sleep(STEP_SECONDS)
        wait_until(self._are_all_back, "all nodes are back", BACK_SECONDS_MAX,
                   lambda: "\n".join(each.node.log_end() for each in self._troubles))

    def _begin(self, end: float) -> None:
        kind = self._chance.choice(self._kinds)
        away = self._chance.uniform(*AWAY_SECONDS[kind])
        node = self._chance.choice(self._cluster.nodes)
        minority = (len(self._cluster.nodes) - 1) // 2
        most = minority if self._chance.random() < SECOND_CHANCE else min(1, minority)
        if len(self._troubles) >= most or any(each.node is node for each in self._troubles):
            return
        trouble = _Trouble(kind, node, min(time.monotonic() + away, end))
        self._troubles.append(trouble)
        self._strike(node, kind)

    def _advance(self) -> None:
        for trouble in list(self._troubles):
            if trouble.healed is None:
                if time.monotonic() >= trouble.until:
                    self._heal(trouble.node, trouble.kind)
                    trouble.healed = time.monotonic()
            elif self._is_back(trouble.node):
                self._troubles.remove(trouble)
                self.faults.append(Fault(trouble.kind, trouble.node.name, trouble.began,
                                         trouble.healed, time.monotonic()))

    def _are_all_back(self) -> bool:
        self._advance()
        return not self._troubles

    def _number(self, node: Node) -> int:
        return self._cluster.nodes.index(node) + 1

    def _strike(self, node: Node, kind: str) -> None:
        if kind == "kill":
            node.kill()
        elif kind == "restart":
            exit_code = node.terminate()
            assert exit_code == 0, f"{node.name} ended with {exit_code}\n{node.log_end()}"
        elif kind == "cut" and self._islands:
            self._islands.cut(self._number(node))
        elif kind == "split":
            self._islands.split(self._number(node))
        else:
            node.signal(signal.SIGSTOP)

    def _heal(self, node: Node, kind: str) -> None:
        if kind in ("kill", "restart"):
            node.start()
        elif kind == "cut" and self._islands:
            self._islands.join(self._number(node))
        elif kind == "split":
            self._islands.unite(self._number(node))
        else:
            node.signal(signal.SIGCONT)

    def _is_back(self, node: Node) -> bool:
        away = [each.node for each in self._troubles]
        others = [other for other in self._cluster.nodes if other not in away]
        return bool(others) and self._sees(node, node) and self._sees(others[0], node)

    @staticmethod
    def _sees(viewer: Node, node: Node) -> bool:
        answer = run([CLIENT, "--server", viewer.address, "--timeout", "500ms", "--output", "json",
                      "status"])
        if answer.exit_code != 0:
            return False
        states = {each["id"]: each["state"] for each in json.loads(answer.stdout)["nodes"]}
        return states.get(node.name) == "ALIVE"


# ---- What a history says

def operations_of(lines: Iterable[str]) -> List[dict]:
    """The operations of a history that `check --history` wrote."""
    return [json.loads(line) for line in lines]


def replicas_of(keys: Iterable[str], address: str) -> Dict[str, FrozenSet[str]]:
    """Which nodes hold each key."""
    found = {}
    for key in keys:
        answer = run([CLIENT, "--server", address, "--output", "json", "explain", key])
        assert answer.exit_code == 0, str(answer)
        found[key] = frozenset(each["id"] for each in json.loads(answer.stdout)["replicas"])
    return found


def untouched(operations: Sequence[dict], replicas: Dict[str, FrozenSet[str]],
              faults: Sequence[Fault]) -> List[dict]:
    """The operations during which no replica of their key was touched, while some node was."""
    kept = []
    for operation in operations:
        during = {fault.node for fault in faults
                  if fault.began <= operation["ended"] and operation["began"] <= fault.back}
        if during and not during & replicas[operation["key"]]:
            kept.append(operation)
    return kept


def p99_milliseconds(operations: Sequence[dict], is_read: bool) -> Optional[float]:
    """Of those answered; None where there are too few to tell."""
    times = sorted(each["ended"] - each["began"] for each in operations
                   if each["outcome"] == "ok" and (each["op"] == "get") == is_read)
    if len(times) < 100:
        return None
    return 1000 * times[math.ceil(0.99 * len(times)) - 1]
