"""Just enough of Rust's syntax for the checks: text without comments, strings and tests, and what is public in it."""

import re
from functools import lru_cache

TOKEN = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | \bb?r(?P<hashes>\#*)".*?"(?P=hashes)
    | b?"(?:\\.|[^"\\])*"
    | b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F_]+\}|.)|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)
TEST_ATTRIBUTE = re.compile(r"#\[\s*(?:cfg\s*\(\s*test\s*\)|(?:\w+::)*test)\s*\]")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


@lru_cache(maxsize=None)
def plain(text):
    """The text with comments, strings and characters blanked; every remaining character keeps its place."""
    return TOKEN.sub(lambda match: blank(match[0]), text)


@lru_cache(maxsize=None)
def shipped(text):
    """`plain` without the items that only tests compile."""
    text = plain(text)
    position = 0
    while match := TEST_ATTRIBUTE.search(text, position):
        end = item_end(text, match.end())
        text = text[: match.start()] + blank(text[match.start() : end]) + text[end:]
        position = end
    return text


def item_end(text, start):
    """The end of the item at `start`: behind its `;`, or behind the brace that closes its body."""
    depth = 0
    for position in range(start, len(text)):
        character = text[position]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0 and character == "}":
                return position + 1
        elif character == ";" and depth == 0:
            return position + 1
    return len(text)


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def depth_at(text, position):
    """How many braces are open at the position."""
    return text.count("{", 0, position) - text.count("}", 0, position)


def until(text, start, stops, angles=False):
    """The text from `start` to the first of `stops` that is not inside brackets."""
    depth = 0
    for position in range(start, len(text)):
        character = text[position]
        if depth == 0 and character in stops:
            return text[start:position]
        if character in "([" or (angles and character == "<"):
            depth += 1
        elif character in ")]" or (angles and character == ">" and text[position - 1] not in "-="):
            depth -= 1
            if depth < 0:
                return text[start:position]
    return text[start:]


USE = re.compile(r"\buse\s+([^;]*);")


def uses(text):
    """Triples (path, name in this file, position) of all `use` declarations in `text`, groups taken apart."""
    for match in USE.finditer(text):
        for path, name in expand(match[1]):
            yield path, name, match.start()


def expand(tree):
    tree = " ".join(tree.split()).replace(" ::", "::").replace(":: ", "::").removeprefix("::")
    if "{" in tree:
        prefix, _, group = tree.partition("{")
        for part in split(group.rpartition("}")[0]):
            yield from expand(prefix + part)
    elif tree.strip():
        path, _, alias = tree.partition(" as ")
        path = path.strip().removesuffix("::self")
        yield path, alias.strip() or path.rsplit("::", 1)[-1]


def split(group):
    parts, depth, current = [], 0, ""
    for character in group:
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [part for part in [*parts, current.strip()] if part]


PUBLIC = re.compile(r"\bpub\s+(?=(\w*))")
IMPL = re.compile(r"^[ \t]*(?:unsafe\s+)?impl\b", re.MULTILINE)
ITEMS = {"fn", "async", "unsafe", "extern", "struct", "union", "mod", "static", "const", "use", "type", "enum", "trait"}


def public_items(text):
    """Pairs (position, signature) of what users of the crate can see in `text`, which is `shipped` already."""
    for match in PUBLIC.finditer(text):
        start, word = match.start(), match[1]
        if word in ("enum", "trait"):
            yield start, text[start : item_end(text, start)]
        elif word == "const" and re.match(r"pub\s+const\s+(unsafe\s+|extern\s+)*fn\b", text[start:]):
            yield start, until(text, start, "{;")
        elif word in ("const", "static"):
            yield start, until(text, start, "=;")
        elif word in ("type", "use"):
            yield start, text[start : item_end(text, start)]
        elif word in ITEMS:
            yield start, until(text, start, "{;")
        else:
            yield start, until(text, start, ",};", angles=True)
    for match in IMPL.finditer(text):
        header = until(text, match.start(), "{;")
        if re.search(r"\bfor\b", header):
            yield match.start() + len(header) - len(header.lstrip()), header
    for match in re.finditer(r"^[ \t]+type\s+\w+[^;]*;", text, re.MULTILINE):
        if depth_at(text, match.start()):
            yield match.start(), match[0]
