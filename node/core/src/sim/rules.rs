//! What a verb may change, told as rules between the contracts before and after: a second opinion on the model.

use super::people::{CYCLE, clock, votes_open};
use crate::cycle::Seconds;
use crate::identity::Account;
use crate::model::{Block, Contracts, Operator};

type Held = Result<(), String>;

fn must(holds: bool, rule: &str) -> Held {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

/// Everything that no verb may do, whoever called it and however it was called.
pub(super) fn check(before: &Contracts, after: &Contracts, at: Block, caller: Account) -> Held {
    roles(before, after, caller)?;
    let vetoed = before.pool().pending_at(at.time).is_some() && after.pool().pending_at(at.time).is_none();
    must(!vetoed || caller == before.roles().guardian, "only the guardian vetoes")?;
    parameters(before, after, at)?;
    pool(before, after, at)?;
    for (owner, operator) in after.vault().operators() {
        if let Some(earlier) = before.vault().operators().get(owner) {
            jail(before, earlier, operator, at)?;
            queue(before, earlier, operator, at)?;
        } else {
            must(!before.vault().is_paused(), "nobody registers while deposits are paused")?;
            must(operator.active >= before.vault().parameters().min_stake, "a first stake is large enough")?;
        }
    }
    must(
        !before.vault().is_paused() || after.vault().books().deposited == before.vault().books().deposited,
        "nothing is deposited while deposits are paused",
    )
}

fn roles(before: &Contracts, after: &Contracts, caller: Account) -> Held {
    let (old, new) = (before.roles(), after.roles());
    let passed = old.governor != new.governor;
    must(!passed || old.offered == Some(caller), "a role passes only to whom it was offered")?;
    must(!passed || (new.governor == caller && new.offered.is_none()), "an offer is spent when it is accepted")?;
    let proposed = |from: &Contracts| (from.vault().proposed().copied(), from.pool().proposed().copied());
    // What was announced and is gone was put in force, which anyone may do.
    let announced = |(old, new): (bool, bool)| old && new;
    let governed = (old.offered != new.offered && !passed)
        || old.guardian != new.guardian
        || before.vault().is_paused() != after.vault().is_paused()
        || announced((proposed(before).0 != proposed(after).0, proposed(after).0.is_some()))
        || announced((proposed(before).1 != proposed(after).1, proposed(after).1.is_some()));
    must(!governed || caller == old.governor, "only the governor governs")
}

fn parameters(before: &Contracts, after: &Contracts, at: Block) -> Held {
    let (old, new) = (before.vault(), after.vault());
    if old.parameters() != new.parameters() {
        let proposal = old.proposed().ok_or("vault parameters came into force unannounced")?;
        must(proposal.parameters == *new.parameters(), "what was announced came into force")?;
        must(proposal.effective <= at.time, "vault parameters came into force before their time")?;
    }
    if old.proposed() != new.proposed() && new.proposed().is_some() {
        let notice = new.proposed().map(|proposal| proposal.effective.since(at.time));
        must(notice == Some(old.parameters().unstaking_period), "the notice is one unstaking period")?;
    }
    if before.pool().parameters() != after.pool().parameters() {
        let proposal = before.pool().proposed().ok_or("pool parameters came into force unannounced")?;
        must(proposal.effective <= at.time, "pool parameters came into force before their time")?;
    }
    if before.pool().proposed() != after.pool().proposed() && after.pool().proposed().is_some() {
        let notice = after.pool().proposed().map(|proposal| proposal.effective.since(at.time));
        must(notice == Some(old.parameters().unstaking_period), "the pool's notice is one unstaking period")?;
    }
    let lasting = new.parameters().unstaking_period.0 >= (new.parameters().evidence_cycles + 2) * CYCLE.0;
    must(lasting, "stake stays slashable for as long as evidence lives")
}

fn jail(before: &Contracts, earlier: &Operator, later: &Operator, at: Block) -> Held {
    let parameters = before.vault().parameters();
    match (earlier.jailed_until, later.jailed_until) {
        (None, Some(until)) => {
            must(until == at.time.plus(parameters.unstaking_period), "a jail lasts one unstaking period")
        }
        (Some(until), None) => {
            must(until <= at.time, "nobody leaves jail early")?;
            must(later.active >= parameters.min_stake, "nobody leaves jail with too little")?;
            must(later.signer != earlier.signer, "nobody leaves jail with the old signer")
        }
        (Some(one), Some(other)) => {
            must(one == other, "a jail keeps its length")?;
            must(later.signer == earlier.signer, "nobody rotates in jail")
        }
        (None, None) => Ok(()),
    }
}

/// An entry keeps its maturity, shrinks only by a slash, and leaves only matured or back into the active stake.
fn queue(before: &Contracts, earlier: &Operator, later: &Operator, at: Block) -> Held {
    let slashed = earlier.jailed_until.is_none() && later.jailed_until.is_some();
    for entry in &earlier.queue {
        match later.queue.iter().find(|kept| kept.ticket == entry.ticket) {
            Some(kept) => {
                must(kept.maturity == entry.maturity, "an entry keeps its maturity")?;
                let cut = entry.amount.fraction_up(before.vault().parameters().slash);
                let expected = if slashed { entry.amount.less(cut) } else { entry.amount };
                must(kept.amount == expected, "an entry loses what a slash takes, and nothing else")?;
            }
            None => {
                let restaked = later.active.0 == earlier.active.0 + entry.amount.0;
                must(entry.maturity <= at.time || restaked, "an entry left before it matured")?;
            }
        }
    }
    for entry in later.queue.iter().filter(|entry| !earlier.queue.iter().any(|old| old.ticket == entry.ticket)) {
        let period = before.vault().parameters().unstaking_period;
        must(entry.maturity == at.time.plus(period), "an entry matures one unstaking period later")?;
    }
    Ok(())
}

fn pool(before: &Contracts, after: &Contracts, at: Block) -> Held {
    let (old, new) = (before.pool(), after.pool());
    let (was, is) = (old.pending_at(at.time), new.pending_at(at.time));
    if let (None, Some(posted)) = (was, is) {
        must(posted.activates == at.time.plus(old.parameters().delay), "a root waits for the delay")?;
        must(votes_open(posted.cycle, at.time), "a root is posted while votes are taken")?;
        let now = clock().cycle(at.time).ok_or("a block before genesis")?;
        let total = before.vault().total().at(now).floor_prev();
        must(total >= old.parameters().min_quorum, "a quorum of nobody")?;
        must(old.parameters().delay <= Seconds(CYCLE.0 / 2), "a root activates before the next is voted for")?;
    }
    if let (Some(_), None) = (was, is) {
        must(old.vetoes_at(at.time) < 3, "the guardian has three vetoes in a row")?;
    }
    // Of the old pool it is read at this time: a root whose delay is over has given them back already.
    let vetoed = u8::from(was.is_some() && is.is_none());
    must(new.vetoes_at(at.time) == old.vetoes_at(at.time) + vetoed, "vetoes count until a root activates")?;
    let activated = old.active_at(at.time) != new.active_at(at.time);
    must(!activated, "no verb changes which root is active; only time does")?;
    for owner in after.vault().operators().keys() {
        let (from, to) = (old.recipient(*owner), new.recipient(*owner));
        must(from == to || old.proposed_recipient(*owner) == Some(to), "a recipient was proposed before it is paid")?;
        must(new.claimed(*owner) >= old.claimed(*owner), "claims only grow")?;
    }
    must(new.funded() >= old.funded(), "nobody takes out of the pool")
}
