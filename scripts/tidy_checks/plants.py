"""Violations for the self-test: each check is shown at least one, and what it must not mistake for one."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from . import CHECKS
from .tree import Tree

RUST = "node/core/src/planted_violation.rs"
MANIFEST = '[package]\nname = "williw-{}"\n\n[{}]\n{}\n'
BUG = '[[bug]]\nname="n"\nrule="r"\nfile="scripts/tidy.toml"\nfind="{}"\nreplace="x"\ntests="t"\n'
LONG = "line\n" * 401


def write(path, text):
    return lambda root: put(root, path, text)


def append(path, text):
    return lambda root: put(root, path, (root / path).read_text("utf-8") + text if (root / path).exists() else text)


def replace(path, old, new):
    def change(root):
        text = (root / path).read_text("utf-8")
        assert old in text, f"{path} has no {old!r} to replace"
        put(root, path, text.replace(old, new, 1))

    return change


def both(*changes):
    def change(root):
        for one in changes:
            one(root)

    return change


def put(root, path, text):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


def crate(folder, table, line):
    return write(f"node/{folder}/Cargo.toml", MANIFEST.format(folder, table, line))


def core_dependency(line):
    return replace("node/core/Cargo.toml", "[dependencies]\n", f"[dependencies]\n{line}\n")


def program_dependency(line):
    return replace("programs/williw/Cargo.toml", "[dependencies]\n", f"[dependencies]\n{line}\n")


def next_decision(skip):
    def change(root):
        number = len(list((root / "docs/decisions").glob("*.md"))) + 1 + skip
        put(root, f"docs/decisions/{number:04}-planted.md", "# Planted\n")

    return change


def wrong_sum(root):
    vectors = root / "node/core/vectors"
    lines = (vectors / "SHA256SUMS").read_text("utf-8").splitlines() if (vectors / "SHA256SUMS").exists() else []
    put(root, "node/core/vectors/planted.json", "{}")
    put(root, "node/core/vectors/SHA256SUMS", "\n".join([*lines, "0" * 64 + "  planted.json"]) + "\n")


# The rows of (check, what is planted, how). The check `None` stands for a change that nothing may report.
PLANTS = [
    ("crate-directions", "a seventh crate", crate("extra", "dependencies", "")),
    ("crate-directions", "the core needs a shell", replace(
        "node/core/Cargo.toml", "[dev-dependencies]\n", '[dev-dependencies]\nwilliw-store = "1"\n')),
    ("crate-directions", "a sibling", crate("chain", "dependencies", 'williw-gossip = { workspace = true }')),
    ("crate-directions", "a sibling for tests", crate("store", "dev-dependencies", 'williw-chain.path = "../chain"')),
    ("crate-directions", "a sibling under another name", crate("gossip", "dependencies", 's = {package="williw-store"}')),
    ("crate-directions", "a platform's", crate("store", "target.'cfg(unix)'.dependencies", 'williw-chain = "1"')),
    ("crate-directions", "upwards", crate("daemon", "build-dependencies", 'williw-cli = "1"')),
    (None, "downwards", crate("daemon", "dependencies", 'williw-store = "1"\nwilliw-core = "1"')),
    ("program-directions", "a fifth crate", write("programs/extra/Cargo.toml", MANIFEST.format("extra", "dependencies", ""))),
    ("program-directions", "the core in the program", program_dependency('williw-core = { path = "../../node/core" }')),
    ("program-directions", "under another name", program_dependency('rules = { package = "williw-core", version = "1" }')),
    (None, "a crate of others", program_dependency('arrayref = "0.3"')),
    ("core-dependencies", "a new dependency", core_dependency('rand = "1"')),
    ("core-dependencies", "one that is not optional", replace("node/core/Cargo.toml", ", optional = true", "")),
    ("core-surface", "a function", write(RUST, "pub fn f(\n    key: &[u8],\n) -> k256::ecdsa::VerifyingKey {\n}\n")),
    ("core-surface", "an imported name", write(RUST, "use sha3::{Digest, Keccak256 as K};\npub fn f(k: K) {}\n")),
    ("core-surface", "a field", write(RUST, "pub struct S {\n    pub m: BTreeMap<u8, ed25519_dalek::Signature>,\n}\n")),
    ("core-surface", "a tuple field", write(RUST, "pub struct S(pub [k256::Scalar; 2]);\n")),
    ("core-surface", "a variant", write(RUST, "pub enum E {\n    A,\n    B(k256::Scalar),\n}\n")),
    ("core-surface", "a trait", write(RUST, "pub trait T {\n    fn f(&self) -> k256::Scalar;\n}\n")),
    ("core-surface", "a constant", write(RUST, "pub const C: [k256::Scalar; 2] = [A, B];\n")),
    ("core-surface", "an alias", write(RUST, "type A = curve25519_dalek::Scalar;\npub fn f(a: A) {}\n")),
    ("core-surface", "a re-export", write(RUST, "pub use k256::Scalar;\n")),
    ("core-surface", "a conversion", write(RUST, "impl From<k256::Scalar> for Amount {\n}\n")),
    ("core-surface", "everything of a crate", write(RUST, "use k256::*;\n")),
    (None, "inside", write(RUST, "pub(crate) fn f(k: k256::Scalar) {}\npub fn g() {\n    let k: k256::Scalar;\n}\n")),
    ("core-purity", "the clock", write(RUST, "fn f() {\n    std::time::Instant::now();\n}\n")),
    ("core-purity", "files, in a group", write(RUST, "use std::{collections::BTreeMap, fs::{self, File}};\n")),
    ("core-purity", "the environment", write(RUST, "fn f() {\n    std::env::var(NAME);\n}\n")),
    ("core-purity", "the network", write(RUST, "use std::net::IpAddr;\n")),
    ("core-purity", "a thread", write(RUST, "fn f() {\n    std::thread::yield_now();\n}\n")),
    ("core-purity", "async", write(RUST, "async fn f() {}\n")),
    ("core-purity", "randomness", write(RUST, "fn f() {\n    rand::random();\n}\n")),
    ("core-purity", "random order", write(RUST, "fn f(a: HashSet<u8>) {}\n")),
    (None, "in comments, strings and tests", write(RUST, (
        '// HashMap\nconst S: &str = "std::fs::read";\n#[cfg(test)]\nmod tests {\n    use std::fs;\n'
        "    fn f(a: HashMap<u8, u8>) {\n        a.unwrap();\n    }\n}\n"))),
    ("file-size", "a long file", write("node/core/src/long.rs", LONG)),
    ("file-size", "a long script", append("scripts/soak", LONG)),
    ("file-size", "too high an entry", both(write("node/core/src/long.rs", LONG), replace(
        "scripts/tidy.toml", "[file-size]\n", '[file-size]\n"node/core/src/long.rs" = 402\n'))),
    ("file-size", "a superfluous entry", replace(
        "scripts/tidy.toml", "[file-size]\n", '[file-size]\n"scripts/soak" = 450\n')),
    (None, "a listed file, a long test", both(
        write("node/core/src/long.rs", LONG), write("node/core/tests/long.rs", LONG),
        replace("scripts/tidy.toml", "[file-size]\n", '[file-size]\n"node/core/src/long.rs" = 401\n'))),
    ("document-paths", "a missing path", append("ARCHITECTURE.md", "\nSee `node/nowhere/src`.\n")),
    ("document-paths", "a missing file", append("README.md", "\nSee `NOWHERE.md`.\n")),
    ("document-paths", "a missing path, in a folder", append("contracts/README.md", "\nSee `contracts/nowhere`.\n")),
    (None, "present paths", append("README.md", "\n`./scripts/test`, `scripts/*.py`, `node/core/`, `Cargo.toml`, `a/b`\n")),
    ("document-commands", "a missing script", append("README.md", "\n```sh\n./scripts/nothing --json\n```\n")),
    ("document-commands", "a missing crate", append("README.md", "\n```sh\ncargo test -p nothing\n```\n")),
    ("architecture-length", "a long page", append("ARCHITECTURE.md", "line\n" * 301)),
    ("decision-numbers", "a gap", next_decision(1)),
    ("decision-numbers", "a bad name", write("docs/decisions/Planted.md", "")),
    (None, "the next decision", next_decision(0)),
    ("banned-names", "a type", write(RUST, "struct StakeManager;\n")),
    ("banned-names", "a module", write(RUST, "mod utils {}\n")),
    ("banned-names", "a file", write("node/core/src/slash_helper.rs", "")),
    ("banned-names", "a contract", write("contracts/src/P.sol", "contract EventHandler {}\n")),
    ("banned-names", "a class", append("scripts/planting.py", "\n\nclass UserInfo:\n    pass\n")),
    (None, "longer words", write(RUST, "struct Metadata;\nstruct Information;\n")),
    ("mod-files", "mod.rs", write("node/core/src/wire/mod.rs", "")),
    (None, "the exception", both(
        write("node/core/tests/common/mod.rs", ""), write("node/core/tests/planted.rs", "mod common;\n"))),
    ("todo", "without an issue", write(RUST, "// TO" + "DO: later\n")),
    (None, "with an issue", write(RUST, "// TO" + "DO(#12): later\n")),
    ("lint-exceptions", "allow", write(RUST, "#[allow(dead_code)]\nfn f() {}\n")),
    ("lint-exceptions", "under a condition", write(RUST, "#![cfg_attr(test, allow(dead_code))]\n")),
    (None, "expect", write(RUST, '#[expect(dead_code, reason = "r")]\nfn f() {}\n')),
    ("unwrap", "unwrap", write(RUST, "fn f() {\n    x\n        .unwrap();\n}\n")),
    ("unwrap", "in the program", write("programs/williw/src/planted.rs", "fn f() {\n    x.unwrap();\n}\n")),
    (None, "in its tests", write("programs/tests/tests/it/planted.rs", "fn f() {\n    x.unwrap();\n}\n")),
    ("registry-hosts", "a host", append("deny.toml", "# index.crates" + ".io\n")),
    ("registry-hosts", "an address", write("contracts/package-lock.json", '{\n"resolved": "x"\n}\n')),
    ("vector-checksums", "a wrong sum", wrong_sum),
    ("vector-checksums", "an unlisted file", write("node/core/vectors/planted.json", "{}")),
    ("vector-checksums", "a missing file", append(
        "node/core/vectors/SHA256SUMS", hashlib.sha256(b"").hexdigest() + "  planted.json\n")),
    ("copies", "a copy that differs", replace("scripts/tidy.toml", "[copies]\n", '[copies]\n"deny.toml" = "LICENSE-MIT"\n')),
    (None, "an equal copy", replace("scripts/tidy.toml", "[copies]\n", '[copies]\n"deny.toml" = "deny.toml"\n')),
    ("planted-bugs", "one that fits nowhere", write("node/core/planted.toml", BUG.format("no such text"))),
    ("planted-bugs", "one that fits twice", write("node/core/planted.toml", BUG.format("["))),
    (None, "one that fits", write("node/core/planted.toml", BUG.format("[file-size]"))),
]


def run(root):
    """(failures, total): one test per planted violation, and one that no check was forgotten."""
    forgotten = set(CHECKS) - {check for check, _, _ in PLANTS}
    for check in sorted(forgotten):
        print(f"{check}: no violation is planted for it; add one to scripts/tidy_checks/plants.py")
    failures = len(forgotten)
    with tempfile.TemporaryDirectory(prefix="williw-tidy-") as folder:
        original = Tree(root)
        copy = Path(folder)
        for path in original.files:
            restore(copy, original, path)
        before = complaints(copy)
        for check, what, plant in PLANTS:
            plant(copy)
            found = {name for name, complaint in complaints(copy) - before}
            if found != ({check} if check else set()):
                failures += 1
                wanted = f"`{check}` alone" if check else "nothing"
                print(f"planted {what}: {wanted} should report it, but {', '.join(sorted(found)) or 'nothing'} did")
            clean(copy, original)
    return failures, len(PLANTS) + len(forgotten)


def complaints(root):
    tree = Tree(root)
    return {(name, complaint) for name, function in CHECKS.items() for complaint in function(tree)}


def clean(copy, original):
    for path in Tree(copy).files:
        if not original.has(path):
            (copy / path).unlink()
        elif (copy / path).read_bytes() != original.bytes(path):
            restore(copy, original, path)


def restore(copy, original, path):
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(original.root / path, copy / path)
