"""The core is pure: no I/O, clock, randomness or threads, and no foreign cryptography in what it shows to others."""

import re
from functools import lru_cache

from .rust_source import depth_at, line_at, public_items, shipped, uses
from .tree import Complaint, is_test

CORE = "node/core/src"
FOREIGN = ("bs58", "k256", "ed25519_dalek", "curve25519_dalek", "curve25519", "blake3", "sha3")

# Path prefixes that the core must not name, and what to do instead.
IMPURE = {
    "std::time::SystemTime": "take the time as an argument",
    "std::time::Instant": "take the time as an argument",
    "std::fs": "return what to write as an output",
    "std::net": "leave the network to the shells",
    "std::thread": "stay single-threaded, so that a seed replays everything",
    "std::env": "take settings as arguments",
    "std::process": "leave processes to the shells",
    "rand": "take the seed as an argument",
    "tokio": "leave waiting to the shells",
    "std::collections::HashMap": "its order is random; use BTreeMap",
    "std::collections::HashSet": "its order is random; use BTreeSet",
}


def core_sources(tree):
    for path in tree.under(CORE, ".rs"):
        if not is_test(path):
            yield path, shipped(tree.text(path))


def surface(tree):
    for path, text in core_sources(tree):
        for line, message in foreign_in_public(text):
            yield Complaint(path, line, message)


@lru_cache(maxsize=None)
def foreign_in_public(text):
    return list(found_foreign(text))


def found_foreign(text):
    names = set(FOREIGN)
    for used, name, position in uses(text):
        if depth_at(text, position) == 0 and used.split("::")[0] in FOREIGN:
            if name == "*":
                yield line_at(text, position), f"`use {used}` hides foreign names; list them"
            elif name != "_":
                names.add(name)
    for match in re.finditer(r"\btype\s+(\w+)[^=;]*=([^;]*);", text):
        if depth_at(text, match.start()) == 0 and names & set(re.findall(r"\w+", match[2])):
            names.add(match[1])
    reported = set()
    for position, signature in public_items(text):
        leaked = sorted(names & set(re.findall(r"\w+", signature)))
        line = line_at(text, position)
        if leaked and line not in reported:
            reported.add(line)
            yield line, f"`{leaked[0]}` is a foreign type in public; wrap it in a type of the core"


def purity(tree):
    for path, text in core_sources(tree):
        for line, name, advice in impure_names(text):
            yield Complaint(path, line, f"the core must not name `{name}`; {advice}")


@lru_cache(maxsize=None)
def impure_names(text):
    return sorted(set(found_impure(text)))


def found_impure(text):
    for used, _, position in uses(text):
        for banned, advice in IMPURE.items():
            if (used + "::").startswith(banned + "::"):
                yield line_at(text, position), banned, advice
    for banned, advice in IMPURE.items():
        # `HashMap` is banned under any path; `rand` only where it begins one.
        last = banned.rsplit("::", 1)[-1]
        pattern = rf"\b{last}\b" if last[0].isupper() else rf"(?<![\w:]){banned}\s*::"
        for match in re.finditer(pattern, text):
            yield line_at(text, match.start()), banned, advice
    for match in re.finditer(r"\basync\b", text):
        yield line_at(text, match.start()), "async", "return an output and let a shell wait"
