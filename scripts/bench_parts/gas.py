"""What the verbs of the contracts cost, as transactions of their own, beside the floors of contracts/bench/floor.

contracts/test/gas plays the same calls to the contracts and to their floors. A floor writes the same storage, checks the same
and emits one plain event, but has no journal and no cycle stake. What these two cost is measured by adding either to the
floor, so that a verb can be judged without them too.

Two rows are differences. A signature's is half of what three signatures cost more than one. Posting a root is what the vote
that posts costs more than one that does not, and what a vote without signatures pays before its first instruction: the checks
that every vote makes are not in it, and the tally that it clears is refunded. The whole vote stands beside it.
"""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Audited contracts, and minimal ones, that do something comparable; measured elsewhere, on the same rules of gas, with a
# proof of 20 levels.
PEERS = {
    "claim, again": {"minimal": 59_721, "Morpho URD": 64_802, "EigenLayer": 94_599},
    "post root": {"minimal": 33_591, "Morpho URD": 44_065, "EigenLayer": 88_839},
    "stake, again": {"minimal": 46_265, "solady ERC-4626": 55_250, "Synthetix": 106_201},
    "unstake": {"minimal": 28_377},
    "withdraw": {"minimal": 38_808, "OpenZeppelin ERC-4626": 55_286, "Synthetix": 101_530},
    "slash, one entry queued": {"minimal": 54_570},
}
SIGNATURE_LEN = 65


@dataclass(frozen=True)
class Verb:
    name: str
    # Whether it is recorded in the journal, and whether it touches the cycle stake.
    folds: bool = False
    cycles: bool = False


# Those that have a floor.
VERBS = [
    Verb("register", folds=True, cycles=True),
    Verb("stake, first of a cycle", folds=True, cycles=True),
    Verb("stake, again", folds=True, cycles=True),
    Verb("unstake", folds=True, cycles=True),
    Verb("withdraw", folds=True),
    Verb("withdraw, eight entries", folds=True),
    Verb("slash, one entry queued", folds=True, cycles=True),
    Verb("slash, eight entries queued", folds=True, cycles=True),
    Verb("vote, one signature"),
    Verb("vote, each further signature"),
    Verb("post root", folds=True),
    Verb("vote, one signature, and post root", folds=True),
    Verb("claim, first"),
    Verb("claim, first, by whoever had no token"),
    Verb("claim, again"),
    Verb("claim, again, first from a root"),
    Verb("claim, nothing to claim"),
]
# Those that have none.
OTHERS = ["claimMany, each further claim", "collect", "fund", "restake", "rotate", "unjail", "veto"]


class Failed(Exception):
    """What went wrong, and what to do about it."""


def rows(root):
    measured = derived(weigh(Path(root) / "contracts"))
    found = [row for verb in VERBS for row in rows_of(verb, measured)]
    for name in OTHERS:
        found.append(row(name, measured["itself"][name], "gas"))
        found.append(row(f"{name}: calldata", measured["calldata"][name], "bytes"))
    return found


def weigh(contracts):
    """Gas by subject and verb, and under `calldata` the bytes of each call."""
    forge = next(contracts.glob("node_modules/@foundry-rs/forge-*/bin/forge"), None)
    if forge is None:
        raise Failed(f"forge is not installed under {contracts}", "run scripts/setup")
    with tempfile.TemporaryDirectory(prefix="williw-gas-") as folder:
        environment = {**os.environ, "FOUNDRY_GAS_SNAPSHOT_EMIT": "true", "FOUNDRY_SNAPSHOTS": folder}
        # Tests that are filtered build themselves and the contracts, but not the floors, which they deploy by name.
        for command in (["build"], ["test", "--isolate", "--match-contract", "GasTest"]):
            done = subprocess.run([forge, *command], cwd=contracts, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise Failed(f"forge {' '.join(command)} ended with {done.returncode}", done.stdout + done.stderr)
        files = Path(folder).glob("*.json")
        return {file.stem: {name: int(gas) for name, gas in json.loads(file.read_text("utf-8")).items()} for file in files}


def derived(measured):
    """The same with the rows that are differences."""
    result = {subject: dict(found) for subject, found in measured.items()}
    for subject in ("itself", "floor", "folded"):
        gas = result[subject]
        one = gas["vote, one signature"]
        gas["vote, each further signature"] = (gas["vote, three signatures"] - one) // 2
        before = gas["vote, no signature, before it begins"]
        gas["post root"] = gas["vote, one signature, and post root"] - one + before
    for sizes in (result["itself"], result["calldata"]):
        sizes["claimMany, each further claim"] = (sizes["claimMany, three"] - sizes["claimMany, one"]) // 2
    # Only the last one is padded to a whole word.
    result["calldata"]["vote, each further signature"] = SIGNATURE_LEN
    return result


def rows_of(verb, measured):
    name = verb.name
    itself, floor = measured["itself"][name], measured["floor"][name]
    yield row(name, itself, "gas", floor, PEERS.get(name))
    besides = 0
    for has, subject, words in ((verb.folds, "folded", "fold"), (verb.cycles, "cycled", "cycle stake")):
        if has:
            cost = measured[subject][name] - floor
            besides += cost
            yield row(f"{name}: {words}", cost, "gas")
    if besides:
        yield row(f"{name}: without them", itself - besides, "gas", floor)
    yield row(f"{name}: calldata", measured["calldata"][name], "bytes")


def row(name, value, unit, floor=None, peers=None):
    ratio = round(value / floor, 3) if floor else None
    return {"name": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio, "peers": peers or {}}
