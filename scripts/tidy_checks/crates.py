"""Which crate may depend on which."""

import re

from .tree import Complaint

# Dependencies run one way; chain, store and gossip do not know each other.
ALLOWED = {
    "core": set(),
    "chain": {"core"},
    "store": {"core"},
    "gossip": {"core"},
    "daemon": {"core", "chain", "store", "gossip"},
    "cli": {"core", "chain", "store", "gossip", "daemon"},
}

# The program is written apart from the core, or comparing the two would prove nothing. Only what tests it knows both.
ALLOWED_TO_PROGRAMS = {
    "williw": set(),
    "probe": {"williw-program"},
    "idl/maker": set(),
    "tests": {"williw-core", "williw-probe", "williw-program"},
    "localnet": {"williw-program"},
}

# What everyone who reads the core has to trust as well. The optional ones are named with their reason.
CORE_DEPENDENCIES = {"ed25519-dalek", "k256", "serde", "blake3", "bs58", "sha3", "thiserror"}
CORE_OPTIONAL = {"postcard"}  # encodes the worlds of the simulator, which no node runs

TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def manifests(tree):
    return [path for path in tree.under("node", "Cargo.toml") if path.endswith("/Cargo.toml")]


def program_manifests(tree):
    return [path for path in tree.under("programs", "Cargo.toml") if path.endswith("/Cargo.toml")]


def dependencies(manifest, tables=TABLES):
    """Pairs (name of the package, specification), those of single platforms included."""
    for place in (manifest, *manifest.get("target", {}).values()):
        for table in tables:
            for name, details in place.get(table, {}).items():
                details = details if isinstance(details, dict) else {}
                yield details.get("package", name), details


def line_of(tree, path, name):
    for number, line in tree.lines(path):
        if re.search(rf'^\s*"?{re.escape(name)}"?\s*[=.]|dependencies\.{re.escape(name)}\]|"{re.escape(name)}"', line):
            return number
    return 0


def directions(tree):
    packages = {}
    for path in manifests(tree):
        folder = path.removeprefix("node/").removesuffix("/Cargo.toml")
        if folder not in ALLOWED:
            yield Complaint(path, 0, f"node/{folder} is not one of {', '.join(ALLOWED)}; a new crate needs a decision")
        else:
            packages[tree.toml(path).get("package", {}).get("name")] = folder
    shared = tree.toml("Cargo.toml").get("workspace", {}).get("dependencies", {})
    renamed = {name: spec["package"] for name, spec in shared.items() if isinstance(spec, dict) and "package" in spec}
    for path in manifests(tree):
        folder = path.removeprefix("node/").removesuffix("/Cargo.toml")
        for name, details in dependencies(tree.toml(path)):
            name = renamed.get(name, name) if details.get("workspace") else name
            target = packages.get(name) or (name.removeprefix("williw-") if name.startswith("williw-") else None)
            if target and target != folder and target not in ALLOWED.get(folder, set()):
                yield Complaint(
                    path, line_of(tree, path, name), f"{folder} must not depend on {target}; move what both need down"
                )


def program_directions(tree):
    for path in program_manifests(tree):
        folder = path.removeprefix("programs/").removesuffix("/Cargo.toml")
        if folder not in ALLOWED_TO_PROGRAMS:
            known = ", ".join(ALLOWED_TO_PROGRAMS)
            yield Complaint(path, 0, f"programs/{folder} is not one of {known}; a new crate needs a decision")
            continue
        for name, _ in dependencies(tree.toml(path)):
            if name.startswith("williw-") and name not in ALLOWED_TO_PROGRAMS[folder]:
                yield Complaint(path, line_of(tree, path, name), f"programs/{folder} must not depend on {name}")


def core_dependencies(tree):
    path = "node/core/Cargo.toml"
    for name, details in dependencies(tree.toml(path), ("dependencies", "build-dependencies")):
        if name in CORE_OPTIONAL:
            if not details.get("optional"):
                yield Complaint(path, line_of(tree, path, name), f"`{name}` must be optional; only the simulator uses it")
        elif name not in CORE_DEPENDENCIES:
            yield Complaint(path, line_of(tree, path, name), f"the core must not depend on `{name}`; do it in a shell")
