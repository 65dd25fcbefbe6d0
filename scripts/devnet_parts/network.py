"""The whole of it: a chain, three staked nodes and one unstaked."""

import shutil
import socket

from .chain import Chain
from .decoy import Decoy
from .node import Node, free_ports
from .proxies import Gate, Liar
from .waiting import require

# Which of anvil's accounts owns which node.
OWNERS = {"A": 1, "B": 2, "C": 3, "D": 5}
STAKED = ("A", "B", "C")
# Somebody without any stake who submits evidence.
ACCUSER = 4


class Network:
    def __init__(self, root, williw, children, say):
        self.children = children
        self.say = say
        self.williw = williw
        self.chain = Chain(children, root, children.folder)
        self.nodes = {}
        self.accuser = None
        # What only the stories need.
        self.gate = self.liar = self.decoy = None

    def __getitem__(self, name):
        return self.nodes[name]

    @property
    def staked(self):
        return [self.nodes[name] for name in STAKED]

    def found(self):
        """The chain and the vault, and the nodes registered but not running."""
        self.say("starting anvil and deploying the vault")
        self.chain.start()
        self.chain.deploy()
        self.chain.write_keys()
        self.say("funding and registering the stakers")
        self.chain.fund(OWNERS.values())
        names = [*OWNERS, "accuser"]
        gossip, http = free_ports(len(names), socket.SOCK_DGRAM), free_ports(len(names), socket.SOCK_STREAM)
        for name, *ports in zip(names, gossip, http):
            node = Node(name, self.children, self.williw, self.chain, ports)
            node.init()
            self.nodes[name] = node
        self.accuser = self.nodes.pop("accuser")
        for node in self.nodes.values():
            node.peers_at = {other.peer: other.gossip for other in self.staked if other is not node}
        for registering in [self[name].registering(OWNERS[name]) for name in STAKED]:
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
        copy = Node(f"{name}-copy", self.children, self.williw, self.chain, [gossip, http])
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
