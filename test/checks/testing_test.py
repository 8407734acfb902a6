"""How scripts/test counts: nothing that ended badly may look as if it had passed."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from testing import __main__ as testing_main, counting, stages  # noqa: E402
from testing.counting import Count  # noqa: E402
from testing.suites import Suite  # noqa: E402

SUMMARY = "[doctest] test cases: {} | {} passed | {} failed | 0 skipped\n[doctest] Status\n"
RULE = "=" * 79 + "\n"


class DoctestCounting(unittest.TestCase):
    def test_each_case_is_one(self):
        self.assertEqual(counting.of_doctest("a", SUMMARY.format(5, 5, 0), 0), Count(5, 0, []))

    def test_failed_cases_are_named(self):
        output = (f"{RULE}TEST CASE:  a ring speaks\n\na.cpp:1: MESSAGE: seed 1\n"
                  f"{RULE}TEST CASE:  a ring turns\n\na.cpp:2: ERROR: CHECK( a ) is NOT correct!\n"
                  f"{RULE}{SUMMARY.format(5, 4, 1)}")

        self.assertEqual(counting.of_doctest("a", output, 1), Count(4, 1, ["a: a ring turns"]))

    def test_a_crash_without_summary_is_a_failure(self):
        self.assertEqual(counting.of_doctest("a", "", -11).failed, 1)

    def test_a_bad_exit_after_a_clean_summary_is_a_failure(self):
        self.assertEqual(counting.of_doctest("a", SUMMARY.format(5, 5, 0), 1)[:2], (5, 1))

    def test_a_program_without_cases_is_a_failure(self):
        self.assertEqual(counting.of_doctest("a", SUMMARY.format(0, 0, 0), 0).failed, 1)

    def test_colours_do_not_hide_the_summary(self):
        output = SUMMARY.format(2, "\x1b[0;32m2", 0)

        self.assertEqual(counting.of_doctest("a", output, 0).passed, 2)


class PythonCounting(unittest.TestCase):
    def test_each_case_is_one(self):
        output = "Ran 7 tests in 1.2s\n\nOK\n"

        self.assertEqual(counting.of_python("a", output, 0), Count(7, 0, []))

    def test_failures_errors_and_skips_are_failures(self):
        output = "FAIL: b (C.b)\nRan 7 tests in 1.2s\n\nFAILED (failures=1, errors=2, skipped=1)\n"

        self.assertEqual(counting.of_python("a", output, 1), Count(3, 4, ["a: b (C.b)"]))

    def test_a_class_that_cannot_be_set_up_is_a_failure(self):
        output = "ERROR: setUpClass (C)\nRan 2 tests in 1.2s\n\nFAILED (errors=1)\n"

        self.assertEqual(counting.of_python("a", output, 1), Count(2, 1, ["a: setUpClass (C)"]))

    def test_a_program_without_cases_is_a_failure(self):
        self.assertEqual(counting.of_python("a", "Ran 0 tests in 0.0s\n\nOK\n", 0)[:2], (0, 1))

    def test_an_end_without_summary_is_a_failure(self):
        self.assertEqual(counting.of_python("a", "Traceback\n", 1).failed, 1)


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=ROOT, prefix="build-testing-")
        self.addCleanup(folder.cleanup)
        patched = mock.patch.object(stages, "LOGS", Path(folder.name))
        patched.start()
        self.addCleanup(patched.stop)

    def count(self, stage):
        with contextlib.redirect_stdout(io.StringIO()):
            return stage()[:2]

    def test_a_command_is_one_case(self):
        self.assertEqual(self.count(stages.command("a", "true")), (1, 0))
        self.assertEqual(self.count(stages.command("a", "false")), (0, 1))
        self.assertEqual(self.count(stages.command("a", "no-such-command")), (0, 1))

    def test_a_command_that_must_fail_has_to_fail_by_itself(self):
        self.assertEqual(self.count(stages.command("a", "false", must_fail=True)), (1, 0))
        self.assertEqual(self.count(stages.command("a", "true", must_fail=True)), (0, 1))
        self.assertEqual(
            self.count(stages.command("a", "sh", "-c", "kill -SEGV $$", must_fail=True)), (0, 1))

    def test_a_command_that_hangs_is_ended_with_its_children(self):
        exit_code, output, _ = stages.run("a", ["sh", "-c", "sleep 100 & sleep 100"], 1)

        self.assertEqual(exit_code, stages.TIMED_OUT)
        self.assertIn("ended after 1 s", output)

    def test_a_folder_without_tests_is_a_failure(self):
        self.assertEqual(self.count(stages.python_tests("scripts")), (0, 1))

    def test_a_build_that_fails_ends_its_suite_as_a_failure(self):
        with self.assertRaises(stages.Failed) as raised, contextlib.redirect_stdout(io.StringIO()):
            stages.build("build-testing-never", "--no-such-option")()

        self.assertEqual(raised.exception.count[:2], (0, 1))


def _fails():
    raise stages.Failed(Count(0, 1, ["it does not build"]))


def _crashes():
    raise FileNotFoundError("gone")


class Runner(unittest.TestCase):
    def run_suites(self, suites):
        """(exit code, last line printed)"""
        output = io.StringIO()
        with mock.patch.object(testing_main, "SUITES", suites), \
                mock.patch.object(sys, "argv", ["test"]), contextlib.redirect_stdout(output):
            exit_code = testing_main.main()
        return exit_code, output.getvalue().splitlines()[-1]

    def test_the_last_line_is_the_total(self):
        suites = {"a": Suite("", (lambda: Count(2, 0, []),)),
                  "b": Suite("", (lambda: Count(3, 0, []),))}

        self.assertEqual(self.run_suites(suites), (0, "5 passed, 0 failed"))

    def test_later_suites_run_after_one_that_failed(self):
        suites = {"a": Suite("", (_fails, lambda: Count(9, 0, []))), "b": Suite("", (_crashes,)),
                  "c": Suite("", (lambda: Count(3, 0, []),))}

        self.assertEqual(self.run_suites(suites), (1, "3 passed, 2 failed"))

    def test_a_run_without_a_single_case_is_a_failure(self):
        self.assertEqual(self.run_suites({"a": Suite("", ())}), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
