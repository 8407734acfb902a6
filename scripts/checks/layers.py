"""Which folder may include what. The table here is the architecture's, in a form that can fail."""

import re
from typing import Iterable, List, NamedTuple

from checks.source import Finding, blanked, line_of

ALL_FOLDERS = (
    "base", "causality", "ring", "wire", "membership", "storage", "replica", "coordinator",
    "repair", "node", "runtime", "server", "history", "client", "bin",
)

ALLOWED = {
    "base": set(),
    "causality": {"base"},
    "ring": {"base"},
    "wire": {"base", "causality", "ring"},
    "membership": {"base", "ring", "wire"},
    "storage": {"base"},
    "replica": {"base", "causality", "ring", "wire", "storage", "membership"},
    "coordinator": {"base", "causality", "ring", "wire", "membership", "replica"},
    "repair": {"base", "causality", "ring", "wire", "membership", "storage", "replica",
               "coordinator"},
    "node": {"base", "causality", "ring", "wire", "membership", "storage", "replica",
             "coordinator", "repair"},
    "runtime": {"base", "wire", "storage", "node"},
    # A server composes everything below it; its fronts still reach storage only through the node.
    "server": {"base", "causality", "ring", "wire", "storage", "node", "runtime"},
    # Judges what clients were told; the simulator and distkv-client feed it.
    "history": {"base", "causality", "wire"},
    "client": {"base", "causality", "wire"},
    "bin": set(ALL_FOLDERS),
}

# The public headers are distkv/*; only what implements or uses the client library sees them.
MAY_USE_PUBLIC_HEADERS = ("client", "bin")

# The simulator is the other host of a node; it lives in test/sim and has one program in src/bin.
SIMULATOR = ("src/bin/distkv_sim.cpp", "sim")


class Wall(NamedTuple):
    """A third-party header and the only places that may include it."""

    header: str
    places: str
    spoken: str


WALLS = (
    Wall(r"uv\.h|uv/.*", r"src/runtime/|test/bench/", "src/runtime and test/bench"),
    Wall(r"(.*/)?[^/]*_generated\.h", r"src/wire/[^/]*\.cpp$", "src/wire/*.cpp"),
    Wall(r"flatbuffers/.*", r"src/wire/([^/]*\.cpp|codec\.h)$", "src/wire/*.cpp and codec.h"),
    Wall(r"leveldb/.*", r"(src|test)/storage/leveldb/|test/bench/engine/",
         "src/storage/leveldb, its tests and test/bench/engine"),
    Wall(r"lz4.*\.h", r"src/storage/lsm/packing\.cpp$", "src/storage/lsm/packing.cpp"),
    Wall(r"rocksdb/.*", r"test/bench/engine/", "test/bench/engine"),
    Wall(r"cxxopts\.hpp", r"src/bin/", "src/bin"),
    Wall(r"xxh.*\.h", r"src/base/hash\.cpp$", "src/base/hash.cpp"),
    Wall(r"openssl/.*", r"src/runtime/tls/", "src/runtime/tls"),
    Wall(r"doctest/.*", r"test/", "test"),
)

STANDARD_HEADERS = set("""
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
    cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine
    csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
    exception execution filesystem format forward_list fstream functional future initializer_list
    iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
    memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex
    scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept
    stop_token streambuf string string_view strstream syncstream system_error thread tuple
    type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector
    version
""".split())

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*(?P<what>[^\n]*)", re.MULTILINE)
_PATH = re.compile(r'<([^>]+)>|"([^"]+)"')


class Include(NamedTuple):
    path: str
    is_quoted: bool
    line: int


def includes_of(text: str) -> List[Include]:
    """Every #include; one whose path is computed has an empty path."""
    found = []
    code = blanked(text)
    for match in _INCLUDE.finditer(code):
        path = _PATH.match(match["what"].strip())
        quoted = bool(path and path.group(2))
        found.append(Include((path.group(1) or path.group(2)) if path else "", quoted,
                             line_of(code, match.start())))
    return found


def _wall_message(path: str, include: Include) -> str:
    for wall in WALLS:
        if re.fullmatch(wall.header, include.path) and not re.match(wall.places, path):
            return f"{include.path} may be included only in {wall.spoken}"
    return ""


def _layer_message(path: str, include: Include) -> str:
    folder = path.split("/")[1]
    target, slash, _ = include.path.partition("/")
    if (path, target) == SIMULATOR:
        return ""
    if not slash:
        return f'"{include.path}" is not relative to src' if include.is_quoted else ""
    if target == "distkv":
        return "" if folder in MAY_USE_PUBLIC_HEADERS else f"{folder} may not use include/distkv"
    if target not in ALLOWED:
        return f'"{include.path}" is in no known folder' if include.is_quoted else ""
    if target == folder or target in ALLOWED[folder]:
        return ""
    return f"{folder} may not use {target} ({include.path})"


def _public_message(include: Include) -> str:
    if include.path in STANDARD_HEADERS or include.path.startswith("distkv/"):
        return ""
    return f"a public header may include only the C++ standard library, not {include.path}"


def findings_in(path: str, text: str) -> Iterable[Finding]:
    """What is wrong with the includes of one file; `path` is relative to the repository."""
    top, _, rest = path.partition("/")
    folder = rest.partition("/")[0]
    if top == "src" and folder not in ALLOWED:
        yield Finding("layers", path, 1, f"folder src/{folder} is not in the table of layers")
        return
    for include in includes_of(text):
        if not include.path:
            message = "an include whose path is computed cannot be checked"
        else:
            message = _wall_message(path, include)
        if not message and top == "src":
            message = _layer_message(path, include)
        if not message and top == "include":
            message = _public_message(include)
        if message:
            yield Finding("layers", path, include.line, message)
