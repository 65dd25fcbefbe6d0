//! A standing in words: which rule, on which chain, by which block.

use serde::Serialize;
use williw_core::census::Census;
use williw_core::cycle::Height;
use williw_core::identity::{ChainId, PeerId};
use williw_core::standing::{Bar, Doubt, Standing};

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) standing: &'static str,
    /// The name of the rule that decided.
    rule: &'static str,
    reason: String,
    /// Where the rule found what it judges by; none if that is this node's own experience.
    chain: Option<String>,
    /// The block of the fact that decided, or the one through which the chain was read.
    block: Option<u64>,
}

pub(crate) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "member",
        Standing::Probation(_) => "probation",
        Standing::Barred(_) => "barred",
    }
}

pub(crate) fn verdict(census: &Census, peer: PeerId, standing: Standing) -> Verdict {
    let read_through = |chain| census.ledger().chain(chain).map(|books| (chain, books.through.height));
    let (rule, place, reason) = match standing {
        Standing::Member => backing(census, peer),
        Standing::Probation(doubt) => doubted(doubt, read_through),
        Standing::Barred(bar) => barred(bar, census, read_through),
    };
    Verdict {
        standing: word(standing),
        rule,
        reason,
        chain: place.map(|(chain, _)| chain.to_string()),
        block: place.map(|(_, height)| height.0),
    }
}

type Place = Option<(ChainId, Height)>;

/// The stake that makes a member one: the largest, if there are several.
fn backing(census: &Census, peer: PeerId) -> (&'static str, Place, String) {
    let operators = census.roster().owners(peer).filter_map(|owner| Some((owner, census.ledger().operator(owner)?)));
    let Some((owner, operator)) = operators.max_by_key(|(_, operator)| operator.active) else {
        return ("stake", None, "staked".to_owned());
    };
    let (chain, active, height) = (owner.chain, operator.active, operator.changed);
    let needed = census.ledger().chain(chain).and_then(|books| books.vault).map(|vault| vault.min_stake);
    let least = needed.map_or_else(String::new, |needed| format!(", at least {needed}"));
    ("stake", Some((chain, height)), format!("{active} staked on {chain} since block {height}{least}"))
}

fn doubted(doubt: Doubt, read_through: impl Fn(ChainId) -> Place) -> (&'static str, Place, String) {
    match doubt {
        Doubt::Stale { chain } => {
            ("stale", read_through(chain), format!("{chain} was not read lately: nothing new is believed of it"))
        }
        Doubt::Unstaking { chain, height, active } => (
            "unstaking",
            Some((chain, height)),
            format!("one endpoint of {chain} shows an unstake in block {height} that leaves {active}"),
        ),
        Doubt::Equivocated { chain } => (
            "equivocated",
            read_through(chain),
            format!("its signer contradicted itself, which nobody has had slashed on {chain}"),
        ),
        Doubt::Disreputable { score } => ("reputation", None, format!("it behaved badly here: {score}")),
    }
}

fn barred(bar: Bar, census: &Census, read_through: impl Fn(ChainId) -> Place) -> (&'static str, Place, String) {
    match bar {
        Bar::Unknown => {
            let place = census.ledger().chains().next().and_then(|(chain, _)| read_through(chain));
            ("unknown", place, "no operator names it".to_owned())
        }
        Bar::Unread { chain } => {
            ("unread", read_through(chain), format!("{chain} was not read to its final head since this node started"))
        }
        Bar::StakeTooSmall { chain, height, active, needed } => (
            "stake-too-small",
            Some((chain, height)),
            format!("{active} staked on {chain} since block {height}, less than {needed}"),
        ),
        Bar::SlashPending { chain, height } => (
            "slash-pending",
            Some((chain, height)),
            format!("its slash in block {height} of {chain} is on its way to being final"),
        ),
        Bar::Jailed { chain, height } => {
            ("jailed", Some((chain, height)), format!("it was slashed in block {height} of {chain}"))
        }
        Bar::Disreputable { score } => ("reputation", None, format!("it behaved very badly here: {score}")),
    }
}
