"""What is tried on a disk that fails. A class each: how the program is built, how it is run, and what has to hold after it.

To add one, give it a name and the three methods, and list it in `ALL`.
"""

import json
import re
import subprocess
from pathlib import Path

from devnet_parts.waiting import require

ROOT = Path(__file__).resolve().parent.parent.parent
# Nobody listens on the discard port.
NOBODY = "http://127.0.0.1:9/"


def build(package, *options):
    """Builds and gives back the one executable that cargo speaks of."""
    command = ["cargo", "--quiet", *options[:1], "--locked", "-p", package, *options[1:], "--message-format=json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    made = [json.loads(line).get("executable") for line in done.stdout.splitlines()]
    made = [path for path in made if path]
    require(len(made) == 1, f"`{' '.join(command)}` made {len(made)} programs")
    return made[0]


def require_private(disk):
    """Nothing on the disk can be read by anybody else, whenever it was left there."""
    for path in disk.files():
        mode = path.stat().st_mode & 0o777
        require(mode == 0o600, f"{path.name} has mode {mode:o}")


def require_error(ended):
    """It failed, and says why in a line of its own."""
    ended.require(ended.code != 0, "it passed over the failure")
    ended.require(re.search(r"^error: .", ended.out + ended.log, re.MULTILINE), "it does not say what went wrong")


class Init:
    """`williw init`: what failed can simply be run again, and keys that were made are kept."""

    name = "init"
    KEYS = ["peer.json", "signer.json", "signer.password", "williw.toml"]
    HOME = ["guard.db", "guard.db.lock", "guard.mark", *KEYS]

    def __init__(self):
        self.williw = build("williw-cli", "build", "--bin", "williw")
        cases = json.loads((ROOT / "node/core/vectors/network_id.json").read_text("utf-8"))["cases"]
        case = next(case for case in cases if case["name"] == "Base only")
        network = case["network"]
        zero = f"0x{0:064x}"
        self.deployment = json.dumps({
            "chain_id": int(network["base_chain_id"]), "name": network["name"], "vault": network["vault"],
            "from_height": 1, "network_id": case["network_id"], "pool": network["vault"], "token": network["vault"],
            "reward_token": network["vault"], "solana_genesis_hash": zero, "solana_program_id": zero,
        })

    def command(self, folder):
        deployment = folder.parent / "deployment.json"
        deployment.write_text(self.deployment, "utf-8")
        home = ["--home", folder / "home", "--json"]
        return [self.williw, *home, "init", "--deployment", deployment, "--rpc", NOBODY]

    def environment(self, _):
        return {}

    def judge(self, disk, ended):
        require_private(disk)
        told = {}
        if ended.code == 0:
            # It said that it is done: then whatever failed on the way has to make no difference.
            ended.require_kept_at_the_end()
            told = json.loads(ended.out)
            require({"peer", "signer"} <= set(told), f"it said {told}")
        else:
            require_error(ended)
            ended.require(re.search(r"^hint: .", ended.log, re.MULTILINE), "it does not say what to do")
        if ended.failures:
            kept = {path: path.read_bytes() for path in disk.files() if path.name in self.KEYS}
            ended = disk.run(self.command(disk.folder))
            ended.require(ended.code == 0, "it cannot be run again")
            ended.require_kept_at_the_end()
            require_private(disk)
            changed = [path.name for path, bytes in kept.items() if path.read_bytes() != bytes]
            require(not changed, f"the second run changed {changed}")
            made = json.loads(ended.out)
            require(not told or made == told, f"it said {told}, and when it was run again {made}")
        names = [path.name for path in disk.files()]
        require(names == self.HOME, f"there is {names}")


class Tests:
    """Two tests of the store, each run as a process of its own: one writes while the disk fails, and says each time what is
    written; the other is told all that, and requires that it is there, and that it goes on."""

    # The file they share, and the lines of the writer: what is in the group is what the reader is told.
    FILE = "node.db"
    SAID = r"^written (\d+)$"
    # The lines of the reader, from which on somebody may act on what it found.
    FOUND = r"^(found|goes on)"

    def __init__(self):
        self.tests = build("williw-store", "test", "--no-run", "--test", "it")

    def test(self, name):
        return [self.tests, "--ignored", "--exact", name, "--nocapture"]

    def command(self, _):
        return self.test(self.WRITER)

    def environment(self, folder):
        return {"WILLIW_STORE_TEST_PATH": str(folder / self.FILE)}

    def told(self, said):
        """What the reader is told of what the writer said: how often it said something."""
        return str(len(said))

    def judge(self, disk, ended):
        require_private(disk)
        # What fails while the file is closed takes nothing away.
        if ended.code:
            require_error(ended)
        said = re.findall(self.SAID, ended.out, re.MULTILINE)
        ended.require(ended.code or said, "it wrote nothing")
        ended.require_kept(self.SAID)
        environment = {**self.environment(disk.folder), "WILLIW_STORE_TEST_TOLD": self.told(said)}
        again = disk.run(self.test(self.READER), environment=environment)
        again.require(again.code == 0, f"after {len(said)} writes it does not go on")
        again.require("1 passed" in again.out, "the reader did not run")
        again.require(re.search(self.FOUND, again.out, re.MULTILINE), "the reader found nothing")
        again.require_kept(self.FOUND)
        require_private(disk)


class Guard(Tests):
    """The guard: every signature that it gave is there, nothing that contradicts one is signed, and it goes on."""

    name = "guard"
    WRITER = "guard::disk::a_child_that_signs_while_the_disk_fails"
    READER = "guard::disk::a_child_that_asks_for_what_was_signed"
    FILE = "guard.db"
    SAID = r"^signed (\d+ 0x[0-9a-f]+)$"

    def told(self, said):
        return ",".join(said)


class Batches(Tests):
    """The store: a batch that it said was written is there, every batch is there as a whole, and it goes on."""

    name = "batches"
    WRITER = "disk::a_child_that_writes_while_the_disk_fails"
    READER = "disk::a_child_that_finds_what_was_written"


class Outbox(Tests):
    """The outbox: every intent, signature and stage that it said was written is there, whole, and it goes on."""

    name = "outbox"
    WRITER = "outbox::a_child_that_writes_while_the_disk_fails"
    READER = "outbox::a_child_that_finds_what_was_written"


ALL = [Init, Guard, Batches, Outbox]
