"""C++ sources as the checks see them: where they are, and their text without comments and literals.

Blanking keeps every newline, so a line number in the blanked text is one in the file.
"""

import pathlib
import re
from typing import Iterator, NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE_FOLDERS = ("causality", "ring", "wire", "membership", "replica", "coordinator", "repair", "node",
                "history")
CPP_SUFFIXES = (".h", ".cpp")

_COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


class Finding(NamedTuple):
    """One broken rule at one place."""

    rule: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


def blanked(text: str) -> str:
    """The text with comments and literals emptied; #include lines keep their paths."""

    def blank(match: re.Match) -> str:
        found = match.group()
        start_of_line = text.rfind("\n", 0, match.start()) + 1
        if found[0] == '"' and re.match(r"\s*#\s*include", text[start_of_line:match.start() + 1]):
            return found
        newlines = "\n" * found.count("\n")
        return (found[0] + newlines + found[-1]) if found[0] in "\"'R" else " " + newlines

    return _COMMENT_OR_LITERAL.sub(blank, text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def cpp_files(*folders: str) -> Iterator[pathlib.Path]:
    """Every C++ file under the given folders of the repository, in order."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in CPP_SUFFIXES and path.is_file():
                yield path


def relative(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()
