"""The files of the project as the checks see them."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Extensions of what people write as code here; scripts have none.
CODE = (".rs", ".sol", ".py", ".sh", ".mjs", ".js", ".ts", ".sql")


@dataclass(frozen=True)
class Complaint:
    """What is wrong, where, and what to do about it. Line 0 stands for the whole file."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Tree:
    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def files(self):
        """Relative paths, sorted: what git tracks or would track. A copy without .git is taken whole."""
        if (self.root / ".git").exists():
            found = {name for name in listed(self.root) if (self.root / name).is_file()}
        else:
            found = {
                os.path.relpath(os.path.join(folder, name), self.root)
                for folder, _, names in os.walk(self.root)
                for name in names
            }
        return sorted(found)

    @cached_property
    def code(self):
        return [path for path in self.files if is_code(path)]

    def under(self, folder, ending=""):
        return [path for path in self.files if path.startswith(folder + "/") and path.endswith(ending)]

    def has(self, path):
        return path in self.files

    def bytes(self, path):
        return (self.root / path).read_bytes()

    def text(self, path):
        return self.bytes(path).decode("utf-8", "replace")

    def lines(self, path):
        """Pairs of line number and line."""
        return enumerate(self.text(path).splitlines(), 1)

    def toml(self, path):
        return tomllib.loads(self.text(path)) if self.has(path) else {}


def listed(root):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        sys.exit("error: git is not installed\nhint: install git")
    if done.returncode:
        sys.exit(f"error: git cannot list the files of {root}\nhint: see above")
    return filter(None, done.stdout.split("\0"))


def is_code(path):
    name = os.path.basename(path)
    return name.endswith(CODE) or ("." not in name and path.startswith(("scripts/", ".ci/", "programs/toolchain/")))


def is_test(path):
    name = os.path.basename(path)
    folders = path.split("/")[:-1]
    return name in ("tests.rs",) or name.endswith(".t.sol") or "tests" in folders or "test" in folders
