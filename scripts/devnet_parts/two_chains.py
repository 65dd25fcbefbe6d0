"""What a network on two chains has to do: stake on Solana counts as stake on Base does, and neither chain needs the other."""

from .evidence import equivocate
from .network import ACCUSER, OWNERS
from .slashing import all_with
from .solana import DECIMALS, FACES
from .waiting import LONG, MINUTE, require, until

# What is left of a thousand tokens after the fraction that both chains' parameters take.
LEFT = 950
BASE_DECIMALS = 18


class TwoChains:
    """Steps of the story. E has stake on Solana alone, F on both chains."""

    def __init__(self, network):
        self.network = network
        self.chain, self.solana = network.chain, network.solana
        self.a, self.c, self.d, self.e, self.f = (network[name] for name in "ACDEF")
        self.others = [self.a, self.c, self.f]

    def admits_when_final(self):
        """Stake on Solana lets nobody in before it is final, and then it does."""
        self.solana.hold()
        self.e.registering_on_solana().finish()
        slot = self.solana.slot()
        self.network.start("E")
        for node in self.others:
            until(f"{node.name} has read beyond E's registration", MINUTE, lambda: self.latest(node) >= slot)
        refused = {node: node.door()["refused_arrivals"] for node in self.others}
        for node in self.others:
            until(f"{node.name} refuses E", MINUTE, lambda: node.door()["refused_arrivals"] > refused[node])
            row = node.view(self.e)
            require(row["standing"] in (None, "barred") and row["connections"] == 0, f"{node.name} let E in: {row}")
        self.solana.release()
        until("E is a member", LONG, lambda: all_with(self.e, self.others))
        return f"registered by slot {slot}, refused until that was final, then let in by {len(self.others)}"

    def latest(self, node):
        return min(endpoint["latest"] or 0 for endpoint in node.of_chain("solana")["endpoints"])

    def slash(self, accused, evidence, chain):
        """Evidence, brought to one of the chains by a stranger."""
        accuser = self.network.accuser
        # Its outbox would first send again what was taken back, and here that is to stay away.
        for file in accuser.home.glob("williw.db*"):
            file.unlink()
        file = self.chain.folder / f"evidence-{accused.name}"
        file.write_bytes(evidence)
        wallet = self.chain.wallet(ACCUSER) if chain == "base" else self.solana.wallet("accuser")
        self.network.children.run(accuser.command("slash", "--evidence", file, *wallet), MINUTE)

    def slash_evicts(self):
        """A slash on Solana throws out before it is final, and is taken back with its slot."""
        self.solana.hold()
        before = self.solana.slot()
        # E may have registered in a cycle that Base, whose blocks are slower, has not come to.
        cycle = self.solana.cycle(self.chain.deployment)
        self.slash(self.e, equivocate(self.chain, self.e, slot=1, cycle=cycle), "solana")
        for node in self.others:
            until(f"{node.name} bars E", MINUTE, lambda: node.has_barred(self.e, "slash-pending"))
        self.solana.tell("revert", toSlot=before)
        until("E is back", MINUTE, lambda: all_with(self.e, self.others))
        self.solana.release()
        return f"barred while pending, back once the slots above {before} were gone"

    def one_file_slashes_on_both(self):
        """One offence of who has stake on both chains, one file: slashed on each, and everybody drops it."""
        places = [place["chain"] for place in self.a.view(self.f)["places"]]
        require(places == ["base", "solana"], f"A has F for a member by its stake on {places}")
        evidence = equivocate(self.chain, self.f, slot=1)
        for chain in ("base", "solana"):
            self.slash(self.f, evidence, chain)
        left = {"base": str(LEFT * 10**BASE_DECIMALS), "solana": str(LEFT * 10**DECIMALS)}
        for node in (self.a, self.c, self.e):
            until(f"{node.name} has F jailed on both", LONG, lambda: self.jailed(node) == left)
            require(node.has_barred(self.f, "jailed"), f"{node.name} has F as {node.view(self.f)}")
        return f"{LEFT} of 1000 left on each, jailed on both"

    def jailed(self, node):
        """What is left of F where it is in jail, as a node has it."""
        owners = node.view(self.f).get("owners", [])
        return {owner["chain"]: owner["active"] for owner in owners if owner["jailed"]}

    def lies_are_named(self):
        """An endpoint of Solana hides an operator: it is named, and the node goes on with the others."""
        liar = FACES - 1
        self.solana.lie(liar, "omit_operator", account=self.solana.operator("E"))
        named = until("C names the endpoint that lies", MINUTE, lambda: self.lying(self.c))
        height = self.solana.slot("finalized")
        until("C reads on", MINUTE, lambda: self.c.of_chain("solana")["height"] >= height)
        require(self.c.is_with(self.e), "C lost E for it")
        self.solana.lie(liar, "honest")
        until("nobody lies any more", MINUTE, lambda: not self.lying(self.c))
        return f"{named['name']}: {named['fault']}"

    def lying(self, node):
        return next((one for one in node.of_chain("solana")["endpoints"] if one["fault"] and one["lie"]), None)

    def all_faces(self, kind):
        for face in range(FACES):
            self.solana.lie(face, kind)

    def one_chain_down(self):
        """No endpoint of Solana answers, and a node starts meanwhile: Base's stakers come and go, nobody of Solana comes."""
        self.all_faces("down")
        self.a.kill()
        self.network.start("A")
        self.network.start("D")
        self.d.registering(OWNERS["D"]).finish()
        until("D comes", LONG, lambda: self.a.is_with(self.d) and self.c.is_with(self.d))
        row = self.a.view(self.e)
        require(row["connections"] == 0 and row["rule"] == "unread", f"A has E as {row}")
        unstake = self.d.command("unstake", "--amount", "1ether", *self.chain.wallet(OWNERS["D"]))
        self.network.children.run(unstake, MINUTE)
        for node in (self.a, self.c):
            until(f"{node.name} bars D", MINUTE, lambda: node.has_barred(self.d, "stake-too-small"))
        self.all_faces("honest")
        until("E is let in again", LONG, lambda: all_with(self.e, [self.a, self.c]))
        standings = {node.name: self.standings(node) for node in (self.a, self.c)}
        require(len({tuple(sorted(rows.items())) for rows in standings.values()}) == 1, f"they differ: {standings}")
        return "D came and went by Base alone, E waited at A and came back without a restart"

    def slash_outlives_restart(self):
        """After a slash on Solana that stays, a node that was killed refuses E before it can read Solana, and after."""
        evidence = equivocate(self.chain, self.e, slot=2, cycle=self.solana.cycle(self.chain.deployment))
        self.slash(self.e, evidence, "solana")
        for node in (self.a, self.c):
            until(f"{node.name} has E jailed", LONG, lambda: node.has_barred(self.e, "jailed"))
        self.all_faces("down")
        self.a.kill()
        self.network.start("A")
        until("A is connected to C", LONG, lambda: self.a.is_with(self.c))
        require(self.a.of_chain("solana")["endpoints"][0]["fault"], "A can read Solana")
        require(self.a.has_barred(self.e, "jailed"), f"A forgot the slash of E: {self.a.view(self.e)}")
        self.all_faces("honest")
        slot = self.solana.slot("finalized")
        until("A reads Solana again", LONG, lambda: (self.a.of_chain("solana")["height"] or 0) >= slot)
        row = self.a.view(self.e)
        require(self.a.has_barred(self.e, "jailed") and row["connections"] == 0, f"A has E as {row}")
        return "killed, A had E jailed while no endpoint of Solana answered, and when they did"

    def standings(self, node):
        """Where everybody but itself and the accuser stands with a node."""
        return {name: node.view(self.network[name])["standing"] for name in "BDEF"}
