"""How scripts/mutants reads mutants, applies them and reads what the simulator says."""

import importlib.util
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_loader = SourceFileLoader("mutants", str(ROOT / "scripts" / "mutants"))
mutants = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutants", _loader))
_loader.exec_module(mutants)

TEXT = """A story
of two lines.

file: a.cpp
<<<<
old
====
new
>>>>
file: b.cpp
<<<<
gone
====
>>>>
"""


class Total(unittest.TestCase):
    def test_it_tells_how_many_seeds_were_needed_where_seeds_decide(self):
        by_seeds = [(mutants.Mutant(name, "", ()), mutants.Verdict("P1", seed, seed))
                    for name, seed in (("a", 9), ("b", 2), ("c", 40))]
        by_suite = (mutants.Mutant("d", "", (), ("some_test",)), mutants.Verdict("some_test", 0, 0))
        survivor = (mutants.Mutant("e", "", ()), mutants.Verdict("", 0, 500))
        self.assertEqual(mutants.total_of([*by_seeds, by_suite, survivor]),
                         "4 caught, 1 survived; by seeds of the simulator: 3, median 9, most 40")
        self.assertEqual(mutants.total_of([by_suite]), "1 caught, 0 survived")


class Parse(unittest.TestCase):
    def test_a_mutant_has_a_story_and_blocks(self):
        mutant = mutants.parse("name", TEXT)

        self.assertEqual(mutant.story, "A story of two lines.")
        self.assertEqual(mutant.blocks, (mutants.Block("a.cpp", "old\n", "new\n"),
                                         mutants.Block("b.cpp", "gone\n", "")))

    def test_a_mutant_may_name_the_suites_that_must_catch_it(self):
        mutant = mutants.parse("name", TEXT.replace(
            "file: a.cpp", "suite: test/a/a_test\nsuite: test/b --seeds 1-9\nfile: a.cpp"))

        self.assertEqual(mutant.suites, ("test/a/a_test", "test/b --seeds 1-9"))
        self.assertEqual(mutants.programs_of(mutant), ["test/a/a_test", "test/b"])
        self.assertEqual(mutants.programs_of(mutants.parse("name", TEXT)), [mutants.SIMULATOR])

    def test_what_is_malformed_is_refused(self):
        for text in ("", "story\n", TEXT.replace("file: a.cpp\n", ""),
                     TEXT.replace("====\n", "", 1), TEXT[:-len(">>>>\n")],
                     TEXT.replace("new", "old"), TEXT.replace("old\n", ""),
                     TEXT.replace("A story\nof two lines.\n", ""), TEXT + "more\n",
                     TEXT + "suite: late\n", "suite:\n" + TEXT):
            with self.assertRaises(mutants.Wrong, msg=text):
                mutants.parse("name", text)

    def test_every_mutant_here_fits_the_code_exactly_once(self):
        for mutant in mutants.load_mutants([]):
            changed = mutants.mutated_files(mutant, ROOT)
            for file, text in changed.items():
                self.assertNotEqual(text, (ROOT / file).read_text(), mutant.name)


class Share(unittest.TestCase):
    def test_in_as_many_days_as_parts_each_mutant_has_its_turn_once(self):
        seen = [name for day in (7, 8, 9) for name in mutants.share_of(list("abcdefgh"), 3, day)]

        self.assertEqual(sorted(seen), list("abcdefgh"))

    def test_one_part_is_all(self):
        self.assertEqual(mutants.share_of(list("abc"), 1, 5), list("abc"))


class Apply(unittest.TestCase):
    def replaced(self, text):
        return mutants.replaced(text, mutants.Block("a", "x\n", "y\nz\n"), "name")

    def test_whole_lines_are_replaced(self):
        self.assertEqual(self.replaced("x\nax\n x\nxb\n"), "y\nz\nax\n x\nxb\n")
        self.assertEqual(self.replaced("a\nx\n"), "a\ny\nz\n")

    def test_text_that_is_not_there_exactly_once_is_refused(self):
        for text in ("", "ax\n", "x\nx\n", "x\na\nx\n"):
            with self.assertRaises(mutants.Wrong, msg=text):
                self.replaced(text)

    def test_two_blocks_of_one_file_are_both_applied(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a").write_text("1\n2\n")
            blocks = (mutants.Block("a", "1\n", ""), mutants.Block("a", "2\n", "3\n"))

            changed = mutants.mutated_files(mutants.Mutant("name", "story", blocks), Path(folder))

        self.assertEqual(changed, {"a": "3\n"})


class Verdict(unittest.TestCase):
    FAILED = ("FAILED P3: replica n1, key k: gone\nFAILED P1: key\n"
              "replay: distkv-sim --seed 24 --nodes 5\n")

    def test_batches_cover_every_seed_once(self):
        self.assertEqual(list(mutants.batches(500)), [(1, 20), (21, 80), (101, 400)])
        self.assertEqual(list(mutants.batches(20)), [(1, 20)])
        self.assertEqual(list(mutants.batches(7)), [(1, 7)])

    def test_a_broken_property_is_a_catch(self):
        verdict = mutants.verdict_of(21, 80, 1, self.FAILED)

        self.assertEqual((verdict.caught_by, verdict.seed), ("P3", 24))

    def test_seeds_that_pass_are_no_catch(self):
        verdict = mutants.verdict_of(21, 80, 0, "runs 80, failed 0\n")

        self.assertEqual((verdict.caught_by, verdict.seeds, verdict.remark), ("", 100, ""))

    def test_a_simulator_that_dies_or_hangs_is_no_catch(self):
        for exit_code, output in ((-11, ""), (2, self.FAILED), (1, "no word\n")):
            verdict = mutants.verdict_of(1, 20, exit_code, output)

            self.assertEqual(verdict.caught_by, "")
            self.assertNotEqual(verdict.remark, "")

    def test_a_command_that_hangs_is_ended(self):
        exit_code, output = mutants.run(["sleep", "60"], 1)

        self.assertLess(exit_code, 0)
        self.assertIn("no answer in 1 s", output)


class Suites(unittest.TestCase):
    def verdict_of(self, *scripts):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "build").mkdir()
            for number, script in enumerate(scripts):
                program = Path(folder) / "build" / f"p{number}"
                program.write_text("#!/bin/sh\n" + script + "\n")
                program.chmod(0o755)
            names = tuple(f"p{number}" for number in range(len(scripts)))
            return mutants.run_suites(mutants.Mutant("name", "story", (), names), Path(folder))

    def test_the_first_suite_that_fails_catches_the_mutant(self):
        verdict = self.verdict_of("exit 0", "echo 'FAILED p1 --seeds 7 --cut 3: gone'; exit 1")

        self.assertEqual((verdict.caught_by, verdict.seed, verdict.remark), ("p1", 7, ""))

    def test_a_check_that_stops_the_suite_catches_it_too(self):
        self.assertEqual(self.verdict_of("kill -ABRT $$").caught_by, "p0")

    def test_suites_that_pass_or_die_otherwise_catch_nothing(self):
        self.assertEqual(self.verdict_of("exit 0", "exit 0").caught_by, "")
        for script in ("exit 2", "kill -SEGV $$"):
            verdict = self.verdict_of(script)

            self.assertEqual(verdict.caught_by, "")
            self.assertNotEqual(verdict.remark, "")


class Scratch(unittest.TestCase):
    def test_a_directory_that_holds_something_else_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "precious").touch()

            with self.assertRaises(mutants.Wrong):
                mutants.kept_directory(Path(folder))
            self.assertEqual(mutants.kept_directory(Path(folder) / "new"),
                             mutants.kept_directory(Path(folder) / "new"))


if __name__ == "__main__":
    unittest.main()
