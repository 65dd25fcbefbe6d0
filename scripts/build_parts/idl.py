"""The IDL of the program: what others need to know to call it."""

import json
import subprocess

from .artifacts import IDL_MAKER, PROGRAM
from .refused import Refused
from .toolchains import run


def make(root, out, target, environment):
    """Anchor finds it by running a test that its macros put into the program, compiled for this machine."""
    # The library that runs cargo passes on a broken name of the toolchain if it finds one.
    settings = {name: value for name, value in environment.items() if name not in ("RUSTUP_TOOLCHAIN", "RUSTFLAGS")}
    settings |= {"CARGO_TARGET_DIR": str(target / "idl"), "CARGO_PROFILE_DEV_DEBUG": "0"}
    run(["cargo", "build", "--quiet", "--locked"], "building the maker of the IDL", cwd=root / IDL_MAKER, env=settings)
    # Cargo judges by the times of files, which say nothing once several clones share a target folder.
    run(["cargo", "clean", "--quiet", "--locked", "--package", "williw-program"], "cargo clean", cwd=root / PROGRAM, env=settings)
    maker = target / "idl" / "debug" / "williw-idl"
    done = subprocess.run([maker, root / PROGRAM], stdout=subprocess.PIPE, env=settings)
    if done.returncode:
        raise Refused("making the IDL failed", "see above")
    out.write_bytes(done.stdout)


def address(path):
    return json.loads(path.read_text("utf-8"))["address"]
