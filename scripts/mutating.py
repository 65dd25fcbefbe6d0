"""Small wrong changes of the contracts: what could be mistyped or forgotten in a function, one at a time.

They are found in the text, so some do not compile; those are nobody's fault and count for nothing.
"""

import random
import re
from dataclasses import dataclass

# What moves money or decides who is punished comes first: the names of functions, or whole files, of each.
TOPICS = {
    "slash": {"slash", "_convict", "prove", "convict", "conflict", "jail", "Slashes.sol"},
    "withdraw": {"withdraw", "restake", "unstake"},
    "claim": {"claim", "claimMany", "_claim", "_settled", "_recipientOf", "confirmRecipient", "Roots.sol"},
    "vote": {"vote", "veto", "_count", "_checkTotal", "_takesVotes", "_otherPlace", "voterOf"},
}
# Of a sample, so many parts in ten are about the topics.
TOPICAL_TENTHS = 7

BLANKED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
FUNCTION = re.compile(r"\b(?:function\s+(\w+)|(constructor))\s*\(")
CONSTANT = re.compile(r"\bconstant\s+\w+\s*=\s*([^;]*);")
SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
    "*": "/", "/": "*", "%": "/", "+=": "-=", "-=": "+=", "++": "--", "--": "++",
}
OPERATOR = re.compile(r"\+\+|--|\+=|-=|<=|>=|==|!=|=>|&&|\|\||[-<>+*/%]")
NUMBER = re.compile(r"\b\d[\d_]*\b(?![.e])")
CONDITION = re.compile(r"\b(?:if|while|require)\s*\(")
CALL = re.compile(r"(?<![\w.])(?!if\b|for\b|while\b|require\b|function\b|return\b|catch\b)[\w.]*\(")
PREFIX = re.compile(r"(?:else\b\s*)?(?:if\s*\(|for\s*\(|while\s*\()|else\b|try\b|catch\b|unchecked\b|assembly\b")
# What may be left out without a name going missing.
OPTIONAL = re.compile(r"(?!return\b|revert\b|using\b|break\b|continue\b)(?:emit\s|delete\s|\+\+|--|\(|[\w.]+(?:\[[^\]]*\])*\s*(?:[-+]?=(?!=)|\(|\+\+|--|\.))")


@dataclass(frozen=True)
class Mutant:
    file: str  # below contracts/src
    function: str
    way: str
    start: int
    old: str
    new: str
    line: int
    # The lines that change, as they were and as they are, for people and for the list of survivors.
    was: str
    now: str

    @property
    def key(self):
        return (self.file, self.function, self.was, self.now)

    def apply(self, text):
        assert text.startswith(self.old, self.start), "the file changed meanwhile"
        return text[: self.start] + self.new + text[self.start + len(self.old) :]

    def is_about(self, topic):
        return bool({self.function, self.file.rsplit("/", 1)[-1]} & TOPICS[topic])


def mutants(sources):
    """All of them, of `{file: text}`, in the order of the text."""
    for file, text in sorted(sources.items()):
        code = BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        found = {}
        for function, first, last in bodies(code):
            for way, start, end, *pieces in [*changes(code, first, last), *headless(code, function, first)]:
                # A piece is text, or a place in the file: there strings are what they are.
                new = "".join(piece if isinstance(piece, str) else text[slice(*piece)] for piece in pieces)
                found.setdefault((start, end, new), (function, way))
        for match in CONSTANT.finditer(code):
            for way, start, end, new in numbers(code, match.start(1), match.end(1)):
                found.setdefault((start, end, new), ("-", way))
        for (start, end, new), (function, way) in sorted(found.items()):
            yield mutant(file, text, function, way, start, end, new)


def mutant(file, text, function, way, start, end, new):
    changed = text[:start] + new + text[end:]
    first = text.rfind("\n", 0, start) + 1
    was = text[first : line_end(text, end)]
    now = changed[first : line_end(changed, start + len(new))]
    line = text.count("\n", 0, start) + 1
    return Mutant(file, function, way, start, text[start:end], new, line, squeezed(was), squeezed(now))


def line_end(text, position):
    end = text.find("\n", max(position - 1, 0))
    return len(text) if end < 0 else max(end, position)


def squeezed(text):
    return " ".join(text.split())


def bodies(code):
    """(name, first, last) of what is between the braces of each function."""
    for match in FUNCTION.finditer(code):
        brace = re.compile(r"[{;]").search(code, closing(code, match.end() - 1))
        if brace and brace[0] == "{":
            yield match[1] or match[2], brace.end(), closing(code, brace.start())


def closing(code, opening):
    """Where the bracket that opens at `opening` closes."""
    depth = 0
    for match in re.compile(r"[(\[{}\])]").finditer(code, opening):
        depth += 1 if match[0] in "([{" else -1
        if depth == 0:
            return match.start()
    raise ValueError(f"a bracket stays open: {code[opening:opening + 40]!r}")


def headless(code, function, first):
    """A function that forgets who may call it."""
    head = code.rindex(function, 0, first)
    for match in re.compile(r"\bonlyOwner\b").finditer(code, head, first):
        yield "anyone may call", match.start(), match.end(), ""


def changes(code, first, last):
    for match in OPERATOR.finditer(code, first, last):
        # What has nothing before it is a sign.
        if match[0] in SWAPS and not (match[0] == "-" and re.search(r"[(,=]\s*$", code[first : match.start()])):
            yield "operator", match.start(), match.end(), SWAPS[match[0]]
    for match in re.compile(r"!(?!=)").finditer(code, first, last):
        yield "negation", match.start(), match.end(), ""
    yield from numbers(code, first, last)
    for match in CONDITION.finditer(code, first, last):
        parts = arguments(code, match.end() - 1)
        if parts:
            start, end = parts[0]
            yield "negation", start, end, "!(", (start, end), ")"
    for match in CALL.finditer(code, first, last):
        parts = arguments(code, match.end() - 1)
        for (a, b), (c, d) in zip(parts, parts[1:]):
            yield "swap", a, d, (c, d), (b, c), (a, b)
    for start, end in statements(code, first, last):
        yield "omission", start, end, "{}"


def numbers(code, start, end):
    for match in NUMBER.finditer(code, start, end):
        number = int(match[0].replace("_", ""))
        yield "number", match.start(), match.end(), "0" if number == 1 else str(number + 1)
        if number > 1:
            yield "number", match.start(), match.end(), str(number - 1)


def arguments(code, opening):
    """(start, end) of each, without the spaces around it."""
    end = closing(code, opening)
    parts, depth, start = [], 0, opening + 1
    for place in range(opening + 1, end + 1):
        character = code[place]
        depth += (character in "([{") - (character in ")]}")
        if place == end or (character == "," and depth == 0):
            text = code[start:place]
            if text.strip():
                parts.append((start + len(text) - len(text.lstrip()), start + len(text.rstrip())))
            start = place + 1
    return parts


def statements(code, first, last):
    """(start, end) of the statements that can be left out."""
    place = first
    while place < last:
        space = re.compile(r"[\s{}]*").match(code, place, last)
        place = space.end()
        if prefix := PREFIX.match(code, place, last):
            place = closing(code, prefix.end() - 1) + 1 if prefix[0].endswith("(") else prefix.end()
            continue
        end = place
        while end < last and code[end] != ";" and code[end] != "{":
            end = closing(code, end) + 1 if code[end] in "([" else end + 1
        if end < last and code[end] == ";" and OPTIONAL.match(code, place):
            yield place, end + 1
        place = end + 1


def sample(found, count, seed):
    """`count` of them, most about the topics; in the order of the files, so that little is compiled anew in between."""
    dice = random.Random(seed)
    found = list(found)
    topical = [mutant for mutant in found if any(mutant.is_about(topic) for topic in TOPICS)]
    others = [mutant for mutant in found if mutant not in set(topical)]
    dice.shuffle(topical)
    dice.shuffle(others)
    wanted = max(count * TOPICAL_TENTHS // 10, count - len(others))
    chosen = topical[:wanted]
    return sorted(chosen + others[: count - len(chosen)], key=lambda mutant: (mutant.file.count("/"), mutant.file, mutant.start))
