"""Rules that need a tool: headers compile alone, core objects call no clock, clang-format is clean."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, List

from checks.source import CORE_FOLDERS, ROOT, Finding, cpp_files, relative

COMPILE = ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
           "-Isrc", "-Iinclude", "-Itest", "-x", "c++", "-"]

# Undefined symbols that would let a core folder see time, chance, threads, files or the network.
# C names are matched whole (glibc's version suffix aside), C++ names from their start.
_BANNED_C = """
    clock_gettime gettimeofday time timespec_get localtime localtime_r gmtime gmtime_r
    nanosleep clock_nanosleep usleep sleep
    getrandom getentropy rand random srand arc4random drand48
    getenv secure_getenv
    pthread_create pthread_mutex_lock pthread_mutex_unlock pthread_cond_wait pthread_rwlock_wrlock
    fopen fopen64 open open64 openat openat64 creat read write pread pread64 pwrite pwrite64
    fsync fdatasync mmap mmap64 unlink rename
    socket bind listen accept accept4 connect send sendto sendmsg recv recvfrom recvmsg poll epoll_wait
    fork execve system
""".split()
_BANNED_CPP = (
    "std::random_device::", "std::chrono::_V2::", "std::thread::", "std::condition_variable",
    "std::this_thread::", "std::basic_ifstream", "std::basic_ofstream", "std::basic_fstream",
    "std::basic_filebuf", "std::filesystem::",
)
_UNDEFINED = re.compile(r"^\s+[Uw] (?P<name>.*)$")


def header_findings(text_of_include: str, path: str) -> Iterable[Finding]:
    """Compiles a file that includes one header, twice."""
    line = f'#include "{text_of_include}"\n'
    done = subprocess.run(COMPILE, input=line * 2, text=True, cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        first = next((s for s in done.stderr.splitlines() if "error" in s), done.stderr.strip())
        yield Finding("header-alone", path, 1, f"does not compile alone: {first}")


def all_header_findings() -> Iterable[Finding]:
    headers = [path for path in cpp_files("src", "include", "test") if path.suffix == ".h"]

    def check(path: Path) -> List[Finding]:
        return list(header_findings(relative(path).partition("/")[2], relative(path)))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings in pool.map(check, headers):
            yield from findings


def symbol_findings(nm_output: str, path: str) -> Iterable[Finding]:
    """What an archive asks for that core code may not; `nm_output` is that of `nm -C -u`."""
    for line in nm_output.splitlines():
        match = _UNDEFINED.match(line)
        if not match:
            continue
        name = match["name"]
        if name.partition("@")[0] in _BANNED_C or name.startswith(_BANNED_CPP):
            yield Finding("symbol", path, 1, f"core code calls {name}")


def object_findings(compiled: Path, path: str) -> Iterable[Finding]:
    """Reads what one object file or archive asks for; `path` is what findings are reported at."""
    done = subprocess.run(["nm", "-C", "-u", str(compiled)], capture_output=True, text=True)
    if done.returncode != 0:
        yield Finding("symbol", path, 1, f"cannot be read: {done.stderr.strip()}")
    yield from symbol_findings(done.stdout, path)


def archive_findings(build: Path) -> Iterable[Finding]:
    """Reads the static library of every core folder that has sources."""
    for folder in CORE_FOLDERS:
        if not list((ROOT / "src" / folder).rglob("*.cpp")):
            continue
        yield from object_findings(build / "src" / folder / f"lib{folder}.a", f"src/{folder}")


def format_findings() -> Iterable[Finding]:
    done = subprocess.run([str(ROOT / "scripts/format"), "--check"], capture_output=True, text=True)
    reported = set()
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: error: ", done.stderr, re.MULTILINE):
        if path not in reported:
            reported.add(path)
            yield Finding("format", path, int(line), "scripts/format would change this file")
    if done.returncode != 0 and not reported:
        yield Finding("format", "scripts/format", 1, done.stderr.strip() or "failed")
