"""Files that are made from others, and lists that must not rot."""

import hashlib
import re

import planting

from .tree import Complaint

VECTORS = "node/core/vectors"
SUMS = f"{VECTORS}/SHA256SUMS"

# Put together, so that this file does not report itself.
REGISTRY_HOSTS = re.compile(
    "|".join(
        rf"\b{name}\.{ending}\b"
        for name, ending in [
            ("crates", "io"),
            (r"npm(js)?", "(com|org)"),
            ("yarnpkg", "com"),
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("debian", "org"),
            ("rust-lang", "org/(dist|rustup)"),
        ]
    )
)


def registry_hosts(tree):
    for path in tree.files:
        if path.rsplit("/", 1)[-1] == "Cargo.lock":
            continue
        for number, line in tree.lines(path):
            if match := REGISTRY_HOSTS.search(line):
                yield Complaint(path, number, f"names the registry {match[0]}; leave the choice to the machine")
            if path.endswith("package-lock.json") and '"resolved"' in line:
                yield Complaint(path, number, "a download address; npm option omit-lockfile-registry-resolved avoids it")


def vector_checksums(tree):
    listed = {}
    for number, line in tree.lines(SUMS) if tree.has(SUMS) else ():
        match = re.fullmatch(r"([0-9a-f]{64})  ([\w.-]+\.json)", line)
        if match:
            listed[match[2]] = (number, match[1])
        else:
            yield Complaint(SUMS, number, "not a line as sha256sum writes it for a .json beside it")
    present = {path.removeprefix(VECTORS + "/") for path in tree.under(VECTORS, ".json")}
    for name in sorted(present - set(listed)):
        yield Complaint(f"{VECTORS}/{name}", 0, f"not listed in {SUMS}; regenerate the vectors")
    for name, (number, digest) in listed.items():
        if name not in present:
            yield Complaint(SUMS, number, f"{name} does not exist; regenerate the vectors")
        elif hashlib.sha256(tree.bytes(f"{VECTORS}/{name}")).hexdigest() != digest:
            yield Complaint(f"{VECTORS}/{name}", 0, f"differs from its sum in {SUMS}; regenerate the vectors")


def copies(tree):
    for copy, source in tree.toml("scripts/tidy.toml").get("copies", {}).items():
        missing = [path for path in (copy, source) if not tree.has(path)]
        if missing:
            yield Complaint("scripts/tidy.toml", 0, f"{missing[0]} does not exist; correct [copies]")
        elif tree.bytes(copy) != tree.bytes(source):
            yield Complaint(copy, 0, f"differs from {source}; edit that one and copy it here")


def planted_bugs(tree):
    # Several choices may be made from one list.
    for chosen in {the.path: chosen for chosen, the in planting.LISTS.items()}.values():
        for text in planting.problems(tree.root, chosen):
            yield Complaint(planting.LISTS[chosen].path, 0, text)
