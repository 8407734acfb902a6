"""What chaos/storm says of a history: which operations no fault touched, how quick they were."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "integration"))

from storm import Fault, p99_milliseconds, untouched  # noqa: E402

REPLICAS = {"far": frozenset({"n1", "n2", "n3"}), "near": frozenset({"n3", "n4", "n5"})}
FAULT = Fault("kill", "n5", began=10.0, healed=12.0, back=15.0)


def operation(key: str, began: float, ended: float, **more) -> dict:
    return {"key": key, "began": began, "ended": ended, "op": "get", "outcome": "ok", **more}


class Untouched(unittest.TestCase):
    def test_only_keys_without_the_touched_node_count_and_only_during_its_trouble(self):
        for began, ended, key, expected in (
                (11.0, 11.1, "far", 1), (11.0, 11.1, "near", 0),
                (14.0, 14.1, "far", 1),   # healed, but not yet back
                (9.0, 9.9, "far", 0), (15.1, 15.2, "far", 0),
                (9.9, 10.1, "far", 1)):   # a part of it is enough
            kept = untouched([operation(key, began, ended)], REPLICAS, [FAULT])
            self.assertEqual(len(kept), expected, (began, ended, key))

    def test_of_two_faults_at_once_neither_may_touch_the_key(self):
        other = FAULT._replace(node="n1", began=11.0)

        self.assertEqual(untouched([operation("far", 12.0, 12.1)], REPLICAS, [FAULT, other]), [])
        before = [operation("far", 10.5, 10.6)]
        self.assertEqual(untouched(before, REPLICAS, [FAULT, other]), before)


class Latency(unittest.TestCase):
    def test_p99_is_of_the_answered_ones_of_that_kind(self):
        reads = [operation("far", 0.0, index / 1000) for index in range(1, 201)]
        others = [operation("far", 0.0, 9.0, op="put"), operation("far", 0.0, 9.0,
                                                                 outcome="unknown")]

        self.assertAlmostEqual(p99_milliseconds(reads + others, is_read=True), 198.0)

    def test_too_few_have_no_p99(self):
        self.assertIsNone(p99_milliseconds([operation("far", 0.0, 1.0)] * 99, is_read=True))


if __name__ == "__main__":
    unittest.main()
