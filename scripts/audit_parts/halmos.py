"""Proves the laws of contracts/test/symbolic: every function there whose name begins with `check_`, one by one.

A law is proven when it holds on every path. One that is not decided within LIMIT seconds (300 unless set) is not proven.
LAW=NAME proves one alone.
"""

import os
import re
import signal
import subprocess
import sys
import time

from . import foundry

LAWS = "test/symbolic"
LIMIT = int(os.environ.get("LIMIT") or 300)
OPTIONS = [
    # Everything that panics is a counterexample, not only a failed assertion.
    "--panic-error-codes", "*",
    # Queues have at most eight entries.
    "--loop", "9",
    "--solver-command", f"{foundry.VENV}/bin/python {foundry.ROOT}/scripts/audit_parts/decide.py",
    "--solver-threads", "1", "--solver-timeout-assertion", "0", "--no-status",
]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
VERDICT = re.compile(r"^\[(PASS|FAIL|TIMEOUT|ERROR)\]", re.MULTILINE)


def main():
    only = os.environ.get("LAW")
    laws = [law for law in listed() if only in (None, "", law[1])]
    if not laws:
        foundry.fail(f"there is no such law in contracts/{LAWS}", "a law is a function whose name begins with `check_`")
    # Laws and libraries alone; optimising would only hide what is written.
    env = foundry.environment(
        "halmos", FOUNDRY_PROFILE="plain", FOUNDRY_SRC="src/libraries", FOUNDRY_TEST=LAWS, FOUNDRY_SCRIPT=LAWS
    )
    foundry.build(env, "--ast", "--extra-output", "storageLayout", "metadata")
    print(f"{'law':66} {'seconds':>7}  verdict")
    counts = {}
    for contract, name in laws:
        started = time.monotonic()
        verdict, words = prove(env, contract, name)
        counts[verdict] = counts.get(verdict, 0) + 1
        print(f"{name:66} {time.monotonic() - started:7.1f}  {verdict}", flush=True)
        if verdict not in ("proven", "timeout"):
            print(words)
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    proven = counts.get("proven", 0)
    print(f"{proven} passed, {len(laws) - proven} failed")
    return 0 if proven == len(laws) else 1


def listed():
    """(contract, law) in the order of the files."""
    for path in sorted((foundry.CONTRACTS / LAWS).glob("*.t.sol")):
        text = path.read_text("utf-8")
        contract = re.search(r"^contract (\w+)", text, re.MULTILINE)[1]
        for match in re.finditer(r"^ +function (check_\w+)", text, re.MULTILINE):
            yield contract, match[1]


def prove(env, contract, name):
    command = ["halmos", "--forge-build-out", env["FOUNDRY_OUT"], "--contract", contract, "--match-test", f"^{name}\\("]
    with subprocess.Popen(
        [*command, *OPTIONS], cwd=foundry.CONTRACTS, env=env, text=True, errors="replace", start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:
        try:
            words = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            return "timeout", ""
        finally:
            # The solver is a process of its own.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    words = COLOUR.sub("", words)
    verdicts = VERDICT.findall(words)
    if "not been fully explored" in words:
        return "error", words
    if verdicts == ["PASS"] and process.returncode == 0:
        return "proven", words
    if verdicts == ["FAIL"]:
        return "counterexample", words
    return ("timeout" if verdicts == ["TIMEOUT"] else "error"), words


if __name__ == "__main__":
    sys.exit(main())
