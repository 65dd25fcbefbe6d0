"""What a network with one door has to do, told in steps. Each says what was seen, or what was not."""

import itertools
import time
import traceback

from .slashing import Slash, all_with, summary
from .two_chains import TwoChains
from .waiting import LONG, MINUTE, Unmet, require, until


class Story:
    def __init__(self, network):
        self.network = network
        self.chain = network.chain
        self.a, self.b, self.c, self.d = (network[name] for name in "ABCD")
        self.others = [self.a, self.c]
        self.two = TwoChains(network)
        self.slash = None
        self.delays = []

    def steps(self):
        return [
            ("heartbeats", self.heartbeats),
            ("unstaked-refused", self.unstaked_refused),
            ("invented-stake", self.invented_stake),
            ("slash-evicts", self.slash_evicts),
            ("reorg-restores", self.reorg_restores),
            ("restart-refuses", self.restart_refuses),
            ("solana-admits", self.two.admits_when_final),
            ("solana-slash", self.two.slash_evicts),
            ("solana-lies", self.two.lies_are_named),
            ("slashed-on-both", self.two.one_file_slashes_on_both),
            ("solana-down", self.two.one_chain_down),
            ("solana-restart", self.two.slash_outlives_restart),
            ("copies-refused", self.copies_refused),
            ("clean-end", self.clean_end),
        ]

    def play(self):
        """One row per step; what comes after a step that did not hold is not played."""
        rows, say = [], self.network.say
        for name, step in self.steps():
            started, broken = time.monotonic(), any(not row["held"] for row in rows)
            try:
                require(not broken, "not played")
                held, detail = True, step()
            except Unmet as error:
                held, detail = False, str(error)
            except Exception as error:
                # An answer of another shape, say. The step did not hold, and the summary has to come all the same.
                held, detail = False, f"{type(error).__name__}: {error}"
                say(traceback.format_exc())
            seconds = round(time.monotonic() - started, 2)
            rows.append({"name": name, "held": held, "seconds": seconds, "detail": detail})
            say(f"{'held' if held else 'BROKEN'} {name} ({seconds} s): {detail}")
        return rows

    def told(self):
        return summary(self.delays) if self.delays else {"evictions": []}

    def heartbeats(self):
        """All staked nodes see one another's."""
        pairs = list(itertools.permutations(self.network.staked, 2))
        for one, other in pairs:
            until(f"{one.name} is connected to the member {other.name}", LONG, lambda: one.is_with(other))
        for one, other in pairs:
            until(f"{one.name} hears {other.name}", MINUTE, lambda: one.heard(other) > (0, 0))
        before = {(one, other): one.heard(other) for one, other in pairs}
        for one, other in pairs:
            until(f"{one.name} hears {other.name} again", MINUTE, lambda: one.heard(other) > before[one, other])
        told = {row["peer"]: row for row in self.a.run("peers")["peers"]}
        for node in self.network.staked:
            standing = told.get(node.peer, {}).get("standing")
            require(standing == "member", f"`williw peers` of A has {node.name} as {standing}")
        return f"{len(pairs)} of {len(pairs)} directions, each again"

    def unstaked_refused(self):
        """It is refused where it dials, and nobody dials the address that was planted for it."""
        before = {node: node.door()["refused_arrivals"] for node in self.network.staked}
        self.network.start("D")
        for node in self.network.staked:
            until(f"{node.name} refuses D", MINUTE, lambda: node.door()["refused_arrivals"] > before[node])
        until("A refuses to dial D", MINUTE, lambda: self.a.view(self.d)["refused_dials"] > 0)
        for node in self.network.staked:
            require(node.view(self.d)["connections"] == 0, f"{node.name} has a connection to D")
            require(self.d.view(node)["last_heartbeat"] is None, f"D hears {node.name}")
        self.decoy_is_silent()
        arrivals = {node.name: node.door()["refused_arrivals"] - before[node] for node in self.network.staked}
        return f"arrivals refused {arrivals}, dials refused by A {self.a.view(self.d)['refused_dials']}, packets 0"

    def decoy_is_silent(self):
        decoy = self.network.decoy
        require(decoy.hears(), "the decoy is deaf")
        require(decoy.packets() == 0, f"D's planted address was sent {decoy.packets()} packets")

    def invented_stake(self):
        """One endpoint of C invents stake of D: C names it, admits nobody, and goes on."""

        def named():
            honest, liar = self.c.of_chain("base")["endpoints"]
            return liar if liar["fault"] and liar["lie"] and not honest["fault"] else None

        liar = until("C names the endpoint that lies", MINUTE, named)
        height = self.chain.height()
        until("C reads on", MINUTE, lambda: self.c.of_chain("base")["height"] >= height)
        heard = {node: self.c.heard(node) for node in (self.a, self.b)}
        for node in heard:
            until(f"C still hears {node.name}", MINUTE, lambda: self.c.heard(node) > heard[node])
        lies = self.network.liar.lies
        require(lies > 0, "nothing was invented")
        self.nobody_believes()
        # From here on whoever is refused is somebody else.
        require(self.d.end(), f"D ended with {self.d.child.code} when it was asked to")
        return f"after {lies} lies, {liar['name']}: {liar['fault']}"

    def nobody_believes(self):
        row = self.c.view(self.d)
        require(row["standing"] in (None, "barred") and row["connections"] == 0, f"C believes in D's stake: {row}")

    def slash_evicts(self):
        """Two statements that contradict each other, submitted by a stranger: everybody closes the door."""
        until("all are connected to B", MINUTE, lambda: all_with(self.b, self.others))
        self.slash = Slash(self.network, self.b, self.others, slot=1)
        self.delays += self.slash.delays
        # What follows must not become final meanwhile.
        self.chain.rest()
        # Nobody else is refused any more.
        refused = {node: node.door()["refused_arrivals"] for node in self.others}
        for node in self.others:
            until(f"{node.name} refuses B's redial", MINUTE, lambda: node.door()["refused_arrivals"] > refused[node])
            require(node.has_barred(self.b, "slash-pending"), f"{node.name} has B back: {node.view(self.b)}")
        return f"slashed in block {self.slash.block}, closed after {self.milliseconds()}, redials refused"

    def milliseconds(self):
        return ", ".join(f"{delay['ms']} ms ({delay['node']})" for delay in self.slash.delays)

    def reorg_restores(self):
        """The chain takes the slash back before it is final."""
        require(self.chain.height("finalized") < self.slash.block, "the slash is final already")
        heard = {node: node.heard(self.b) for node in self.others}
        self.chain.reorganise(self.slash.block)
        self.chain.go_on()
        require(self.chain.slash_since(self.slash.block) is None, "the slash is still there")
        until("B is back", MINUTE, lambda: all_with(self.b, self.others))
        for node in self.others:
            until(f"{node.name} hears B again", MINUTE, lambda: node.heard(self.b) > heard[node])
        return f"block {self.slash.block} replaced, B a member again and heard by both"

    def restart_refuses(self):
        """After a slash that stays, a node that was killed refuses B before it lets anybody in, and after."""
        self.slash = Slash(self.network, self.b, self.others, slot=2)
        self.delays += self.slash.delays
        self.chain.finalized(self.slash.block)
        for node in self.others:
            until(f"{node.name} has B jailed", MINUTE, lambda: node.has_barred(self.b, "jailed"))
        # While C is frozen, whoever knocks at A is B.
        self.c.freeze()
        self.a.kill()
        self.network.gate.shut()
        self.network.start("A")
        until("A refuses B before it can read the chain", MINUTE, self.refuses_while_blind)
        self.c.thaw()
        self.network.gate.open()
        until("A is connected to C", LONG, self.lets_in_but_b)
        refused = self.a.door()["refused_arrivals"]
        until("A refuses B again", MINUTE, lambda: self.lets_in_but_b() and self.a.door()["refused_arrivals"] > refused)
        require(self.a.has_barred(self.b, "jailed"), f"A does not have B jailed: {self.a.view(self.b)}")
        require(self.a.heard(self.b) == (0, 0), "A hears B")
        # Nor did any of the rest of the story change these.
        self.decoy_is_silent()
        self.nobody_believes()
        return f"slashed in block {self.slash.block}, closed after {self.milliseconds()}; killed, A let in nobody of Base but C, and C when it had read Base"

    def refuses_while_blind(self):
        door = self.a.door()
        # F has stake on Solana too, which A can read.
        for node in (self.b, self.c, self.d):
            require(self.a.view(node)["connections"] == 0, f"A let {node.name} in before it read Base")
        # Everybody is refused by now; this one for what A wrote down before it was killed.
        require(self.a.has_barred(self.b, "jailed"), f"A forgot the slash of B: {self.a.view(self.b)}")
        require(self.a.view(self.c)["rule"] == "unread", f"A thinks that it read the chain: {self.a.view(self.c)}")
        return door["refused_arrivals"] > 0

    def lets_in_but_b(self):
        require(self.a.view(self.b)["connections"] == 0, "A let B in")
        return self.a.is_with(self.c)

    def copies_refused(self):
        """A's folder is copied while A runs. The copy is refused as one; a person who insists is refused by the network."""
        until("A may sign", MINUTE, lambda: self.a.guard()["state"] == "signing")
        copy = self.network.copy("A")
        code, said = copy.last_words()
        require(code == 2 and "is a copy" in said, f"the copy ended with {code}: {said}")
        copy.run("guard", "accept", "--signer", self.a.signer)
        copy.start()
        states = set()

        def one_ended():
            alive = [node for node in (self.a, copy) if node.child.alive]
            seen = [state for node in alive for state in node.guard_state()]
            require(seen.count("signing") < 2, "both A and its copy could sign")
            if copy in alive:
                states.update(copy.guard_state())
            return len(alive) < 2

        # Whichever hears the other first.
        until("one of the two ends by itself", MINUTE, one_ended)
        ended, stays = (copy, self.a) if self.a.child.alive else (self.a, copy)
        said = ended.log()
        require(ended.child.code == 1 and "another copy" in said, f"{ended.name} ended with {said}")
        if not stays.child.alive:
            stays.start()
        until(f"{stays.name} is connected to C", MINUTE, lambda: stays.is_with(self.c))
        until(f"{stays.name} may sign", MINUTE, lambda: stays.guard_state() == ["signing"])
        if stays is copy:
            self.a = self.network.nodes["A"] = copy
        return f"refused as a copy; accepted, it was {', '.join(sorted(states))}; {ended.name} ended, {stays.name} signs"

    def clean_end(self):
        """Whoever is asked to end does so, and well."""
        # E came later, and B was thrown out.
        for node in [*self.network.staked, self.two.e]:
            require(node.end(), f"{node.name} ended with {node.child.code} when it was asked to")
        return "every node ended when it was asked to"
