"""Files stay short enough to read in one sitting."""

from .tree import Complaint, is_test

MAX_LINES = 400
SETTINGS = "scripts/tidy.toml"


def file_size(tree):
    """Longer files are listed with their exact length, so that they can shrink but never grow."""
    allowed = tree.toml(SETTINGS).get("file-size", {})
    for path in tree.code:
        if is_test(path):
            continue
        size = len(tree.text(path).splitlines())
        limit = allowed.get(path)
        if limit is None and size > MAX_LINES:
            yield Complaint(path, MAX_LINES + 1, f"{size} lines, at most {MAX_LINES} are allowed; split the file")
        elif limit is not None and size <= MAX_LINES:
            yield Complaint(SETTINGS, 0, f"{path} has {size} lines now; remove its entry")
        elif limit is not None and size < limit:
            yield Complaint(SETTINGS, 0, f"{path} has {size} lines now; lower its entry from {limit}")
        elif limit is not None and size > limit:
            yield Complaint(path, limit + 1, f"{size} lines, {SETTINGS} allows {limit}; split the file")
    for path in allowed:
        if path not in tree.code or is_test(path):
            yield Complaint(SETTINGS, 0, f"{path} is no code that has a limit; remove its entry")
