"""Turns what a test program printed into counts of cases.

A program that ends badly is never counted as passed: where its own summary shows no failure, or
there is none, the bad end itself is one failed case.
"""

import re
from typing import List, NamedTuple

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_DOCTEST_SUMMARY = re.compile(
    r"^\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed", re.MULTILINE)
_DOCTEST_RULE = re.compile(r"^={20,}$", re.MULTILINE)  # stands before what each case reports
_DOCTEST_CASE = re.compile(r"^TEST CASE:\s*(.*)$", re.MULTILINE)
_DOCTEST_FAULT = re.compile(r"\bERROR: ")
_PYTHON_TOTAL = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_PYTHON_FAULTS = re.compile(r"\b(failures|errors|unexpected successes|skipped)=(\d+)")
_PYTHON_CASE = re.compile(r"^(?:FAIL|ERROR): (.*)$", re.MULTILINE)


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    failures: List[str] = []  # what failed, a line each, for a person

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed,
                     self.failures + other.failures)


def how_it_ended(exit_code: int) -> str:
    """`exit_code` as subprocess gives it: negative for a signal."""
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit {exit_code}"


def _charge_bad_end(count: Count, name: str, exit_code: int) -> Count:
    if exit_code == 0 or count.failed > 0:
        return count
    return count + Count(0, 1, [f"{name}: {how_it_ended(exit_code)}"])


def _failed_doctest_cases(output: str) -> List[str]:
    """Names of the cases that report an error; some report only messages."""
    names = [name.strip() for report in _DOCTEST_RULE.split(output)
             if _DOCTEST_FAULT.search(report) for name in _DOCTEST_CASE.findall(report)]
    return list(dict.fromkeys(names))


def of_doctest(name: str, output: str, exit_code: int) -> Count:
    """Each doctest case is one; a program without a single case is a failure."""
    output = _ESCAPES.sub("", output)
    summary = _DOCTEST_SUMMARY.search(output)
    if not summary:
        return Count(0, 1, [f"{name}: no summary, {how_it_ended(exit_code)}"])
    passed, failed = int(summary.group(1)), int(summary.group(2))
    if passed + failed == 0:
        return Count(0, 1, [f"{name}: has no test case"])
    names = [f"{name}: {case}" for case in _failed_doctest_cases(output)] if failed else []
    return _charge_bad_end(Count(passed, failed, names), name, exit_code)


def of_python(name: str, output: str, exit_code: int) -> Count:
    """Each unittest case is one; a skipped one counts as failed, since it proved nothing.

    A class whose set-up fails is one failure: unittest does not count the cases it never began.
    """
    total = _PYTHON_TOTAL.search(output)
    if not total:
        return Count(0, 1, [f"{name}: no summary, {how_it_ended(exit_code)}"])
    begun = int(total.group(1))
    failed = sum(int(number) for _, number in _PYTHON_FAULTS.findall(output[total.start():]))
    if begun + failed == 0:
        return Count(0, 1, [f"{name}: has no test case"])
    names = _PYTHON_CASE.findall(output)
    never_begun = sum(1 for case in names if case.startswith(("setUpClass", "setUpModule")))
    passed = max(0, begun - (failed - never_begun))
    return _charge_bad_end(Count(passed, failed, [f"{name}: {case}" for case in names]),
                           name, exit_code)


def of_command(name: str, exit_code: int, must_fail: bool = False) -> Count:
    """The command is one case. A command that must fail has to end by itself, not by a signal."""
    passed = exit_code > 0 if must_fail else exit_code == 0
    if passed:
        return Count(1, 0, [])
    wish = ", but must fail" if must_fail else ""
    return Count(0, 1, [f"{name}: {how_it_ended(exit_code)}{wish}"])
