"""forge, in places of its own: what the audit compiles never mixes with what people build."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = ROOT / "contracts"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "williw"
VENV = CACHE / "audit" / "venv"


def fail(message, hint):
    sys.exit(f"error: {message}\nhint: {hint}")


def binary():
    """The native program; npm's launcher in front of it always says that all went well."""
    found = sorted(CONTRACTS.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    return found[0] if found else fail("forge is not installed", "scripts/setup")


def environment(name, **settings):
    """With forge and the tools on the path, and a place for `name` to build in."""
    build = CACHE / "audit" / name
    build.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(binary().parent), str(VENV / "bin"), os.environ["PATH"]]),
        "FOUNDRY_OUT": str(build / "out"),
        "FOUNDRY_CACHE_PATH": str(build / "cache"),
        **settings,
    }


def run(command, env, **options):
    """The finished process; what it says comes as text."""
    return subprocess.run(
        [str(word) for word in command], cwd=CONTRACTS, env=env, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    )


def build(env, *paths):
    done = run(["forge", "build", *paths], env)
    if done.returncode:
        print(done.stdout)
        fail("the contracts do not compile", "see above")
