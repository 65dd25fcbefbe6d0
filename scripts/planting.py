"""The lists of bugs to plant, and the changes of constants: what to replace by what, and where."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tidy_checks.rust_source import line_at, shipped, until



@dataclass(frozen=True)
class List:
    path: str
    package: str  # whose tests have to find the bugs
    folder: str = "."  # the workspace of that package
    within: str = ""  # only the bugs in files below this


# The lists by what has to find their bugs. Solana's traces are shown the bugs of the model alone: one of the program would
# need bytecode of its own.
LISTS = {
    "worlds": List("node/core/planted.toml", "williw-core"),
    "traces": List("node/chain/planted.toml", "williw-chain"),
    "traces-solana": List("node/chain/planted.toml", "williw-program-tests", "programs/tests", "node/core/"),
}
# The byte-by-byte tests are slow and test the checkers, not the constants.
VECTOR_TESTS = ("vectors", "--", "--skip", "every_byte_counts")
KEYS = {"name", "rule", "file", "find", "replace", "tests"}


@dataclass(frozen=True)
class Bug:
    name: str
    rule: str
    file: str
    package: str
    folder: str
    tests: tuple  # arguments of `cargo test` that choose the tests to run
    find: str
    replace: str

    def apply(self, text):
        return text.replace(self.find, self.replace, 1)


@dataclass(frozen=True)
class ChangedConstant:
    name: str
    file: str
    package: str
    folder: str
    tests: tuple
    start: int
    old: str
    new: str

    def apply(self, text):
        assert text[self.start : self.start + len(self.old)] == self.old, "the file changed meanwhile"
        return text[: self.start] + self.new + text[self.start + len(self.old) :]


def read(root, chosen):
    path = Path(root) / LISTS[chosen].path
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def bugs(root, chosen):
    the = LISTS[chosen]
    for entry in read(root, chosen).get("bug", []):
        tests = entry["tests"]
        tests = tuple(tests.split() if isinstance(tests, str) else tests)
        if entry["file"].startswith(the.within):
            yield Bug(**{**entry, "package": the.package, "folder": the.folder, "tests": tests})


def problems(root, chosen):
    """Everything that keeps a bug of a list from being planted, as sentences."""
    try:
        listed = read(root, chosen)
    except tomllib.TOMLDecodeError as error:
        yield f"not TOML: {error}"
        return
    seen = set()
    for number, entry in enumerate(listed.get("bug", []), 1):
        name = entry.get("name", f"number {number}")
        if set(entry) != KEYS:
            wrong = ", ".join(sorted(set(entry) ^ KEYS))
            yield f"bug `{name}`: missing or unknown key {wrong}; the keys are {', '.join(sorted(KEYS))}"
            continue
        if name in seen:
            yield f"bug `{name}` is listed twice; give each its own name"
        seen.add(name)
        if entry["find"] == entry["replace"]:
            yield f"bug `{name}` changes nothing; let `replace` differ from `find`"
        path = Path(root) / entry["file"]
        if not path.is_file():
            yield f"bug `{name}`: {entry['file']} does not exist; name the file that has the rule now"
            continue
        found = path.read_text("utf-8").count(entry["find"]) if entry["find"] else 0
        if found != 1:
            yield f"bug `{name}`: `find` occurs {found} times in {entry['file']}; let it match exactly one place"
    for name in listed.get("constant_files", []):
        if not (Path(root) / name).is_file():
            yield f"constant_files: {name} does not exist; remove it"


CONSTANT = re.compile(r"\bconst\s+([A-Z][A-Z0-9_]*)\s*:")
DISCRIMINANT = re.compile(r"^\s+([A-Z]\w*)\s*=\s*(\d+),", re.MULTILINE)
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\b0x[0-9a-fA-F_]+|\b[0-9][0-9_]*')
# What `expect` says is no byte of an encoding.
EXPECTED = re.compile(r"\.expect\(\s*$")


def constants(root):
    """Changes of one character: in each constant, its first and last literal, and in each discriminant of an enum.

    Yields pairs (name, change); there is no change where a constant has no literal of its own.
    """
    for file in read(root, "worlds").get("constant_files", []):
        text = (Path(root) / file).read_text("utf-8")
        for name, position, offset, new in [*changed_constants(text), *changed_discriminants(text)]:
            name = f"{name} ({file.rsplit('/', 1)[-1]}:{line_at(text, position)})"
            if new is None:
                yield name, None
            else:
                worlds = LISTS["worlds"]
                change = (worlds.package, worlds.folder, VECTOR_TESTS, offset, text[offset], new)
                yield name, ChangedConstant(name, file, *change)


def changed_constants(text):
    code = shipped(text)
    for match in CONSTANT.finditer(code):
        equals = match.end() + len(until(code, match.end(), "=;"))
        end = equals + len(until(code, equals, ";"))
        literals = [found for found in LITERAL.finditer(text, equals, end) if not EXPECTED.search(text, equals, found.start())]
        found = False
        for literal in literals[:1] + literals[1:][-1:]:
            if change := changed(literal[0]):
                found = True
                yield match[1], literal.start(), literal.start() + change[0], change[1]
        if not found:
            yield match[1], match.start(), 0, None


def changed_discriminants(text):
    code = shipped(text)
    taken = {match[2] for match in DISCRIMINANT.finditer(code)}
    for match in DISCRIMINANT.finditer(code):
        # Another last digit, such that no two variants of the file share a number: that would not compile.
        free = [digit for digit in "9876543210" if match[2][:-1] + digit not in taken]
        yield match[1], match.start(1), match.end(2) - 1, free[0] if free else None


def changed(literal):
    """(offset, new character) such that the literal keeps its type, or None."""
    if literal.startswith('"'):
        # What follows a backslash belongs to an escape, `\x00` at the longest.
        body = re.sub(r"\\(x..|.)", lambda match: "\\" * len(match[0]), literal)
        places = [place for place, character in enumerate(body) if character.isalnum()]
        if not places:
            return None
        place = places[len(places) // 2]
        return place, {"z": "y", "Z": "Y", "9": "8"}.get(literal[place]) or chr(ord(literal[place]) + 1)
    place = len(literal.rstrip("_")) - 1
    digit = literal[place]
    return place, "1" if digit == "0" else f"{int(digit, 16) - 1:x}"
