"""Rules that read one file's text: lengths, words that must not appear, and where."""

import re
from typing import Callable, Iterable, List, NamedTuple, Tuple

from checks.source import CORE_FOLDERS, Finding, blanked, line_of

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
README_LINES_MAX = 60


class Ban(NamedTuple):
    """A pattern that must not appear in the code (comments and literals aside) of some files."""

    rule: str
    pattern: str
    applies: Callable[[str], bool]
    message: str


def _in_core(path: str) -> bool:
    return path.startswith(tuple(f"src/{folder}/" for folder in CORE_FOLDERS + ("base",)))


def _replayable(path: str) -> bool:
    # LevelDB brings threads and clocks of its own and never runs under the simulator.
    storage = path.startswith("src/storage/") and not path.startswith("src/storage/leveldb/")
    return storage or _in_core(path)


def _in_source(path: str) -> bool:
    return path.startswith(("src/", "include/"))


def _outside_runtime(path: str) -> bool:
    return _in_source(path) and not path.startswith("src/runtime/")


def _in_unit_tests(path: str) -> bool:
    return path.startswith("test/") and not path.startswith("test/integration/")


_CLOCKS = (r"\b(system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday"
           r"|timespec_get|localtime\w*|gmtime\w*)\b|(?<![\w.>:])(std::|::)?time\s*\(\s*(NULL|nullptr|0|&)")
_CHANCE = (r"\b(random_device|mt19937\w*|default_random_engine|srand|getrandom|arc4random\w*|drand48)\b"
           r"|(?<![\w.>])(std::|::)?(rand|random)\s*\(\s*\)")
_SLEEPS = r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>:])(::)?sleep\s*\("
_ENVIRONMENT = r"\b(secure_)?getenv\b"
_THREADS = (r"\bstd::(jthread|thread|async|mutex|\w+_mutex|condition_variable\w*|latch|barrier"
            r"|counting_semaphore|promise|future)\b|\bpthread_\w+|\bthread_local\b")
_STREAMS = r"\b(i|o)?fstream\b|\bfopen\b|(?<![\w.>:])::(open|openat|read|write|pread|pwrite)\s*\("

BANS = (
    Ban("clock", _CLOCKS, _replayable, "core code reads time only through base::Clock"),
    Ban("chance", _CHANCE, _replayable, "core code draws chance only from base::Rng"),
    Ban("sleep", _SLEEPS, _replayable, "no thread ever waits; use base::Timers"),
    Ban("environment", _ENVIRONMENT, _replayable, "configuration is handed in, never looked up"),
    Ban("thread", _THREADS, _in_core, "core objects have one owner: no threads and no locks"),
    Ban("file", _STREAMS, _in_core, "core code owns no file"),
    Ban("throw", r"\bthrow\b", _in_source, "errors travel as Result and Status"),
    Ban("ownership", r"\bnew\b(?!\s*>)|(?<!=)(?<!= )(?<!operator )\bdelete\b", _outside_runtime,
        "own memory through values and unique_ptr"),
    Ban("test-sleep", _SLEEPS, _in_unit_tests, "only integration tests may wait for real time"),
)

# Spelled apart, so that this file does not report itself.
_UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
_FUNCTION_LIKE = re.compile(r"\)\s*(const|noexcept|override|final|mutable|try|->[^{;]*|:[^{;]*|\s)*$")
_SCOPE = re.compile(r"^\s*(template\s*<[^{]*>\s*)?(inline\s+)?(namespace|extern|class|struct|union|enum)\b")


def _head_kind(head: str) -> str:
    """What the block that follows `head` is, in a namespace or a class."""
    is_scope = _SCOPE.match(head) and not _FUNCTION_LIKE.search(head)
    if is_scope:
        return "scope"
    is_value = head.rstrip().endswith("=")
    return "value" if is_value else "function"


def _without_directives(code: str) -> str:
    """Preprocessor lines emptied, continued ones too: their braces need not pair."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda match: "\n" * match.group().count("\n"), code, flags=re.MULTILINE)


def function_lengths(text: str) -> List[Tuple[int, int]]:
    """(first line, lines) of each block that opens in a namespace or a class and is a body."""
    code = _without_directives(blanked(text))
    found, open_blocks, head_start = [], [], 0
    for match in re.finditer(r"[{};]", code):
        symbol, at = match.group(), match.start()
        in_scope = all(kind == "scope" for kind, _ in open_blocks)
        if symbol == "{":
            kind = _head_kind(code[head_start:at]) if in_scope else "inner"
            open_blocks.append((kind, at))
        elif symbol == "}" and open_blocks:
            kind, opened = open_blocks.pop()
            if kind == "function":
                found.append((line_of(code, opened), code.count("\n", opened, at) + 1))
        head_start = match.end()
    return found


def length_findings(path: str, text: str) -> Iterable[Finding]:
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield Finding("file-length", path, 1, f"{lines} lines, at most {FILE_LINES_MAX}")
    if not path.endswith((".h", ".cpp")):
        return
    for line, length in function_lengths(text):
        if length > FUNCTION_LINES_MAX:
            yield Finding("function-length", path, line,
                          f"{length} lines, at most {FUNCTION_LINES_MAX}")


def ban_findings(path: str, text: str) -> Iterable[Finding]:
    code = blanked(text)
    for ban in BANS:
        if not ban.applies(path):
            continue
        for match in re.finditer(ban.pattern, code):
            yield Finding(ban.rule, path, line_of(code, match.start()),
                          f"'{match.group().strip()}': {ban.message}")


def findings_in(path: str, text: str) -> Iterable[Finding]:
    """What is wrong with one file; `path` is relative to the repository."""
    yield from length_findings(path, text)
    for match in _UNFINISHED.finditer(text):
        yield Finding("unfinished", path, line_of(text, match.start()), match.group())
    if not path.endswith((".h", ".cpp")):
        return
    yield from ban_findings(path, text)
    if path.endswith(".h") and "#pragma once" not in text:
        yield Finding("guard", path, 1, "a header has #pragma once")


def readme_findings(folder: str, readme: str) -> Iterable[Finding]:
    """`readme` is the text of the folder's README.md, empty where there is none."""
    path = f"{folder}/README.md"
    if not readme.strip():
        yield Finding("readme", path, 1, "a source folder has a README.md")
    elif readme.count("\n") > README_LINES_MAX:
        yield Finding("readme", path, 1, f"at most {README_LINES_MAX} lines")
