"""Writers whose values are growing numbers, so that what a key may hold is known at any time.

Each key has one writer. It may hold the last number acknowledged, or a later one whose outcome the
writer never learned. A smaller number, or none, is an acknowledged write lost; a greater one was
never written; one that the writer was told is rejected may be seen nowhere.
"""

import json
import threading
from typing import Dict, FrozenSet, List, NamedTuple, Sequence

from driver import client

# In the words of the client's receipts; "unreachable" and "invalid" are rejections too.
ACKNOWLEDGED, UNKNOWN = "stored", "unknown"


class KeyState(NamedTuple):
    """What is known of one key: the last numbers acknowledged and tried, and those rejected."""

    acknowledged: int = 0
    tried: int = 0
    rejected: FrozenSet[int] = frozenset()

    def after(self, outcome: str) -> "KeyState":
        """The state when the client has answered for the last number tried."""
        if outcome == ACKNOWLEDGED:
            return self._replace(acknowledged=self.tried)
        if outcome == UNKNOWN:
            return self
        return self._replace(rejected=self.rejected | {self.tried})


def verdict(state: KeyState, found: int) -> str:
    """Empty where `found` (0: no value) may stand in the key."""
    if found < state.acknowledged:
        return f"LOST: {state.acknowledged} was acknowledged, {found or 'nothing'} is there"
    if found > state.tried:
        return f"INVENTED: {found} is there, only {state.tried} was ever tried"
    if found in state.rejected:
        return f"VISIBLE: {found} is there, which was rejected"
    return ""


class BatchWriter(threading.Thread):
    """Puts the next number to all its keys at once, again and again, through one server."""

    def __init__(self, server: str, states: Dict[str, KeyState], padding: str = ""):
        super().__init__(daemon=True)
        self.states = states
        self._server = server
        self._padding = padding
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._put_all()

    def _put_all(self) -> None:
        words: List[str] = []
        for key, state in self.states.items():
            self.states[key] = state._replace(tried=state.tried + 1)
            words += [key, f"{state.tried + 1}{self._padding}"]
        answer = client("--server", self._server, "--timeout", "3s", "--output", "json", "batch",
                        *words)
        outcomes = outcomes_of(answer.stdout)
        for key in self.states:
            self.states[key] = self.states[key].after(outcomes.get(key, UNKNOWN))

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def outcomes_of(receipts: str) -> Dict[str, str]:
    """The outcome of each key in what `--output json batch` printed."""
    if not receipts.strip():
        return {}
    return {receipt["key"]: receipt["outcome"] for receipt in json.loads(receipts)}


def read_number(key: str, server: str) -> int:
    """0 where the key is absent."""
    answer = client("--server", server, "--timeout", "10s", "get", "--raw", "--fail-missing", key)
    if answer.exit_code == 4:
        return 0
    assert answer.exit_code == 0, f"get {key} through {server}: {answer}"
    return int(answer.stdout.split(":")[0])


def faults_of(states: Dict[str, KeyState], servers: Sequence[str]) -> List[str]:
    """Reads each key through each server and says what may not be."""
    faults = []
    for key, state in sorted(states.items()):
        for server in servers:
            wrong = verdict(state, read_number(key, server))
            if wrong:
                faults.append(f"{key} through {server}: {wrong}")
    return faults
