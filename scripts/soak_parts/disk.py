"""Lets the disk fail at every single write of a program, and requires that nothing it acknowledged is lost.

Each scenario first runs on a disk that works, which counts its writes. Then it runs again and again, and each time another
one of them fails: once or from then on, because the disk is broken (EIO) or full (ENOSPC). After every run the scenario
says whether what is left will do, on a disk that works again. See disk.c for what counts as a write.

What was acknowledged has to be there even if the power is cut a moment later, so a program that passes over a failure is
right if what failed did not matter in the end, and only then. That is worked out in power.py, for every line that was said.

`ONLY` names the one scenario to run, `AT` the number of the one write to fail.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from devnet_parts.children import clean_environment, last_lines, tied_to
from devnet_parts.waiting import Unmet, require

from . import scenarios
from .power import LOG, Power, Write

SHIM = Path(__file__).with_name("disk.c")
# Nothing that is tried takes a second. This only bounds a program that waits for ever for a disk that failed.
RUN_SECONDS = 60
# Of a log of SQLite: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
LOG_HEADER, FRAME_HEADER = 32, 24
# How many disagreements are shown of one scenario.
SHOWN_CAP = 10


@dataclass(frozen=True)
class Fault:
    """Which write fails, and how."""

    at: int
    number: str
    lasting: bool

    def __str__(self):
        return f"{self.number} {'from' if self.lasting else 'at'} write {self.at}"

    def environment(self):
        lasting = {"FAIL_ON": "1"} if self.lasting else {}
        # A disk that runs full takes a part of the last write.
        partly = {"FAIL_SHORT": "1"} if self.number == "ENOSPC" else {}
        return {"FAIL_AT": str(self.at), "FAIL_ERRNO": self.number, **lasting, **partly}


KINDS = [(number, lasting) for number in ("EIO", "ENOSPC") for lasting in (False, True)]


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    log: str
    writes: tuple
    # Each line that it said, and what a power cut could have taken at that moment; the last is of its end.
    moments: tuple

    @property
    def failures(self):
        return [write for write in self.writes if write.failed]

    def require(self, condition, what):
        require(condition, f"{what}; it ended with {self.code} and said\n{last_lines(self.out + self.log, 12)}")

    def require_kept(self, said):
        """Nothing was at risk any more whenever it said such a line."""
        for line, risks in self.moments:
            told = re.search(said, line)
            self.require(not (told and risks), f"when it said `{line}`, a power cut could still take {', '.join(risks)}")

    def require_kept_at_the_end(self):
        _, risks = self.moments[-1]
        self.require(not risks, f"a power cut could still take {', '.join(risks)}")


class Disk:
    """A folder that stands for a disk, and programs that run on it."""

    def __init__(self, root, shim):
        self.folder = root / "disk"
        self.folder.mkdir()
        self.writes = root / "writes"
        self.power = Power()
        self.shim = shim

    def run(self, command, fault=None, environment=None):
        """Runs a program; its writes are counted, and fail if there is a fault."""
        self.writes.unlink(missing_ok=True)
        failing = {"LD_PRELOAD": str(self.shim), "FAIL_UNDER": str(self.folder), "FAIL_LOG": str(self.writes)}
        variables = {**clean_environment(), "RUST_BACKTRACE": "0", **failing, **(fault.environment() if fault else {}), **(environment or {})}
        try:
            done = subprocess.run(
                [str(word) for word in command], env=variables, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=RUN_SECONDS, preexec_fn=tied_to(os.getpid()), check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unmet(f"`{command[0]}` did not end within {RUN_SECONDS} s") from None
        writes, moments = self.replay()
        return Ended(done.returncode, done.stdout, done.stderr, tuple(writes), tuple(moments))

    def replay(self):
        """What was written, and what was at risk at every line that was said and at the end."""
        writes, moments = [], []
        lines = self.writes.read_text("utf-8").split("\n") if self.writes.exists() else []
        for write in map(Write.read, filter(None, lines)):
            if write.call == "says":
                moments.append((write.file, tuple(self.power.at_risk())))
            else:
                self.power.saw(write)
                writes.append(write)
        moments.append(("", tuple(self.power.at_risk())))
        for log in self.folder.rglob(f"*{LOG}"):
            self.power.ends(str(log.relative_to(self.folder)), end_of(log))
        return writes, moments

    def files(self):
        """Every file, as a path within the folder."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


def end_of(log):
    """How many bytes of a log SQLite takes for batches that are whole. It is asked about a copy."""
    with tempfile.TemporaryDirectory(prefix="williw-log-") as folder:
        copy = Path(folder) / "copy"
        shutil.copyfile(str(log).removesuffix(LOG), copy)
        shutil.copyfile(log, f"{copy}{LOG}")
        with closing(sqlite3.connect(copy)) as connection:
            _, frames, _ = connection.execute("pragma wal_checkpoint(passive)").fetchone()
            (page,) = connection.execute("pragma page_size").fetchone()
    return LOG_HEADER + frames * (FRAME_HEADER + page) if frames > 0 else 0


def attempt(scenario, shim, fault):
    """Runs a scenario once, looks at what it left, and gives back how it ended."""
    with tempfile.TemporaryDirectory(prefix="williw-disk-") as root:
        disk = Disk(Path(root).resolve(), shim)
        ended = disk.run(scenario.command(disk.folder), fault, scenario.environment(disk.folder))
        if not ended.failures:
            ended.require(ended.code == 0, "it failed without a failing disk")
        scenario.judge(disk, ended)
        return ended


def run(scenario, shim):
    """(how many runs were as they have to be, how many were not)"""
    started = time.monotonic()
    whole = attempt(scenario, shim, None)
    require(whole.writes, f"{scenario.name}: not one write was seen; is the program linked statically?")
    calls = Counter(write.call for write in whole.writes)
    say(f"{scenario.name}: {len(whole.writes)} writes: " + ", ".join(f"{n} {call}" for call, n in calls.most_common()))
    only = os.environ.get("AT")
    passed, wrong, missed = 1, [], 0
    for number, lasting in KINDS:
        for at in [int(only)] if only else range(1, len(whole.writes) + 1):
            fault = Fault(at, number, lasting)
            try:
                # Threads take turns differently each time, so a run may end before the write that was to fail.
                missed += not attempt(scenario, shim, fault).failures
                passed += 1
            except Unmet as error:
                wrong.append(f"{scenario.name}, {fault} ({whole.writes[at - 1]}): {error}")
    for text in wrong[:SHOWN_CAP]:
        say(text)
    if len(wrong) > SHOWN_CAP:
        say(f"{scenario.name}: {len(wrong) - SHOWN_CAP} more like these")
    say(f"{scenario.name}: {passed} runs as they have to be, {len(wrong)} not, {missed} without a failure, "
        f"{time.monotonic() - started:.0f} s")
    return passed, len(wrong)


def compile_shim(folder):
    shim = folder / "disk.so"
    command = ["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", shim, SHIM]
    subprocess.run(command, check=True)
    return shim


def say(words):
    print(f"disk: {words}", file=sys.stderr, flush=True)


def main():
    only = os.environ.get("ONLY")
    chosen = [scenario for scenario in scenarios.ALL if only in (None, scenario.name)]
    if not chosen:
        names = " ".join(scenario.name for scenario in scenarios.ALL)
        print(f"error: there is no scenario `{only}`\nhint: names: {names}", file=sys.stderr)
        return 2
    # Ends what runs with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="williw-disk-") as folder:
        shim = compile_shim(Path(folder))
        for scenario in chosen:
            good, bad = run(scenario(), shim)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
