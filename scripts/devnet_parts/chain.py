"""A chain of one's own: anvil with a block every second, final eight blocks later, and the vault on it."""

import json
import os
from pathlib import Path

from . import rpc
from .waiting import LONG, MOMENT, Unmet, until

BLOCK_SECONDS = 1
# How many blocks have their state.
STATES = "1000"
# The safe block lies one epoch behind the newest, the final one two.
SLOTS_IN_AN_EPOCH = 4
# Everybody knows these keys; they are anvil's own accounts.
MNEMONIC = "test test test test test test test test test test test junk"
PASSWORD = "devnet"
TOKENS = 10_000 * 10**18
# The kind of a fact, as docs/decisions/0001-encodings.md numbers them.
SLASHED = 7


class Chain:
    def __init__(self, children, root, folder):
        self.children = children
        self.contracts = Path(root) / "contracts"
        self.folder = folder
        self.url = self.vault = self.token = self.network = None
        self.deployment = folder / "deployment.json"
        self.password = folder / "password"
        self.accounts = []

    def native(self, name):
        """A program out of npm's packages. The launchers in front of them always say that all went well."""
        for path in self.contracts.glob(f"node_modules/@foundry-rs/{name}-*/bin/{name}"):
            return path
        raise Unmet(f"{name} is not installed under {self.contracts}; run scripts/setup")

    def call(self, method, *params):
        return rpc.call(self.url, method, *params)

    def start(self):
        command = [self.native("anvil"), "--port", "0", "--slots-in-an-epoch", SLOTS_IN_AN_EPOCH]
        # States of older blocks would pile up in files in the home of whoever runs this.
        command += ["--prune-history", STATES]
        child, out = self.children.start("anvil", [*command, "--block-time", BLOCK_SECONDS, "--mnemonic", MNEMONIC])

        def listening():
            if not child.alive:
                raise Unmet(f"anvil ended with {child.code}")
            lines = out.read_text("utf-8").splitlines()
            return next((line.split()[-1] for line in lines if line.startswith("Listening on ")), None)

        self.url = "http://" + until("anvil listens", MOMENT, listening)
        self.accounts = self.call("eth_accounts")

    def deploy(self, genesis, program):
        """Deploys as anybody would, but keeps apart what was deployed: a devnet is not the deployment of this clone. The two
        are the network's half on Solana."""
        kept = f"31337-{os.getpid()}.json"
        written, parameters = self.contracts / "deployments" / kept, self.contracts / "script" / f"devnet-{kept}"
        plan = json.loads((self.contracts / "script/anvil.json").read_text("utf-8"))
        plan.update(solana_genesis_hash=genesis, solana_program_id=program)
        command = [self.native("forge"), "script", "script/Deploy.s.sol", "--rpc-url", self.url, "--broadcast"]
        command += ["--unlocked", "--sender", self.accounts[0]]
        environment = {
            "DEPLOYMENT": kept, "PARAMETERS": f"script/{parameters.name}",
            "FOUNDRY_BROADCAST": str(self.folder / "broadcast"),
        }
        try:
            parameters.write_text(json.dumps(plan), "utf-8")
            self.children.run(command, LONG, cwd=self.contracts, environment=environment)
            self.deployment.write_bytes(written.read_bytes())
        finally:
            written.unlink(missing_ok=True)
            parameters.unlink(missing_ok=True)
        found = json.loads(self.deployment.read_text("utf-8"))
        self.vault, self.token, self.network = found["vault"], found["token"], found["network_id"]

    def write_keys(self):
        """Keystores as Foundry has them, one per account, for those verbs that owners sign themselves."""
        mnemonic = self.folder / "mnemonic"
        mnemonic.write_text(MNEMONIC, "utf-8")
        # The node takes no password that others can read.
        self.password.touch(0o600)
        self.password.write_text(PASSWORD, "utf-8")
        for index in range(len(self.accounts)):
            command = [self.native("cast"), "wallet", "import", str(index), "--keystore-dir", self.folder / "keys"]
            self.children.run(
                [*command, "--mnemonic", mnemonic, "--mnemonic-index", index], MOMENT,
                environment={"CAST_UNSAFE_PASSWORD": PASSWORD},
            )

    def wallet(self, index):
        """The options by which an owner verb finds the keys of an account."""
        return ["--chain", "base", "--keystore", self.keystore(index), "--password-file", self.password]

    def keystore(self, index):
        return self.folder / "keys" / str(index)

    def fund(self, indices):
        """Tokens for these accounts, which anybody may mint; ether they have."""
        sent = []
        for index in indices:
            to = self.accounts[index]
            mint = [self.native("cast"), "calldata", "mint(address,uint256)", to, TOKENS]
            call = {"from": to, "to": self.token, "data": self.children.run(mint, MOMENT).strip()}
            sent.append(self.call("eth_sendTransaction", call))
        for transaction in sent:
            self.mined(transaction)

    def mined(self, transaction):
        receipt = until("a transaction is mined", MOMENT, lambda: self.call("eth_getTransactionReceipt", transaction))
        if receipt["status"] != "0x1":
            raise Unmet(f"transaction {transaction} failed")
        return receipt

    def height(self, which="latest"):
        return int(self.call("eth_getBlockByNumber", which, False)["number"], 16)

    def finalized(self, height):
        until(f"block {height} is final", LONG, lambda: self.height("finalized") >= height)

    def cycle(self):
        command = [self.native("cast"), "call", self.vault, "currentCycle()(uint64)", "--rpc-url", self.url]
        return int(self.children.run(command, MOMENT).split()[0])

    def facts(self, since=0, kind=None):
        """The vault's logs from a block on, of one kind or of all that have a number."""
        topics = [None, None, rpc.word(kind)] if kind else []
        logs = self.call("eth_getLogs", {"address": self.vault, "fromBlock": hex(since), "topics": topics})
        return [log for log in logs if len(log["topics"]) == 4]

    def slash_since(self, height):
        """The block of the first slash from this height on; None without one."""
        return next((int(log["blockNumber"], 16) for log in self.facts(height, SLASHED)), None)

    def rest(self):
        """No more blocks: what is not final stays so."""
        self.call("evm_setIntervalMining", 0)

    def go_on(self):
        self.call("evm_setIntervalMining", BLOCK_SECONDS)

    def reorganise(self, height):
        """Replaces every block from this height on by an empty one."""
        self.call("anvil_reorg", self.height() - height + 1, [])

    def only_seen_by_us(self, act):
        """Does something on the chain and takes it back; the facts that it made meanwhile."""
        before, snapshot = self.height(), self.call("evm_snapshot")
        act()
        facts = self.facts(before + 1)
        if not self.call("evm_revert", snapshot):
            raise Unmet("anvil did not go back")
        return facts
