"""Computers of one machine: network namespaces joined by a bridge, each of which can be cut off.

An island's link goes down and its programs go on: to the others, and to clients, it is as if its
cable were pulled. Or it is split from the other islands alone, and clients still reach it. It takes
a system that lets this process make namespaces; enter() says if so. Everything ends with the
processes that hold it.
"""

import os
import subprocess
import sys
from typing import List, Sequence

from driver import kill_group, spawn, wait_until

_INSIDE = "DISTKV_ISLANDS"
_BRIDGE = "islands"
_HOLDER = ("sleep", "infinity")


def enter() -> bool:
    """Runs this program anew in a namespace of its own, where islands can be made.

    Returns True there, and False where the system does not allow it.
    """
    if os.environ.get(_INSIDE):
        return True
    for flags in (["--net"], ["--user", "--map-root-user", "--net"]):
        probe = ["unshare", *flags, "sh", "-c",
                 "ip link add probe type bridge && ip link add one type veth peer name two"]
        try:
            if subprocess.run(probe, capture_output=True).returncode != 0:
                continue
        except OSError:
            return False
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", *flags, sys.executable, "-B", *sys.argv])
    return False


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


class Islands:
    """So many islands, 10.77.0.1 and on; this process is 10.77.0.254."""

    def __init__(self, count: int):
        self._holders: List[subprocess.Popen] = []
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", _BRIDGE, "type", "bridge")
        _run("ip", "address", "add", "10.77.0.254/24", "dev", _BRIDGE)
        _run("ip", "link", "set", _BRIDGE, "up")
        for number in range(1, count + 1):
            self._add(number)

    def _add(self, number: int) -> None:
        holder = spawn(["unshare", "--net", *_HOLDER])
        self._holders.append(holder)
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != own,
                   "a namespace is there", 10)
        _run("ip", "link", "add", f"island{number}", "type", "veth", "peer", "name", "sea",
             "netns", str(holder.pid))
        _run("ip", "link", "set", f"island{number}", "master", _BRIDGE, "up")
        inside = self.prefix(number)
        _run(*inside, "ip", "link", "set", "lo", "up")
        _run(*inside, "ip", "address", "add", f"10.77.0.{number}/24", "dev", "sea")
        _run(*inside, "ip", "link", "set", "sea", "up")

    def address(self, number: int) -> str:
        return f"10.77.0.{number}"

    def prefix(self, number: int) -> Sequence[str]:
        """Before a command: runs it on the island."""
        return ("nsenter", f"--net=/proc/{self._holders[number - 1].pid}/ns/net", "--")

    def cut(self, number: int) -> None:
        _run("ip", "link", "set", f"island{number}", "down")

    def join(self, number: int) -> None:
        _run("ip", "link", "set", f"island{number}", "up")

    def split(self, number: int) -> None:
        """Nothing it sends to other islands arrives; what is not an island still reaches it."""
        for other in self._others(number):
            _run(*self.prefix(number), "ip", "route", "add", "blackhole", self.address(other))

    def unite(self, number: int) -> None:
        for other in self._others(number):
            _run(*self.prefix(number), "ip", "route", "delete", "blackhole", self.address(other))

    def _others(self, number: int) -> List[int]:
        return [other for other in range(1, len(self._holders) + 1) if other != number]

    def close(self) -> None:
        for holder in self._holders:
            kill_group(holder)
