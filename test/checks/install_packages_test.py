"""scripts/install_packages, with stand-ins for dpkg-query, apt-get and sudo."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "env", "cat", "dirname", "basename")


class InstallPackages(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="distkv-install-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.calls = self.folder / "calls"
        self.calls.touch()
        for tool in TOOLS:
            (self.folder / tool).symlink_to(shutil.which(tool))

    def stand_in(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f'#!/bin/bash\n{body}\n')
        path.chmod(0o755)

    def install(self, *words: str):
        """(exit code, everything printed, what apt-get was called with, a line each)"""
        done = subprocess.run([str(ROOT / "scripts/install_packages"), *words], text=True,
                              env={"PATH": str(self.folder)}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20)
        return done.returncode, done.stdout, self.calls.read_text().splitlines()

    def with_missing(self, *missing: str, apt: str = "exit 0") -> None:
        pattern = "|".join(missing) or "none-at-all"
        self.stand_in("dpkg-query", f'case "${{@: -1}}" in {pattern}) exit 1;; esac\n'
                                    'echo -n installed')
        self.stand_in("apt-get", f'echo "$*" >>{self.calls}\n{apt}')
        self.stand_in("sudo", f'echo -n "sudo " >>{self.calls}\nexec "$@"')

    def prefix(self) -> str:
        return "" if os.geteuid() == 0 else "sudo "

    def test_where_nothing_is_missing_apt_is_not_called(self):
        self.with_missing()

        self.assertEqual(self.install("--test"), (0, "", []))

    def test_only_what_is_missing_is_installed_after_an_update(self):
        self.with_missing("ccache", "libuv1-dev", "clang")

        exit_code, _, calls = self.install()

        self.assertEqual(exit_code, 0)
        self.assertEqual(calls[0], self.prefix() + "update -qq")
        self.assertEqual(calls[1].split()[-2:], ["ccache", "libuv1-dev"])
        self.assertEqual(len(calls), 2)

    def test_testing_needs_more(self):
        self.with_missing("clang")

        self.assertEqual(self.install("--test")[2][-1].split()[-1], "clang")

    def test_a_failure_is_tried_again_once(self):
        self.with_missing("ccache", apt=f"(($(grep -c update {self.calls}) > 1))")
        (self.folder / "grep").symlink_to(shutil.which("grep"))

        exit_code, text, calls = self.install()

        self.assertEqual(exit_code, 0, text)
        self.assertEqual(len(calls), 3)

    def test_a_lasting_failure_names_the_packages(self):
        self.with_missing("ccache", apt="exit 100")

        exit_code, text, calls = self.install()

        self.assertEqual((exit_code, len(calls)), (1, 2))
        self.assertIn("could not install: ccache", text)

    def test_another_system_is_told_what_to_install(self):
        exit_code, text, _ = self.install()

        self.assertEqual(exit_code, 1)
        self.assertIn("not a Debian-like system", text)
        self.assertIn("ninja-build", text)


if __name__ == "__main__":
    unittest.main()
