"""What has to be true of bytecode before it is kept."""

import os
import struct
from pathlib import Path

from .artifacts import sources_of
from .refused import Refused

EM_BPF, EM_SBPF = 247, 263
VERSION = 3
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")


def inspect(root, artifact, made, places):
    content = made.read_bytes()
    if len(content) < HEADER.size or content[:6] != b"\x7fELF\x02\x01":
        raise Refused(f"{made} is no ELF file", "the toolchain made something else; see above")
    _, _, machine, _, _, _, _, flags, *_ = HEADER.unpack_from(content)
    if machine not in (EM_BPF, EM_SBPF) or flags != VERSION:
        raise Refused(f"{made} is for machine {machine}, version {flags}", f"it has to be SBPF v{VERSION}")
    for place in places:
        if f"{place}/".encode() in content:
            raise Refused(f"{made} names {place}, so it differs from machine to machine", "see remapped in programs/toolchain/rustc")
    check_sources(root, artifact, made.with_name(made.name + ".d"), places)


def check_sources(root, artifact, listed, places):
    """The compiler's own list of what it read must not name a file of ours that the manifest knows nothing of."""
    if not listed.exists():
        return
    known = set(sources_of(root, artifact))
    words = listed.read_text("utf-8").replace("\\ ", "\0").split()
    for path in (Path(word.replace("\0", " ")) for word in words if not word.endswith(":")):
        path = Path(os.path.normpath(root / artifact.crate / path))
        if not path.is_relative_to(root) or any(path.is_relative_to(place) for place in places if place != root):
            continue
        if path.relative_to(root).as_posix() not in known:
            raise Refused(f"{artifact.name} is made of {path} too", "add its folder to scripts/build_parts/artifacts.py")
