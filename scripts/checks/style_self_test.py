"""Texts that break each style rule once: a check that cannot fail is a defect."""

import subprocess
import tempfile
from pathlib import Path
from typing import Callable, List, NamedTuple, Tuple

from checks import text_rules, tool_rules
from checks.source import Finding

_BODY = "  step();\n"
_TEST = "TEST_CASE(\"a\") {\n"


class Case(NamedTuple):
    path: str
    text: str
    rule: str  # the rule that must report it; empty where none may


def _function(lines: int) -> str:
    return "void f() {\n" + _BODY * (lines - 2) + "}\n"


TEXT_CASES: Tuple[Case, ...] = (
    Case("src/ring/a.cpp", "\n" * 501, "file-length"),
    Case("src/ring/a.cpp", "\n" * 500, ""),
    Case("scripts/long", "\n" * 501, "file-length"),
    Case("src/ring/a.cpp", _function(61), "function-length"),
    Case("src/ring/a.cpp", _function(60), ""),
    Case("src/ring/a.cpp", "namespace a::b {\nclass C {\n" + _function(61) + "};\n}\n",
         "function-length"),
    Case("src/ring/a.cpp", "C::C(int x) : a_{x}, b_{x} {\n" + _BODY * 60 + "}\n",
         "function-length"),
    Case("src/ring/a.cpp", "auto f() -> std::vector<int> {\n" + _BODY * 60 + "}\n",
         "function-length"),
    Case("src/ring/a.cpp", "struct A f(struct B b) const {\n" + _BODY * 60 + "}\n",
         "function-length"),
    Case("test/ring/a.cpp", _TEST + _BODY * 60 + "}\n", "function-length"),
    Case("src/ring/a.cpp", "namespace a {\n" + _function(40) * 3 + "}\n", ""),
    Case("src/ring/a.cpp", "constexpr int kTable[] = {\n" + "  1,\n" * 70 + "};\n", ""),
    Case("src/ring/a.cpp", "const char* s = \"{\";\n// {\n" + _function(30), ""),
    Case("src/ring/a.cpp", "const char c = '{';\nint big = 1'000'000;\n" + _function(61),
         "function-length"),
    Case("src/ring/a.cpp", "auto now = std::chrono::system_clock::now();\n", "clock"),
    Case("src/storage/lsm/a.cpp", "auto now = std::chrono::steady_clock::now();\n", "clock"),
    Case("src/storage/leveldb/a.cpp", "auto now = std::chrono::steady_clock::now();\n", ""),
    Case("src/node/a.cpp", "auto now = time(nullptr);\n", "clock"),
    Case("src/node/a.cpp", "clock_gettime(CLOCK_REALTIME, &t);\n", "clock"),
    Case("src/node/a.cpp", "// system_clock is not read here\nauto now = clock_.now();\n", ""),
    Case("src/runtime/a.cpp", "auto now = std::chrono::steady_clock::now();\n", ""),
    Case("src/ring/a.cpp", "std::random_device device;\n", "chance"),
    Case("src/ring/a.cpp", "int x = rand();\n", "chance"),
    Case("src/ring/a.cpp", "auto x = rng.next();\n", ""),
    Case("src/repair/a.cpp", "std::this_thread::sleep_for(1ms);\n", "sleep"),
    Case("src/repair/a.cpp", "sleep(1);\n", "sleep"),
    Case("src/node/a.cpp", "auto* home = std::getenv(\"HOME\");\n", "environment"),
    Case("src/replica/a.cpp", "std::thread worker;\n", "thread"),
    Case("src/replica/a.cpp", "std::mutex mutex_;\n", "thread"),
    Case("src/storage/lsm/a.cpp", "std::mutex mutex_;\n", ""),
    Case("src/wire/a.cpp", "std::ifstream in(path);\n", "file"),
    Case("src/wire/a.cpp", "FILE* f = fopen(path, mode);\n", "file"),
    Case("src/wire/a.cpp", "const auto n = ::write(fd, p, n);\n", "file"),
    Case("src/server/a.cpp", "throw std::runtime_error(text);\n", "throw"),
    Case("src/runtime/a.cpp", "throw 1;\n", "throw"),
    Case("src/server/a.cpp", "auto* p = new Thing;\n", "ownership"),
    Case("src/server/a.cpp", "delete p;\n", "ownership"),
    Case("src/server/a.h", "#pragma once\nThing(const Thing&) = delete;\n", ""),
    Case("src/runtime/a.cpp", "auto* p = new Thing;\ndelete p;\n", ""),
    Case("test/ring/a.cpp", "std::this_thread::sleep_for(1ms);\n", "test-sleep"),
    Case("test/integration/a.cpp", "std::this_thread::sleep_for(1ms);\n", ""),
    Case("src/ring/a.cpp", "// TO" "DO later\n", "unfinished"),
    Case("scripts/a", "# FIX" "ME\n", "unfinished"),
    Case("src/ring/a.h", "int x;\n", "guard"),
    Case("src/ring/a.h", "#pragma once\nint x;\n", ""),
)

SYMBOL_CASES = (
    ("                 U clock_gettime@GLIBC_2.17", True),
    ("                 U time", True),
    ("                 U open64", True),
    ("                 w pthread_create", True),
    ("                 U std::random_device::_M_getval()", True),
    ("                 U std::chrono::_V2::steady_clock::now()", True),
    ("                 U std::basic_ifstream<char, std::char_traits<char> >::close()", True),
    ("                 U distkv::base::Log::write(std::string_view)", False),
    ("                 U distkv::node::time(int)", False),
    ("                 U operator new(unsigned long)", False),
    ("0000000000000000 T time", False),
)

# Compiled for real: what a call of one of these leaves in an object file is the compiler's choice.
OBJECT_CASES = (
    ("#include <ctime>\nlong f() { return time(nullptr); }\n", True),
    ("#include <random>\nunsigned f() { return std::random_device{}(); }\n", True),
    ("#include <fstream>\nvoid f(const char* path) { std::ifstream in(path); }\n", True),
    ("#include <thread>\nvoid f() { std::thread([] {}).join(); }\n", True),
    ("#include <mutex>\nvoid f(std::mutex& m) { std::lock_guard guard(m); }\n", True),
    ("#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }\n", True),
    ("#include <map>\n#include <memory>\n#include <string>\n"
     "auto f() { return std::make_shared<std::map<int, std::string>>(); }\n", False),
)

HEADER_CASES = (("base/no_such_header.h", True), ("base/result.h", False))
README_CASES = (("", True), ("# ring\n" + "line\n" * 60, True), ("# ring\n", False))


def _rules(findings) -> List[str]:
    return [finding.rule for finding in findings]


def _text_failures() -> List[str]:
    failures = []
    for case in TEXT_CASES:
        reported = _rules(text_rules.findings_in(case.path, case.text))
        if reported != ([case.rule] if case.rule else []):
            failures.append(f"{case.path}: {case.text[:60]!r}: wanted {case.rule!r}, got {reported}")
    return failures


def _flag_failures(name: str, cases, check: Callable[[str], List[Finding]]) -> List[str]:
    return [f"{name}: {text[:60]!r}: wanted {'a finding' if is_bad else 'none'}"
            for text, is_bad in cases if bool(check(text)) != is_bad]


def _header_failures() -> List[str]:
    return _flag_failures("header", HEADER_CASES,
                          lambda header: list(tool_rules.header_findings(header, header)))


def _object_findings(source: str) -> List[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "a.o"
        subprocess.run(["g++", "-std=c++20", "-O1", "-c", "-x", "c++", "-", "-o", str(compiled)],
                       input=source, text=True, check=True)
        return list(tool_rules.object_findings(compiled, "a"))


def failures() -> Tuple[int, List[str]]:
    """(number of cases, what each wrong one says)."""
    found = _text_failures()
    found += _flag_failures("symbol", SYMBOL_CASES,
                            lambda line: list(tool_rules.symbol_findings(line, "a")))
    found += _flag_failures("readme", README_CASES,
                            lambda text: list(text_rules.readme_findings("src/ring", text)))
    found += _flag_failures("object", OBJECT_CASES, _object_findings)
    found += _header_failures()
    tables = (TEXT_CASES, SYMBOL_CASES, README_CASES, OBJECT_CASES, HEADER_CASES)
    return sum(map(len, tables)), found
