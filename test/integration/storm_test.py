"""chaos/storm in short: it does all it says, finds nothing wrong, and leaves nothing behind."""

import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from driver import ROOT, ServerTest, run

MINUTES = 0.4
SECONDS_MAX = 240  # what waiting for the slowest machine may add


class ShortStorm(ServerTest):
    def test_a_short_storm_breaks_no_promise(self):
        folder = Path(tempfile.mkdtemp(prefix="distkv-storm-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)

        answer = run([ROOT / "chaos" / "storm", "--minutes", str(MINUTES), "--seed", "3",
                      "--load-clients", "2", "--history", folder], seconds_max=SECONDS_MAX)

        # How quick an unaffected key is, and how soon replicas are equal, a busy machine may miss.
        self.assertIn(answer.exit_code, (0, 1), str(answer))
        self.assertRegex(answer.stdout, r"(?m)^cut off by: ", str(answer))
        self.assertRegex(answer.stdout, r"(?m)^met     no violation$", str(answer))
        self.assertEqual(len(re.findall(r"(?m)^(met   |MISSED)  ", answer.stdout)), 3, str(answer))
        faults = re.search(r"(?m)^(\d+) faults: ", answer.stdout)
        self.assertGreater(int(faults.group(1)), 0, str(answer))
        for name in ("calm", "storm"):
            with (folder / f"{name}.jsonl").open() as lines:
                answered = sum(json.loads(line)["outcome"] == "ok" for line in lines)
            self.assertGreater(answered, 1000, name)


if __name__ == "__main__":
    unittest.main()
