"""The two ways to bytecode: Solana's own tools where they are installed, otherwise programs/toolchain."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .artifacts import TOOLCHAIN
from .refused import Refused


def said(*command):
    """What a program answers, nothing if it is not there or fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def run(command, what, **settings):
    """Whatever it prints goes to stderr: stdout is for what was asked for."""
    if subprocess.run([str(word) for word in command], stdout=2, **settings).returncode:
        raise Refused(f"{what} failed", "see above")


class Official:
    """`cargo build-sbf`, which brings a compiler and a linker of its own."""

    name = "cargo-build-sbf"

    def __init__(self, target):
        self.target = target / "sbf-official"

    @staticmethod
    def installed():
        return bool(said("cargo", "build-sbf", "--version"))

    @staticmethod
    def places():
        return []

    def versions(self):
        lines = said("cargo", "build-sbf", "--version").splitlines()
        return {"route": self.name, "versions": dict(line.rsplit(" ", 1) for line in lines if " " in line)}

    def compile(self, crate, out, environment):
        made = self.target / "deploy" / crate.name
        command = ["cargo", "build-sbf", "--arch", "v3", "--manifest-path", crate / "Cargo.toml", "--sbf-out-dir", made]
        # What the tools bring is older than the Rust of this machine, which `rust-version` is about.
        command += ["--", "--locked", "--ignore-rust-version", "--target-dir", self.target]
        run(command, f"cargo build-sbf of {crate.name}", env=environment)
        found = list(made.glob("*.so"))
        if len(found) != 1:
            raise Refused(f"cargo build-sbf left {len(found)} programs in {made}", "remove that folder and try again")
        shutil.move(found[0], out)


class Debian:
    """programs/toolchain, set up in the cache once for every version of its recipe, or where $WILLIW_SBF says."""

    name = "debian"

    def __init__(self, root, cache, target):
        self.tools = root / TOOLCHAIN
        self.target = target / "sbf"
        recipe = said(self.tools / "recipe")
        chosen = os.environ.get("WILLIW_SBF")
        self.place = Path(chosen) if chosen else cache / "sbf" / recipe[:16]
        if not self.place.exists():
            print(f"build-program: setting a toolchain up in {self.place}: some minutes, 1.1 GB", file=sys.stderr)
            run([self.tools / "setup", self.place], "setting up the toolchain")
        stamp = self.place / "recipe"
        if not stamp.exists():
            raise Refused(f"{self.place} is no toolchain", "let WILLIW_SBF name one that programs/toolchain/setup made, or nothing")
        if stamp.read_text().strip() != recipe:
            raise Refused(f"{self.place} was set up in another way than {TOOLCHAIN} says", "remove it, or unset WILLIW_SBF")

    def places(self):
        return [self.place.resolve()]

    def versions(self):
        environment = {**os.environ, "WILLIW_SBF": str(self.place)}
        compiler = subprocess.run([self.tools / "rustc", "--version"], stdout=subprocess.PIPE, text=True, env=environment)
        linker, llvm = (self.place / "linker.version").read_text().splitlines()[:2]
        packages = (self.tools / "packages").read_text("utf-8").splitlines()
        versions = {
            "cargo": said("cargo", "--version"),
            "rustc": compiler.stdout.strip(),
            "linker": linker,
            "llvm": llvm,
        }
        known = dict(line.split()[1:] for line in packages if line and not line.startswith("#"))
        return {"route": self.name, "versions": versions, "packages": known}

    def compile(self, crate, out, environment):
        settings = {**environment, "WILLIW_SBF": str(self.place), "CARGO_TARGET_DIR": str(self.target)}
        run([self.tools / "build", crate, out], f"compiling {crate.name} to bytecode", env=settings)


def choose(route, root, cache, target):
    if route == "official" and not Official.installed():
        raise Refused("cargo build-sbf is not installed", "install Solana's tools, or use --toolchain debian")
    if route == "official" or (route is None and Official.installed()):
        return Official(target)
    return Debian(root, cache, target)


ADDRESS = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")
DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def is_address(text):
    """Whether it is 32 bytes in base 58, as addresses on Solana are written."""
    if not ADDRESS.fullmatch(text):
        return False
    number = 0
    for digit in text:
        number = number * 58 + DIGITS.index(digit)
    zeros = len(text) - len(text.lstrip("1"))
    return zeros + (number.bit_length() + 7) // 8 == 32
