"""The manifest beside the bytecode: what was made, of what, with what."""

import json

from .artifacts import ARTIFACTS, MANIFEST, digest, sources_of
from .refused import Refused

FORMAT = 1
KEYS = ("program_id", "toolchain", "artifacts", "sources")
ANEW = "git checkout brings it back, scripts/build-program makes it anew"


def measured(path):
    return {"sha256": digest(path), "bytes": path.stat().st_size}


def text(root, made, toolchain, address):
    """Of the artifacts in the folder `made`."""
    paths = sorted({path for artifact in ARTIFACTS for path in sources_of(root, artifact)})
    entries = {
        artifact.name: {**measured(made / artifact.name), "made_of": list(artifact.folders)} for artifact in ARTIFACTS
    }
    content = {
        "format": FORMAT,
        "program_id": address,
        "toolchain": toolchain,
        "artifacts": entries,
        "sources": {path: digest(root / path) for path in paths},
    }
    return json.dumps(content, indent=2) + "\n"


def read(root):
    path = root / MANIFEST
    if not path.exists():
        raise Refused(f"{MANIFEST} does not exist", "scripts/build-program makes it")
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as wrong:
        raise Refused(f"{MANIFEST} is damaged: {wrong}", ANEW) from wrong
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise Refused(f"{MANIFEST} has format {found}, {FORMAT} is known", ANEW)
    if missing := [key for key in KEYS if key not in content]:
        raise Refused(f"{MANIFEST} is damaged: it has no {', '.join(missing)}", ANEW)
    return content


def complaints(root, content, artifact):
    """Why what is checked in is not what the sources make, as far as hashes tell."""
    entry = content["artifacts"].get(artifact.name)
    if entry is None or entry["made_of"] != list(artifact.folders):
        yield f"{MANIFEST} does not say what {artifact.path} was made of"
        return
    recorded = {
        path: known for path, known in content["sources"].items()
        if any(path.startswith(folder + "/") for folder in artifact.folders)
    }
    present = {path: digest(root / path) for path in sources_of(root, artifact)}
    for path in sorted(recorded.keys() | present.keys()):
        if recorded.get(path) != present.get(path):
            what = "is new" if path not in recorded else "is gone" if path not in present else "changed"
            yield f"{path} {what} since the last build"
    if not (root / artifact.path).exists():
        yield f"{artifact.path} does not exist"
    elif measured(root / artifact.path) != {key: entry[key] for key in ("sha256", "bytes")}:
        yield f"{artifact.path} is not the file that {MANIFEST} describes"
