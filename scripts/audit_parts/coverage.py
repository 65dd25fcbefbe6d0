"""How much of contracts/src the tests reach: at least 95 of 100 lines and branches of every file.

Without the IR, because its bytecode does not know its lines. The invariants are left out: they take long and reach nothing
that the verbs' own tests do not.
"""

import sys

from . import foundry

WANTED_PERCENT = 95


def main():
    env = foundry.environment("coverage", FOUNDRY_PROFILE="plain")
    report = foundry.CACHE / "audit" / "coverage" / "lcov.info"
    report.unlink(missing_ok=True)
    done = foundry.run(
        ["forge", "coverage", "--report", "lcov", "--report-file", report, "--no-match-path", "test/invariants/*"], env
    )
    if done.returncode or not report.is_file():
        print(done.stdout)
        foundry.fail("the tests did not run for coverage", "see above")
    files = {name: counts for name, counts in sorted(read(report).items()) if name.startswith("src/")}
    print(f"{'file':34} {'lines':>14} {'branches':>14}")
    failed = 0
    for name, counts in files.items():
        lines, branches = (shown(*counts[kind]) for kind in "LB")
        reached = all(enough(*counts[kind]) for kind in "LB")
        failed += not reached
        print(f"{name:34} {lines:>14} {branches:>14}{'' if reached else '  TOO LITTLE'}")
        if missed := counts["missed"]:
            print(f"    not reached: {', '.join(missed)}")
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed or not files else 0


def shown(hit, total):
    return f"{hit} of {total}"


def enough(hit, total):
    return hit * 100 >= total * WANTED_PERCENT


def read(report):
    """Of each file: (hit, total) lines `L` and branches `B`, and the lines that were missed."""
    files = {}
    for line in report.read_text("utf-8").splitlines():
        key, _, rest = line.partition(":")
        if key == "SF":
            found = files[rest] = {"L": [0, 0], "B": [0, 0], "missed": []}
        elif key in ("DA", "BRDA"):
            number, *_, count = rest.split(",")
            hit = count not in ("0", "-")
            kind = "L" if key == "DA" else "B"
            found[kind][0] += hit
            found[kind][1] += 1
            if not hit:
                found["missed"].append(f"line {number}" if kind == "L" else f"a branch of line {number}")
    return files


if __name__ == "__main__":
    sys.exit(main())
