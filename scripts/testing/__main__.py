"""Runs suites in order, goes on after failures, and ends with `N passed, N failed`."""

import argparse
import sys
import time

from testing.counting import Count
from testing.stages import Failed
from testing.suites import SUITES


def run_suite(name: str) -> Count:
    count = Count()
    try:
        for stage in SUITES[name].stages:
            count += stage()
    except Failed as failure:
        count += failure.count
    except Exception as error:  # a suite that cannot be run is a failure, not the end of the rest
        count += Count(0, 1, [f"{name}: {type(error).__name__}: {error}"])
    return count


def chosen_suites(arguments) -> "list[str]":
    suites = "\n".join(f"  {name:12} {suite.meaning}" for name, suite in SUITES.items())
    parser = argparse.ArgumentParser(prog="scripts/test", epilog=f"suites:\n{suites}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="*", help="all of them by default")
    parser.add_argument("--fast", action="store_true", help="only the suites that take seconds")
    options = parser.parse_args(arguments)
    for name in options.suite:
        if name not in SUITES:
            parser.error(f"unknown suite '{name}'; there are: {', '.join(SUITES)}")
    if options.fast:
        return [name for name, suite in SUITES.items() if suite.is_fast]
    return options.suite or list(SUITES)


def main() -> int:
    total = Count()
    for name in chosen_suites(sys.argv[1:]):
        print(f"== {name}: {SUITES[name].meaning}", flush=True)
        began = time.monotonic()
        count = run_suite(name)
        total += count
        print(f"   {name}: {count.passed} passed, {count.failed} failed,"
              f" {time.monotonic() - began:.1f} s", flush=True)
    for failure in total.failures:
        print(f"FAILED {failure}")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
