"""Stages that suites are made of. Each runs something, keeps its output in a log and counts cases."""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from testing import counting
from testing.counting import Count

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build-logs"
TIMED_OUT = 124  # what timeout(1) exits with
JOBS = os.cpu_count() or 2

Stage = Callable[[], Count]

# A program that hangs is a failure; these are several times what each takes on a slow machine.
BUILD_SECONDS_MAX = 3600
UNIT_SECONDS_MAX = 600
COMMAND_SECONDS_MAX = 1800

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Failed(Exception):
    """A stage without which the rest of its suite has no meaning has failed."""

    def __init__(self, count: Count):
        super().__init__(count)
        self.count = count


def run(name: str, command: Sequence[str], seconds_max: int,
        environment: Optional[Dict[str, str]] = None) -> "tuple[int, str, Path]":
    """Runs a command in a process group of its own; (exit code, output, log)."""
    log = LOGS / (name.replace("/", "-").replace(" ", "-") + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            started = subprocess.Popen(
                [str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, **SANITIZER_ENVIRONMENT, **(environment or {})})
        except OSError as error:
            output.write(f"{command[0]}: {error.strerror}\n".encode())
            output.flush()
            return 127, log.read_text(errors="replace"), log
        exit_code = _wait(started, seconds_max)
        if exit_code == TIMED_OUT:
            output.write(f"\nended after {seconds_max} s without an answer\n".encode())
    return exit_code, log.read_text(errors="replace"), log


def _wait(started: subprocess.Popen, seconds_max: int) -> int:
    try:
        return started.wait(seconds_max)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        # Whatever the command left in its group goes with it, also after an interrupt.
        try:
            os.killpg(started.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        started.wait()


def _with_log(count: Count, output: str, log: Path) -> Count:
    """Shows the end of the output of what failed."""
    if count.failed:
        print(f"--- {log.relative_to(ROOT)}, its last lines:")
        print("\n".join(output.splitlines()[-40:]))
        print("---", flush=True)
    return count


def build(directory: str, *options: str, compiler: str = "", targets: Sequence[str] = ()) -> Stage:
    """Builds; says nothing where it succeeds and ends the suite as a failure where it does not."""

    def stage() -> Count:
        command = [str(ROOT / "scripts/build"), directory, *options]
        if targets:
            command += ["--", *targets]
        environment = {"CXX": compiler} if compiler else {}
        exit_code, output, log = run(f"{directory}/build", command, BUILD_SECONDS_MAX, environment)
        if exit_code != 0:
            raise Failed(_with_log(counting.of_command(f"{directory} builds", exit_code), output, log))
        return Count()

    return stage


def _declared_tests(directory: str) -> List[dict]:
    return json.loads((ROOT / directory / "meson-info" / "intro-tests.json").read_text())


def _is_command(test: dict) -> bool:
    """A program without doctest's cases, one case as a whole: the build puts it into that suite."""
    return any(suite.endswith(":command") for suite in test.get("suite", []))


def _run_unit(directory: str, test: dict, prefix: Sequence[str]) -> Count:
    name = f"{directory}/{test['name']}"
    if _is_command(test):
        exit_code, output, log = run(name, [*prefix, *test["cmd"]], UNIT_SECONDS_MAX,
                                     test.get("env") or {})
        return _with_log(counting.of_command(name, exit_code), output, log)
    exit_code, output, log = run(name, [*prefix, *test["cmd"], "--no-colors"], UNIT_SECONDS_MAX,
                                 test.get("env") or {})
    return _with_log(counting.of_doctest(name, output, exit_code), output, log)


def unit_tests(directory: str, only: Sequence[str] = (), prefix: Sequence[str] = ()) -> Stage:
    """Every test program the build declares, or those named; each doctest case is one."""

    def stage() -> Count:
        tests = [test for test in _declared_tests(directory) if not only or test["name"] in only]
        lacking = sorted(set(only) - {test["name"] for test in tests}) or ([] if tests else ["any"])
        count = Count(0, len(lacking), [f"{directory}: {name} test is not there" for name in lacking])
        with ThreadPoolExecutor(JOBS) as pool:
            for one in pool.map(lambda test: _run_unit(directory, test, prefix), tests):
                count += one
        return count

    return stage


def command(name: str, *words: str, environment: Optional[Dict[str, str]] = None,
            must_fail: bool = False, show_last: int = 0) -> Stage:
    """One command is one case. Paths are relative to the repository. The last lines of its output
    can be shown also where it succeeds: figures a reader of the run wants to see."""

    def stage() -> Count:
        exit_code, output, log = run(name, words, COMMAND_SECONDS_MAX, environment)
        if show_last and exit_code == 0:
            print("\n".join(output.splitlines()[-show_last:]), flush=True)
        return _with_log(counting.of_command(name, exit_code, must_fail), output, log)

    return stage


def python_tests(folder: str, environment: Optional[Dict[str, str]] = None,
                 label: str = "") -> Stage:
    """Every unittest program <folder>/*_test.py; each of its cases is one."""

    def stage() -> Count:
        count = Count()
        for program in sorted((ROOT / folder).glob("*_test.py")):
            name = f"{label}{folder}/{program.name}"
            exit_code, output, log = run(name, ["/usr/bin/python3", "-B", program, "-v"],
                                         COMMAND_SECONDS_MAX, environment)
            count += _with_log(counting.of_python(name, output, exit_code), output, log)
        if count.passed + count.failed == 0:
            return Count(0, 1, [f"{folder}: no test is there"])
        return count

    return stage


def same_line(name: str, prefix: str, *commands: Sequence[str]) -> Stage:
    """One case: all commands succeed and print the same line beginning with `prefix`."""

    def stage() -> Count:
        lines = []
        for number, words in enumerate(commands):
            exit_code, output, log = run(f"{name} {number}", words, COMMAND_SECONDS_MAX)
            found = [line for line in output.splitlines() if line.startswith(prefix)]
            if exit_code != 0 or len(found) != 1:
                return _with_log(counting.of_command(name, exit_code or 1), output, log)
            lines.append(found[0])
        if len(set(lines)) == 1:
            return counting.of_command(name, 0)
        print(f"--- {name}: not the same:", *lines, "---", sep="\n", flush=True)
        return counting.of_command(name, 1)

    return stage
