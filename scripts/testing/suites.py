"""The table of suites: what scripts/test runs, in this order. A new suite is a new row."""

import os
import subprocess
import time
from typing import Dict, List, NamedTuple, Tuple

from testing.stages import Stage, build, command, python_tests, same_line, unit_tests


class Suite(NamedTuple):
    meaning: str
    stages: Tuple[Stage, ...]
    is_fast: bool = False  # one of those that --fast runs


def _fixed_addresses() -> List[str]:
    """ThreadSanitizer cannot map its shadow under some kernels' address randomisation."""
    prefix = ["setarch", os.uname().machine, "--addr-no-randomize"]
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except OSError:
        works = False
    return prefix if works else []


ASAN_OPTIONS = ("-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized")
TSAN_OPTIONS = ("-Db_sanitize=thread", "-Db_lundef=false", "-Dbuildtype=debugoptimized")

# Where threads are: the storage engine's log and compaction, and the libuv runtime.
THREADED = {"storage": "test/storage/storage_test", "runtime": "test/runtime/runtime_test",
            "lsm stress": "test/storage/lsm/stress/lsm_stress_test"}

# Seeds that every run tries, and some that no run tried before.
SEEDS = 1000
SEEDS_MAP = 400  # The memory engine's, which says less about disks.
SEEDS_FRESH = 300
SEEDS_SWARM = 1500  # Options drawn too; enough that every rare situation is reached.
STRIKES_STRIDE = 30  # Of 41 000 places of the scenarios, one in so many.
SEEDS_ASAN = 100
SEEDS_HASHED = 100
MUTANT_SHARES = 6  # All of them take half an hour; in so many days each has its turn.
_FRESH_SEED = int(time.time())


def simulator(build_directory: str) -> str:
    return f"{build_directory}/test/sim/distkv-sim"


def simulate(build_directory: str, seed: int, runs: int, *options: str) -> Tuple[str, ...]:
    return (simulator(build_directory), "--seed", str(seed), "--runs", str(runs), "--jobs", "2",
            *options)


SUITES: Dict[str, Suite] = {
    "unit": Suite("unit tests, g++", (build("build"), unit_tests("build")), is_fast=True),
    "checks": Suite("layers, style, and the tests of the scripts", (
        command("check_layers --self-test", "scripts/check_layers", "--self-test"),
        command("check_layers", "scripts/check_layers"),
        command("check_style --self-test", "scripts/check_style", "--self-test"),
        python_tests("test/checks"),
        build("build"),
        command("check_style", "scripts/check_style"),
    ), is_fast=True),
    "sim": Suite("clusters under seeded faults, on the LSM engine and its simulated disks", (
        build("build"),
        command(f"{SEEDS} seeds", *simulate("build", 1, SEEDS), show_last=45),
        command(f"{SEEDS_MAP} seeds on the memory engine",
                *simulate("build", 1, SEEDS_MAP, "--engine", "map"), show_last=2),
        command(f"{SEEDS_FRESH} fresh seeds", *simulate("build", _FRESH_SEED, SEEDS_FRESH),
                show_last=2),
        command(f"{SEEDS_SWARM} seeds of the swarm, which reach every rare situation",
                *simulate("build", 1, SEEDS_SWARM, "--swarm", "--require-sometimes"),
                show_last=52),
        command(f"{SEEDS_FRESH} fresh seeds of the swarm",
                *simulate("build", _FRESH_SEED, SEEDS_FRESH, "--swarm"), show_last=3),
        command(f"scenarios with a failure at one place in {STRIKES_STRIDE}",
                simulator("build"), "--scenario", "test/sim/scenarios", "--strikes",
                str(STRIKES_STRIDE), "--seed", str(_FRESH_SEED), "--jobs", "2", show_last=3),
        command(f"{SEEDS_HASHED} seeds twice", *simulate("build", 1, SEEDS_HASHED, "--compare"),
                show_last=2),
        build("build-clang", "-Dbuildtype=debug", compiler="clang++",
              targets=["test/sim/distkv-sim"]),
        same_line(f"{SEEDS_HASHED} seeds alike under g++ -O2 and clang++ -O0", "trace hash",
                  simulate("build", 1, SEEDS_HASHED), simulate("build-clang", 1, SEEDS_HASHED)),
    )),
    "mutants": Suite("deliberate bugs, each of which a test must catch", (
        python_tests("test/mutants"),
        command("mutants", "scripts/mutants", "--share", str(MUTANT_SHARES), show_last=60),
    )),
    "integration": Suite("real servers and clients", (
        build("build"),
        python_tests("test/integration"),
    )),
    # Also what tells that clang builds everything without a warning.
    "asan": Suite("unit and integration tests under address and undefined-behaviour sanitizers", (
        build("build-asan", *ASAN_OPTIONS, compiler="clang++"),
        unit_tests("build-asan"),
        command(f"{SEEDS_ASAN} seeds under sanitizers",
                *simulate("build-asan", 1, SEEDS_ASAN), show_last=2),
        python_tests("test/integration", {"DISTKV_BUILD": "build-asan"}, label="build-asan/"),
    )),
    "tsan": Suite("the threaded parts under the thread sanitizer", (
        build("build-tsan", *TSAN_OPTIONS, compiler="clang++",
              targets=list(THREADED.values())),
        unit_tests("build-tsan", only=list(THREADED), prefix=_fixed_addresses()),
    )),
}
