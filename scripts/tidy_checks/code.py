"""Names, markers and exceptions in the code."""

import os
import re

from .rust_source import line_at, plain, shipped
from .tree import Complaint, is_test

BANNED = {"manager", "handler", "service", "helper", "util", "common", "misc", "data", "info", "process"}
DEFINITION = {
    ".rs": re.compile(r"\b(?:struct|enum|union|trait|type|mod)\s+(\w+)"),
    ".sol": re.compile(r"\b(?:contract|library|interface|struct|enum|type)\s+(\w+)"),
    ".py": re.compile(r"^\s*class\s+(\w+)", re.MULTILINE),
}
# Shared code of integration tests has to be called this, or cargo takes it for a test.
COMMON_TESTS = "tests/common/mod.rs"


def words(name):
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def banned_in(name):
    return sorted(word for word in words(name) if word in BANNED or word.removesuffix("s") in BANNED)


def banned_names(tree):
    for path in tree.code:
        if not path.endswith(COMMON_TESTS):
            for part in path.split("/"):
                for word in banned_in(part):
                    yield Complaint(path, 0, f"`{word}` in a file name says nothing; name what it does")
        ending = os.path.splitext(path)[1]
        if ending in DEFINITION:
            text = tree.text(path) if ending == ".py" else plain(tree.text(path))
            for match in DEFINITION[ending].finditer(text):
                if match[0].split() == ["mod", "common"] and is_test(path):
                    continue
                for word in banned_in(match[1]):
                    line = line_at(text, match.start(1))
                    yield Complaint(path, line, f"`{word}` in `{match[1]}` says nothing; name what it does")


def mod_files(tree):
    for path in tree.files:
        if os.path.basename(path) == "mod.rs" and not path.endswith(COMMON_TESTS):
            folder = os.path.dirname(path)
            yield Complaint(path, 0, f"call it {folder}.rs")


def todo(tree):
    # Put together, so that this file does not report itself.
    word = "TO" + "DO"
    marker = re.compile(rf"\b({word}|FIX{'ME'}|X{'XX'})\b(?!\(#\d+\))")
    for path in tree.files:
        if path in tree.code or path.endswith((".toml", ".yml", ".yaml")):
            for number, line in tree.lines(path):
                if match := marker.search(line):
                    yield Complaint(path, number, f"`{match[1]}` names no issue; write {word}(#N) or do it")


def lint_exceptions(tree):
    for path in tree.files:
        if path.endswith(".rs"):
            text = plain(tree.text(path))
            for match in re.finditer(r"#!?\[[^\]]*?\ballow\s*\(", text):
                yield Complaint(path, line_at(text, match.start()), "write #[expect(.., reason = \"..\")] instead of allow")


def unwrap(tree):
    for path in tree.under("node", ".rs") + tree.under("programs", ".rs"):
        if not is_test(path):
            text = shipped(tree.text(path))
            for match in re.finditer(r"\.\s*unwrap\s*\(\s*\)|::unwrap\b(?!\s*_)", text):
                yield Complaint(path, line_at(text, match.start()), "say why it holds with expect(\"..\"), or return an error")
