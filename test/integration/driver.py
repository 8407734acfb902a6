"""Real servers and clients for integration tests.

A Cluster starts servers on free loopback ports in a temporary folder and ends every one of them,
whatever happens to the test: each server leads a process group, dies with this process
(PR_SET_PDEATHSIG), and is killed at exit. Waiting is polling with a deadline, never a fixed sleep.
"""

import atexit
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[2]
BINARIES = (ROOT / os.environ.get("DISTKV_BUILD", "build") / "src" / "bin").resolve()
SERVER = BINARIES / "distkv-server"
CLIENT = BINARIES / "distkv-client"
BENCH = BINARIES / "distkv-bench"

POLL_SECONDS = 0.05
ALIVE_SECONDS_MAX = 60    # a cluster of a few nodes forms in seconds; a sanitizer slows it tenfold
END_SECONDS_MAX = 10      # what a server promises after SIGTERM
COMMAND_SECONDS_MAX = 60  # far above any client's own --timeout

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_clusters: List["Cluster"] = []


class Answer(NamedTuple):
    """What a program answered: its exit code, and its two streams as bytes."""

    exit_code: int
    stdout_bytes: bytes
    stderr_bytes: bytes

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode(errors="replace")

    def __str__(self) -> str:
        return f"exit {self.exit_code}\nstdout: {self.stdout[:2000]}\nstderr: {self.stderr[:2000]}"


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(command: Sequence[str], **streams) -> subprocess.Popen:
    """Starts a program that cannot outlive this process, nor the thread that calls this."""
    return subprocess.Popen([str(word) for word in command], start_new_session=True,
                            preexec_fn=_die_with_parent, **streams)


def run(command: Sequence[str], stdin: bytes = b"",
        seconds_max: float = COMMAND_SECONDS_MAX) -> Answer:
    """Runs a program to its end; one that does not end is killed and fails the test."""
    started = spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        stdout, stderr = started.communicate(stdin, timeout=seconds_max)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"no end after {seconds_max} s: {command}") from None
    finally:
        kill_group(started)
    return Answer(started.returncode, stdout, stderr)


def client(*words: str, stdin: bytes = b"") -> Answer:
    """Runs the client with exactly these words."""
    _require_binaries()
    return run([CLIENT, *words], stdin)


def server(*words: str, seconds_max: float = COMMAND_SECONDS_MAX) -> Answer:
    """Runs a server that is expected to end by itself."""
    _require_binaries()
    return run([SERVER, *words], seconds_max=seconds_max)


def kill_group(started: subprocess.Popen) -> None:
    """SIGKILL to a program and what it started; nothing where all have ended."""
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    started.wait()


def wait_until(is_true: Callable[[], bool], what: str, seconds_max: float,
               detail: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + seconds_max
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds_max} s: {what}\n{detail()}")
        time.sleep(POLL_SECONDS)


def free_ports(count: int) -> List[int]:
    """Ports that are free now for both TCP and UDP on loopback; all held until all are chosen."""
    held, ports = [], []
    while len(ports) < count:
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held += [stream, datagram]
        stream.bind(("127.0.0.1", 0))
        port = stream.getsockname()[1]
        try:
            datagram.bind(("127.0.0.1", port))
        except OSError:
            continue
        ports.append(port)
    for each in held:
        each.close()
    return ports


class Node:
    """One server, which may be started and ended many times on the same data directory."""

    def __init__(self, name: str, address: str, folder: Path, flags: Sequence[str],
                 prefix: Sequence[str] = ()):
        self.name = name
        self._prefix = [*prefix]  # of the command: a program that becomes the server
        self.address = address
        self.data_dir = folder / name
        self.log_path = folder / f"{name}.log"
        self._flags = ["--node-id", name, "--address", address, "--data-dir", str(self.data_dir),
                       *flags]
        self._started: Optional[subprocess.Popen] = None

    def start(self) -> None:
        assert not self.is_running(), f"{self.name} already runs"
        with self.log_path.open("ab") as log:
            self._started = spawn([*self._prefix, SERVER, *self._flags], stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=subprocess.STDOUT)

    def pid(self) -> int:
        return self._started.pid

    def is_running(self) -> bool:
        return self._started is not None and self._started.poll() is None

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        if self._started:
            kill_group(self._started)

    def signal(self, number: int) -> None:
        """To the server, which must run."""
        self._started.send_signal(number)

    def terminate(self, seconds_max: float = END_SECONDS_MAX) -> int:
        """SIGTERM; returns the exit code."""
        self._started.terminate()
        return self.wait_end(seconds_max)

    def wait_end(self, seconds_max: float = END_SECONDS_MAX) -> int:
        """Waits for the process to end by itself; returns the exit code."""
        try:
            return self._started.wait(seconds_max)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} has not ended within {seconds_max} s\n{self.log_end()}") from None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_end(self) -> str:
        return f"--- {self.name}, end of its log:\n" + "\n".join(self.log().splitlines()[-20:])


class Cluster:
    """Servers node1..nodeN with one list of seeds, in a temporary folder of their own.

    They listen on free loopback ports unless `places` gives an address and a command prefix each.
    """

    def __init__(self, size: int, flags: Sequence[str] = (),
                 places: Sequence[Tuple[str, Sequence[str]]] = ()):
        _require_binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="distkv-integration-"))
        places = places or [(f"127.0.0.1:{port}", ()) for port in free_ports(size)]
        seeds = ["--seed-nodes", ",".join(address for address, _ in places)]
        self.nodes = [Node(f"node{index + 1}", address, self.folder, [*seeds, *flags], prefix)
                      for index, (address, prefix) in enumerate(places)]
        _clusters.append(self)

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def close(self) -> None:
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self in _clusters:
            _clusters.remove(self)

    def add_node(self, name: str, flags: Sequence[str], address: str = "") -> Node:
        """Another server, not started, that ends with this cluster."""
        node = Node(name, address or f"127.0.0.1:{free_ports(1)[0]}", self.folder, flags)
        self.nodes.append(node)
        return node

    def running(self) -> List[Node]:
        return [node for node in self.nodes if node.is_running()]

    def client(self, *words: str, through: Optional[Node] = None, stdin: bytes = b"") -> Answer:
        """Runs the client against one node, the first that runs by default."""
        node = through or self.running()[0]
        return run([CLIENT, "--server", node.address, *words], stdin)

    def wait_alive(self, count: int, seconds_max: float = ALIVE_SECONDS_MAX) -> None:
        """Until every running node sees `count` alive. Fails at once where no node runs."""
        wait_until(lambda: self._all_see(count), f"every node sees {count} alive", seconds_max,
                   lambda: "\n".join(node.log_end() for node in self.nodes))

    def wait_settled(self, size: int) -> None:
        """Until the founder has shared the partitions out: at first it owns all of them alone."""
        wait_until(lambda: self._is_settled(size), "no partition moves", ALIVE_SECONDS_MAX,
                   lambda: "\n".join(node.log_end() for node in self.nodes))

    def _is_settled(self, size: int) -> bool:
        for node in self.running():
            answer = self.client("--timeout", "2s", "status", through=node)
            is_first = re.search(r"^Layout version: 1$", answer.stdout, re.MULTILINE)
            if "State: settled" not in answer.stdout or (is_first and size > 1):
                return False
        return True

    def _all_see(self, count: int) -> bool:
        nodes = self.running()
        assert nodes, "no server runs\n" + "\n".join(node.log_end() for node in self.nodes)
        for node in nodes:
            answer = self.client("--timeout", "2s", "status", through=node)
            if answer.exit_code != 0 or not re.search(rf"\b{count} alive", answer.stdout):
                return False
        return True


def start_cluster(size: int, *flags: str) -> Cluster:
    """A cluster whose nodes all see one another and all hold their share of the partitions."""
    return form(Cluster(size, flags), size)


def form(cluster: Cluster, size: int) -> Cluster:
    """Starts its nodes; closes it where they do not become a cluster."""
    try:
        cluster.start()
        cluster.wait_alive(size)
        cluster.wait_settled(size)
    except BaseException:
        cluster.close()
        raise
    return cluster


def _require_binaries() -> None:
    for binary in (SERVER, CLIENT):
        assert os.access(binary, os.X_OK), f"{binary} is missing: run scripts/build first"


def _end_everything() -> None:
    for cluster in list(_clusters):
        cluster.close()


atexit.register(_end_everything)


class ServerTest(unittest.TestCase):
    """Assertions on what the client answered, with that answer in every failure."""

    def start(self, size: int, *flags: str) -> Cluster:
        cluster = start_cluster(size, *flags)
        self.addCleanup(cluster.close)
        return cluster

    def ok(self, answer: Answer) -> Answer:
        self.assertEqual(answer.exit_code, 0, str(answer))
        return answer

    def prints(self, answer: Answer, text: str) -> None:
        self.ok(answer)
        self.assertEqual(answer.stdout, text, str(answer))

    def refuses(self, answer: Answer, pattern: str, exit_codes: Sequence[int] = (1,)) -> None:
        """An error: one of the exit codes, and one clear text on standard error."""
        self.assertIn(answer.exit_code, exit_codes, str(answer))
        self.assertRegex(answer.stderr, pattern, str(answer))

    def put(self, cluster: Cluster, key: str, value: str, *flags: str,
            through: Optional[Node] = None) -> None:
        self.prints(cluster.client(*flags, "put", key, value, through=through),
                    f"Successfully stored key '{key}'\n")

    def reads(self, cluster: Cluster, key: str, value: str, *flags: str,
              through: Optional[Node] = None) -> None:
        self.prints(cluster.client(*flags, "get", key, through=through),
                    f"Key: {key}\nValue: {value}\n")
