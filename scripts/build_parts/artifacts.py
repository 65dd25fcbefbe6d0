"""What is made of which sources, and where it is kept."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .refused import Refused

TOOLCHAIN = "programs/toolchain"
MANIFEST = "programs/bytecode/manifest.json"
# The link step is for one module of a program that stops where it panics, and sums must never wrap.
PROFILE = {"panic": "abort", "lto": "fat", "codegen-units": 1, "overflow-checks": True}


@dataclass(frozen=True)
class Artifact:
    name: str  # below any folder that is built into
    path: str  # where it is checked in
    crate: str | None  # what is compiled to bytecode; None is the IDL
    folders: tuple  # of everything that goes into it


PROGRAM, PROBE, IDL_MAKER = "programs/williw", "programs/probe", "programs/idl/maker"
ARTIFACTS = (
    Artifact("williw.so", "programs/bytecode/williw.so", PROGRAM, (TOOLCHAIN, PROGRAM)),
    Artifact("probe.so", "programs/bytecode/probe.so", PROBE, (TOOLCHAIN, PROBE, PROGRAM)),
    Artifact("williw.json", "programs/idl/williw.json", None, (IDL_MAKER, PROGRAM)),
)


def sources(root, folder):
    """Paths, relative to the root, of what is compiled in a crate; of the toolchain all but what only people read."""
    place = root / folder
    if folder == TOOLCHAIN:
        found = [path for path in place.iterdir() if path.is_file() and path.suffix != ".md"]
    else:
        found = [path for path in (place / "Cargo.toml", place / "Cargo.lock", place / "build.rs") if path.exists()]
        found += [path for path in (place / "src").rglob("*") if path.is_file()]
    if not found:
        raise Refused(f"{folder} is empty", "restore it from git")
    return sorted(path.relative_to(root).as_posix() for path in found)


def sources_of(root, artifact):
    return sorted(path for folder in artifact.folders for path in sources(root, folder))


def check_profile(root, crate):
    profile = tomllib.loads((root / crate / "Cargo.toml").read_text("utf-8")).get("profile", {}).get("release", {})
    for key, wanted in PROFILE.items():
        if profile.get(key) != wanted:
            raise Refused(f"[profile.release] of {crate}/Cargo.toml has {key} = {profile.get(key)!r}", f"it has to be {wanted!r}")


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
