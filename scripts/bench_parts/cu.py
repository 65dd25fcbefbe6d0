"""What the verbs of the program cost, as the bytecode that is checked in runs in the tests' virtual machine.

Compute units are counted with the features of mainnet, each verb in a transaction of its own. The floor of a verb that finds
out who signed is 25,000 for each signature and what the token program takes; the others have none.
"""

import json
import os
import subprocess
from pathlib import Path

TEST = ["--test", "it", "--", "--ignored", "--exact", "cu::rows", "--nocapture"]


class Failed(Exception):
    """What went wrong, and what to do about it."""


def rows(root):
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "williw"
    target = os.environ.get("CARGO_TARGET_DIR") or str(cache / "target" / "programs")
    command = ["cargo", "test", "--quiet", "--locked", *TEST]
    done = subprocess.run(
        command,
        cwd=Path(root) / "programs/tests",
        env={**os.environ, "CARGO_TARGET_DIR": target},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Failed(f"the measurement ended with {done.returncode}", done.stdout + done.stderr)
    found = next((line for line in done.stdout.splitlines() if line.startswith('{"rows":')), None)
    if found is None:
        raise Failed("the measurement printed no rows", done.stdout + done.stderr)
    return json.loads(found)["rows"]
