"""What the documents name exists."""

import fnmatch
import os
import re

from .crates import manifests, program_manifests
from .tree import Complaint

DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "contracts/README.md",
    "programs/README.md",
    "programs/toolchain/README.md",
)
ARCHITECTURE_LINES = 300

# A path that begins with one of these is ours even when the folder is gone.
OWN_FOLDERS = {"node", "contracts", "programs", "scripts", "docs", ".ci"}
# A bare name with one of these endings is a file of ours; `.toml` and `.json` may be the user's.
OWN_ENDINGS = (".md", ".rs", ".sol", ".mjs", ".py", ".sh")


def outside_fences(tree, document):
    fenced = False
    for number, line in tree.lines(document):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def paths(tree):
    folders = {"/".join(path.split("/")[:depth]) for path in tree.files for depth in range(1, path.count("/") + 1)}
    names = {os.path.basename(path) for path in tree.files}
    top = OWN_FOLDERS | {path.split("/")[0] for path in tree.files}
    for document in filter(tree.has, DOCUMENTS):
        for number, line in outside_fences(tree, document):
            for quoted in re.findall(r"`([^`]+)`", line):
                token = quoted.split(" ")[0].removeprefix("./").rstrip("/")
                if not re.fullmatch(r"[\w.@*-]+(/[\w.@*-]+)*", token):
                    continue
                if "/" in token and token.split("/")[0] in top:
                    known = token in folders or any(fnmatch.fnmatchcase(path, token) for path in tree.files)
                else:
                    known = "/" in token or token in names or not token.endswith(OWN_ENDINGS) or "*" in token
                if not known:
                    yield Complaint(document, number, f"`{token}` does not exist; name what is there")


def commands(tree):
    packages = {tree.toml(path).get("package", {}).get("name") for path in manifests(tree) + program_manifests(tree)}
    for document in DOCUMENTS:
        for number, line in shell_lines(tree, document):
            for word in line.split():
                name = word.removeprefix("./")
                if name.startswith(("scripts/", ".ci/")):
                    if not tree.has(name):
                        yield Complaint(document, number, f"`{name}` does not exist; name what is there")
                    elif not os.access(tree.root / name, os.X_OK):
                        yield Complaint(document, number, f"`{name}` is not executable; chmod +x it")
            for package in re.findall(r"\bcargo\b.*?\s(?:-p|--package)[ =](\S+)", line):
                if package not in packages:
                    yield Complaint(document, number, f"there is no crate `{package}`; name one that is there")


def shell_lines(tree, document):
    inside = False
    for number, line in tree.lines(document) if tree.has(document) else ():
        if line.startswith("```"):
            inside = line.strip() == "```sh"
        elif inside:
            yield number, line


def architecture_length(tree):
    path = "ARCHITECTURE.md"
    size = len(tree.text(path).splitlines()) if tree.has(path) else 0
    if size > ARCHITECTURE_LINES:
        yield Complaint(path, ARCHITECTURE_LINES + 1, f"{size} lines, at most {ARCHITECTURE_LINES}; move details into code")


def decision_numbers(tree):
    number = 0
    for path in tree.under("docs/decisions"):
        name = path.removeprefix("docs/decisions/")
        match = re.fullmatch(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md", name)
        if not match:
            yield Complaint(path, 0, "a decision is called NNNN-name.md, in small letters; rename it")
            continue
        number += 1
        if int(match[1]) != number:
            yield Complaint(path, 0, f"decisions are numbered without gaps; this should be {number:04}")
            number = int(match[1])
