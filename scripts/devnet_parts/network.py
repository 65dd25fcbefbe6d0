"""The whole of it: two chains, stakers on either and on both, and one without stake."""

import shutil
import socket

from .chain import Chain
from .decoy import Decoy
from .node import Node, free_ports
from .proxies import Gate, Liar
from .solana import Solana
from .waiting import require

# Which of anvil's accounts owns which node; E has stake on Solana alone, and an account like everybody.
OWNERS = {"A": 1, "B": 2, "C": 3, "D": 5, "E": 7, "F": 6}
# Who has stake on Base, on Solana, and on either when the network begins.
ON_BASE = ("A", "B", "C", "F")
ON_SOLANA = ("F",)
STAKED = ON_BASE
# Somebody without any stake who submits evidence.
ACCUSER = 4


class Network:
    def __init__(self, root, williw, children, say):
        self.children = children
        self.say = say
        self.williw = williw
        self.chain = Chain(children, root, children.folder)
        self.solana = Solana(children, root, children.folder)
        self.nodes = {}
        self.accuser = None
        # What only the stories need.
        self.gate = self.liar = self.decoy = None

    def __getitem__(self, name):
        return self.nodes[name]

    @property
    def staked(self):
        return [self.nodes[name] for name in STAKED]

    def found(self, validator):
        """The chains with vault and program, and the nodes registered but not running."""
        self.say("starting anvil and a validator of Solana")
        self.solana.start(validator)
        self.chain.start()
        self.say("deploying the vault on Base")
        self.chain.deploy(self.solana.genesis_hex, self.solana.program_hex)
        self.chain.write_keys()
        self.say("deploying the program on Solana")
        self.solana.deploy(self.chain.deployment)
        self.say("funding and registering the stakers")
        self.chain.fund(OWNERS.values())
        self.solana.fund(("D", "E", "F"))
        # Before any slot that a story takes back.
        self.solana.key("accuser")
        names = [*OWNERS, "accuser"]
        gossip, http = free_ports(len(names), socket.SOCK_DGRAM), free_ports(len(names), socket.SOCK_STREAM)
        for name, *ports in zip(names, gossip, http):
            node = Node(name, self.children, self.williw, (self.chain, self.solana), ports)
            node.init()
            self.nodes[name] = node
        self.accuser = self.nodes.pop("accuser")
        for node in self.nodes.values():
            node.peers_at = {other.peer: other.gossip for other in self.staked if other is not node}
        for registering in [self[name].registering(OWNERS[name]) for name in ON_BASE]:
            registering.finish()
        for registering in [self[name].registering_on_solana() for name in ON_SOLANA]:
            registering.finish()

    def set_traps(self):
        """A's endpoint can be held back, C has one that invents stake of D, and A has a planted address of D."""
        self.gate = Gate(self.chain.url)
        self["A"].rpcs = [self.gate.url]
        self.decoy = Decoy()
        self["A"].peers_at[self["D"].peer] = self.decoy.address

        # What is invented lacks nothing but the chain's consent: D's own keys signed for it.
        facts = self.chain.only_seen_by_us(lambda: self["D"].registering(OWNERS["D"]).finish())
        require(len(facts) == 1, f"a registration makes one fact, not {len(facts)}")
        self.liar = Liar(self.chain.url, self.chain.vault, facts[0])
        self["C"].rpcs = [self.chain.url, self.liar.url]

    def copy(self, name):
        """A copy of a node's folder as it is at this moment, as another node with other ports. It is started by nobody yet."""
        [gossip], [http] = free_ports(1, socket.SOCK_DGRAM), free_ports(1, socket.SOCK_STREAM)
        original = self[name]
        copy = Node(f"{name}-copy", self.children, self.williw, (self.chain, self.solana), [gossip, http])
        shutil.copytree(original.home, copy.home)
        copy.peer, copy.signer, copy.rpcs = original.peer, original.signer, original.rpcs
        copy.peers_at = dict(original.peers_at)
        return copy

    def start(self, names):
        self.say(f"starting {', '.join(names)}")
        for name in names:
            self[name].start()
        for name in names:
            self[name].answers()

    def close(self):
        for trap in (self.gate, self.liar, self.decoy):
            if trap:
                trap.close()
