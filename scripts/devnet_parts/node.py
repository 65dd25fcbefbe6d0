"""A node: its home, its program while it runs, and what it answers."""

import json
import random
import signal
import socket
from pathlib import Path

from . import rpc
from .children import last_lines
from .solana import TO_REGISTER
from .waiting import MINUTE, MOMENT, Unmet, until

POLL_MS = 500
FIRST_PORT = 10_000
NOBODY = {"standing": None, "places": [], "rule": None, "connections": 0, "refused_dials": 0, "last_heartbeat": None}


def free_ports(count, kind):
    """Ports of this machine that are free now, each another one.

    If possible they are none that the system gives to outgoing connections: a node has to find its own free again when
    it is started a second time.
    """
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split())
    every = range(FIRST_PORT, 65_536)
    candidates = [port for port in every if not lowest <= port <= highest] or list(every)
    random.shuffle(candidates)
    candidates = iter(candidates)
    return [next(port for port in candidates if is_free(port, kind)) for _ in range(count)]


def is_free(port, kind):
    with socket.socket(socket.AF_INET, kind) as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Node:
    def __init__(self, name, children, williw, chains, ports):
        self.name = name
        self.children = children
        self.williw = williw
        self.chain, self.solana = chains
        self.home = self.chain.folder / name
        self.gossip, self.http = (f"127.0.0.1:{port}" for port in ports)
        self.peer = self.signer = self.child = None
        self.rpcs = [self.chain.url]
        self.poll_ms = POLL_MS
        # Where it looks for whom.
        self.peers_at = {}

    def command(self, *words):
        return [self.williw, "--home", self.home, *words, "--json"]

    def run(self, *words):
        """The JSON that a command of the node's owner prints."""
        return json.loads(self.children.run(self.command(*words), MINUTE))

    def init(self):
        listen = ["--listen", self.gossip, "--http", self.http]
        endpoints = ["--rpc", self.chain.url, *(word for url in self.solana.urls for word in ("--solana-rpc", url))]
        deployments = ["--deployment", self.chain.deployment, "--deployment", self.solana.deployment]
        made = self.run("init", *deployments, *endpoints, *listen)
        self.peer, self.signer = made["peer"], made["signer"]

    def registering(self, owner):
        """The registration under way; `finish` waits for it."""
        command = self.command("register", "--amount", "1000ether", *self.chain.wallet(owner))
        return self.children.begin(command, MINUTE)

    def registering_on_solana(self):
        command = self.command("register", "--amount", TO_REGISTER, *self.solana.wallet(self.name))
        return self.children.begin(command, MINUTE)

    def last_words(self):
        """Of a program that does not stay: its exit code, and its last lines."""
        self.start()
        until(f"{self.name} ends", MINUTE, lambda: not self.child.alive)
        return self.child.code, self.log()

    def log(self):
        """The end of what it said so far."""
        return last_lines(self.child.kept[0].read_text("utf-8", "replace"), 4)

    def start(self):
        peers = [f"{peer}@{address}" for peer, address in self.peers_at.items()]
        environment = {
            "WILLIW_BASE_RPCS": json.dumps(self.rpcs),
            "WILLIW_GOSSIP_PEERS": json.dumps(peers),
            "WILLIW_GOSSIP_LISTEN": self.gossip,
            "WILLIW_HTTP_LISTEN": self.http,
        }
        if self.poll_ms:
            environment["WILLIW_BASE_POLL_MS"] = environment["WILLIW_SOLANA_POLL_MS"] = str(self.poll_ms)
        self.child, _ = self.children.start(self.name, self.command("run"), environment=environment)

    def answers(self):
        """Waits until it can be asked."""
        until(f"{self.name} answers", MOMENT, self.status)

    def end(self):
        """True if it ended by itself, and well, when it was asked to."""
        return self.child.end() and self.child.code == 0

    def kill(self):
        self.child.kill()

    def freeze(self):
        self.child.tell(signal.SIGSTOP)

    def thaw(self):
        self.child.tell(signal.SIGCONT)

    def ask(self, path):
        if not self.child.alive:
            raise Unmet(f"{self.name} ended with {self.child.code}")
        status, body = rpc.exchange(f"http://{self.http}{path}")
        if status != 200:
            raise ValueError(f"{self.name}: http status {status}")
        return json.loads(body)

    def status(self):
        return self.ask("/v1/status")

    def of_chain(self, name):
        return next(chain for chain in self.status()["chains"] if chain["chain"] == name)

    def guard(self):
        return self.status()["guard"]

    def guard_state(self):
        """The state of its guard as a list; empty while it cannot be asked."""
        try:
            return [self.guard()["state"]]
        except (OSError, ValueError, Unmet):
            return []

    def door(self):
        return self.status()["door"]

    def view(self, other):
        """What it thinks of another node."""
        return next((row for row in self.ask("/v1/peers")["peers"] if row["peer"] == other.peer), NOBODY)

    def is_with(self, other):
        """It has the other for a member, and a connection to it."""
        row = self.view(other)
        return row["standing"] == "member" and row["connections"] > 0

    def has_barred(self, other, rule):
        """No connection is left, and this is why."""
        row = self.view(other)
        return row["connections"] == 0 and row["standing"] == "barred" and row["rule"] == rule

    def heard(self, other):
        """(boot, seq) of the other's last heartbeat; they only ever grow."""
        last = self.view(other)["last_heartbeat"]
        return (int(last["boot"]), int(last["seq"])) if last else (0, 0)
