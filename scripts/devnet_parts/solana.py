"""Solana on this machine: the local validator, a token, and the program with its network begun."""

import json
import subprocess

from . import rpc
from .waiting import LONG, MINUTE, MOMENT, Unmet, require, until

# Slots as on a cluster; what is final lies so many behind the newest that a story need not wait long.
FINALIZED_DEPTH = 8
# Endpoints for the nodes, which a story can take away or let lie; behind them one that always tells the truth.
FACES = 3
DECIMALS = 9
# What every owner has, and what it costs to be one.
TOKENS = 10_000 * 10**DECIMALS
LAMPORTS = 100 * 10**9
# The smallest stake, as the plan for local networks has it.
TO_REGISTER = 1_000 * 10**DECIMALS
# The account of an operator, and where its owner stands in it: `programs/README.md`, and the IDL.
OPERATOR_BYTES, OWNER_AT = 720, 128
KEYGEN = """
import { generateKeyPairSync } from 'node:crypto';
import { base58 } from './programs/deploy/src/bytes.mjs';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const part = (key, name) => Buffer.from(key.export({ format: 'jwk' })[name], 'base64url');
const [secret, open] = [part(privateKey, 'd'), part(publicKey, 'x')];
console.log(JSON.stringify({ key: [...secret, ...open], address: base58(open) }));
"""


class Solana:
    def __init__(self, children, root, folder):
        self.children = children
        self.root = root
        self.folder = folder
        self.urls = self.url = self.genesis = self.mint = self.genesis_hex = self.program_hex = self.program = None
        self.deployment = folder / "solana.json"
        self.keys = {}

    def call(self, method, *params):
        return rpc.call(self.url, method, *params)

    def tell(self, verb, **params):
        """Moves the validator, or one of the endpoints in front of it."""
        return self.call(f"localnet_{verb}", params)

    def start(self, binary):
        command = [binary, "--faces", FACES + 1, "--finalized-depth", FINALIZED_DEPTH]
        # It ends when its input does.
        child, out = self.children.start("solana", command, stdin=subprocess.PIPE)

        def ready():
            if not child.alive:
                raise Unmet(f"the local validator ended with {child.code}")
            lines = out.read_text("utf-8").splitlines()
            return json.loads(lines[0]) if lines else None

        found = until("the local validator is up", MINUTE, ready)
        *self.urls, self.url = found["rpcs"]
        self.genesis = found["genesis"]
        self.genesis_hex = base58_hex(self.genesis)
        key = json.loads((self.root / "programs/localnet-keypair.json").read_text("utf-8"))
        self.program_hex = "0x" + bytes(key[32:]).hex()

    def key(self, name):
        """The key of somebody with coins and tokens, as Solana's tools keep it; its file and its address."""
        if name not in self.keys:
            command = ["node", "--input-type=module", "--eval", KEYGEN]
            made = json.loads(self.children.run(command, MOMENT, cwd=self.root))
            file = self.folder / f"{name}.key.json"
            file.touch(0o600)
            file.write_text(json.dumps(made["key"]), "utf-8")
            self.keys[name] = (file, made["address"])
            self.tell("airdrop", address=made["address"], lamports=LAMPORTS)
        return self.keys[name]

    def wallet(self, name):
        """The options by which an owner verb finds the key of somebody."""
        file, _ = self.key(name)
        return ["--chain", "solana", "--keypair", file]

    def fund(self, names):
        for name in names:
            _, address = self.key(name)
            self.tell("fund", mint=self.mint, owner=address, amount=TOKENS)

    def deploy(self, base_deployment):
        """Deploys and begins the network as anybody would, with the plan for local networks filled in."""
        deployer, address = self.key("deployer")
        _, guardian = self.key("guardian")
        self.mint = self.tell("mint", decimals=DECIMALS)["mint"]
        # Whoever deploys looks at the final chain for it.
        self.finalized(self.slot("processed"))
        plan = json.loads((self.root / "programs/deploy/localnet.json").read_text("utf-8"))
        plan.update(name="anvil", base=str(base_deployment), mint=self.mint, governor=address, guardian=guardian)
        file = self.folder / "plan.json"
        file.write_text(json.dumps(plan), "utf-8")
        command = [self.root / "scripts/deploy-program", "--cluster", "localnet", "--url", self.url, "--plan", file]
        command += ["--program", self.root / "programs/localnet-keypair.json", "--deployer", deployer]
        self.children.run([*command, "--deployment", self.deployment, "--yes", "--json"], LONG)
        self.program = json.loads(self.deployment.read_text("utf-8"))["program"]

    def operator(self, name):
        """The account of somebody's operator."""
        _, owner = self.key(name)
        filters = [{"dataSize": OPERATOR_BYTES}, {"memcmp": {"offset": OWNER_AT, "bytes": owner}}]
        found = self.call("getProgramAccounts", self.program, {"encoding": "base64", "filters": filters})
        require(len(found) == 1, f"{name} has {len(found)} operators")
        return found[0]["pubkey"]

    def slot(self, commitment="confirmed"):
        return self.call("getSlot", {"commitment": commitment})

    def cycle(self, deployment):
        """The cycle of the newest confirmed block, as the deployment on Base divides time."""
        terms = json.loads(deployment.read_text("utf-8"))["deployed"]
        time = self.call("getBlockTime", self.slot())
        return (time - int(terms["genesis"])) // int(terms["cycle_length"])

    def finalized(self, slot):
        until(f"slot {slot} is final", LONG, lambda: self.slot("finalized") >= slot)

    def hold(self, commitment="finalized"):
        """What is of this commitment stays as it is now."""
        self.tell("hold", commitment=commitment)

    def release(self, commitment="finalized"):
        self.tell("release", commitment=commitment)

    def lie(self, face, kind, **params):
        self.tell("lie", face=face, kind=kind, **params)


def base58_hex(text):
    """32 bytes in base 58, as the other tools have them."""
    number = 0
    for letter in text:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(letter)
    return "0x" + number.to_bytes(32, "big").hex()
