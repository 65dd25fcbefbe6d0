"""Slashes, and how long nodes take to close their doors."""

import statistics
import time

from .evidence import equivocate
from .network import ACCUSER
from .waiting import MINUTE, until


class Slash:
    """Evidence against one node, submitted by a stranger, and when the others closed their connections for it."""

    def __init__(self, network, accused, others, slot):
        self.chain = network.chain
        self.accused = accused
        self.others = others
        self.block = None
        self.closed = {}
        evidence = self.chain.folder / "evidence"
        evidence.write_bytes(equivocate(self.chain, accused, slot))
        # Its outbox would first send again what a reorganisation took back, and here that is to stay away.
        for file in network.accuser.home.glob("williw.db*"):
            file.unlink()
        self.since = self.chain.height()
        command = network.accuser.command("slash", "--evidence", evidence, *self.chain.wallet(ACCUSER))
        self.submission = network.children.begin(command, MINUTE)
        # The last moment at which the slash was not there: no delay is told shorter than it was.
        self.absent = time.monotonic()
        others_names = " and ".join(node.name for node in others)
        until(f"{others_names} bar {accused.name} for its slash", MINUTE, self.look, pause=0.01)
        self.submission.finish()

    def look(self):
        if self.submission.child.code:
            self.submission.finish()
        if self.block is None:
            asked = time.monotonic()
            self.block = self.chain.slash_since(self.since)
            if self.block is None:
                self.absent = asked
        for node in self.others:
            if node.name not in self.closed and node.has_barred(self.accused, "slash-pending"):
                self.closed[node.name] = time.monotonic()
        return self.block is not None and len(self.closed) == len(self.others)

    @property
    def delays(self):
        return [{"node": name, "ms": round(1000 * (moment - self.absent))} for name, moment in self.closed.items()]


def all_with(node, others):
    """They and the node have each other for members, connected."""
    return all(one.is_with(node) and node.is_with(one) for one in others)


def summary(delays):
    milliseconds = [delay["ms"] for delay in delays]
    return {"evictions": delays, "p50_ms": round(statistics.median(milliseconds)), "max_ms": max(milliseconds)}


def evictions(network, count):
    """Slashes B, takes the slash back by a reorganisation and waits until all is as before, again and again."""
    accused, others = network["B"], [network["A"], network["C"]]
    delays = []
    for number in range(1, count + 1):
        until("the members are connected", MINUTE, lambda: all_with(accused, others))
        slash = Slash(network, accused, others, slot=number)
        delays += slash.delays
        network.chain.reorganise(slash.block)
        network.say(f"slash {number}: " + ", ".join(f"{delay['node']} {delay['ms']} ms" for delay in slash.delays))
    return summary(delays)
