"""What chaos/kill_nodes calls a lost write."""

import importlib.util
import unittest
from importlib.machinery import SourceFileLoader
from pathlib import Path

PATH = Path(__file__).resolve().parents[2] / "chaos" / "kill_nodes"
_loader = SourceFileLoader("kill_nodes", str(PATH))
kill_nodes = importlib.util.module_from_spec(importlib.util.spec_from_loader("kill_nodes", _loader))
_loader.exec_module(kill_nodes)
KeyState = kill_nodes.KeyState


class Verdict(unittest.TestCase):
    def test_the_last_acknowledged_or_a_later_unknown_number_may_stand(self):
        for found in (5, 6, 7):
            self.assertEqual(kill_nodes.verdict(KeyState(acknowledged=5, tried=7), found), "")

    def test_a_smaller_number_or_none_is_a_loss(self):
        for found in (0, 4):
            self.assertIn("LOST", kill_nodes.verdict(KeyState(acknowledged=5, tried=7), found))

    def test_a_number_never_tried_is_invented(self):
        self.assertIn("INVENTED", kill_nodes.verdict(KeyState(acknowledged=5, tried=7), 8))

    def test_a_rejected_number_may_not_be_seen(self):
        state = KeyState(acknowledged=5, tried=6).after("rejected")

        self.assertIn("VISIBLE", kill_nodes.verdict(state, 6))
        self.assertEqual(kill_nodes.verdict(state, 5), "")

    def test_an_answer_moves_what_is_known(self):
        tried = KeyState(acknowledged=5, tried=6)

        self.assertEqual(tried.after("stored"), KeyState(6, 6))
        self.assertEqual(tried.after("unknown"), tried)

    def test_a_key_never_acknowledged_may_be_absent(self):
        self.assertEqual(kill_nodes.verdict(KeyState(acknowledged=0, tried=2), 0), "")

    def test_a_run_with_a_fault_or_without_any_acknowledgement_fails(self):
        self.assertEqual(kill_nodes.report({"a": KeyState(1, 1)}, []), 0)
        self.assertEqual(kill_nodes.report({"a": KeyState(1, 1)}, ["lost"]), 1)
        self.assertEqual(kill_nodes.report({"a": KeyState(0, 1)}, []), 1)


if __name__ == "__main__":
    unittest.main()
