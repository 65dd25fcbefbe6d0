//! A standing in words: which rule, on which chains, by which blocks.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use williw_core::census::Census;
use williw_core::cycle::Height;
use williw_core::identity::{ChainId, Owner};
use williw_core::ledger::Operator;
use williw_core::standing::{Bar, Doubt, Standing};

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) standing: &'static str,
    /// The name of the rule that decided.
    rule: &'static str,
    reason: String,
    /// Where the rule found what it judges by, chain by chain; nowhere if that is this node's own experience.
    places: Vec<PlaceView>,
}

/// The block of the fact that decided, or the one through which the chain was read.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct PlaceView {
    chain: String,
    #[serde(flatten)]
    at: At,
}

/// A height under the name that it has on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum At {
    Block(u64),
    Slot(u64),
}

/// A rule, the places that it looked at, and what it says.
type Finding = (&'static str, Vec<Place>, String);

type Place = (ChainId, Height);

pub(crate) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "member",
        Standing::Probation(_) => "probation",
        Standing::Barred(_) => "barred",
    }
}

/// Why whoever has these owners, or is one of them, stands like this.
pub(crate) fn verdict(census: &Census, owners: impl Iterator<Item = Owner>, standing: Standing) -> Verdict {
    let (rule, places, reason) = match standing {
        Standing::Member => backing(census, owners),
        Standing::Probation(doubt) => doubted(doubt, census),
        Standing::Barred(bar) => barred(bar, census),
    };
    let view = |(chain, height): Place| PlaceView { chain: chain.to_string(), at: at(chain, height) };
    Verdict { standing: word(standing), rule, reason, places: places.into_iter().map(view).collect() }
}

const fn at(chain: ChainId, Height(height): Height) -> At {
    match chain {
        ChainId::Base => At::Block(height),
        ChainId::Solana => At::Slot(height),
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(height) => write!(f, "block {height}"),
            Self::Slot(height) => write!(f, "slot {height}"),
        }
    }
}

fn read_through(census: &Census, chain: ChainId) -> Vec<Place> {
    census.ledger().chain(chain).map(|books| (chain, books.through.height)).into_iter().collect()
}

/// The stake that makes a member one: of each chain the largest, for two chains' tokens cannot be compared.
fn backing(census: &Census, owners: impl Iterator<Item = Owner>) -> Finding {
    let mut largest: BTreeMap<ChainId, &Operator> = BTreeMap::new();
    for owner in owners {
        let Some(operator) = census.ledger().operator(owner) else { continue };
        let known = largest.entry(owner.chain).or_insert(operator);
        if known.active < operator.active {
            *known = operator;
        }
    }
    let words = |(chain, operator): (&ChainId, &&Operator)| {
        let needed = census.ledger().chain(*chain).and_then(|books| books.vault).map(|vault| vault.min_stake);
        let least = needed.map_or_else(String::new, |needed| format!(", at least {needed}"));
        format!("{} staked on {chain} since {}{least}", operator.active, at(*chain, operator.changed))
    };
    let reason: Vec<String> = largest.iter().map(words).collect();
    let places = largest.iter().map(|(chain, operator)| (*chain, operator.changed)).collect();
    ("stake", places, if reason.is_empty() { "staked".to_owned() } else { reason.join("; ") })
}

fn doubted(doubt: Doubt, census: &Census) -> Finding {
    match doubt {
        Doubt::Stale { chain } => (
            "stale",
            read_through(census, chain),
            format!("{chain} was not read lately: nothing new is believed of it"),
        ),
        Doubt::Unstaking { chain, height, active } => (
            "unstaking",
            vec![(chain, height)],
            format!("one endpoint of {chain} shows an unstake in {} that leaves {active}", at(chain, height)),
        ),
        Doubt::Equivocated { chain } => (
            "equivocated",
            read_through(census, chain),
            format!("its signer contradicted itself, which nobody has had slashed on {chain}"),
        ),
        Doubt::Disreputable { score } => ("reputation", Vec::new(), format!("it behaved badly here: {score}")),
    }
}

fn barred(bar: Bar, census: &Census) -> Finding {
    match bar {
        Bar::Unknown => {
            let chains = census.ledger().chains();
            let places = chains.map(|(chain, books)| (chain, books.through.height)).collect();
            ("unknown", places, "no operator names it".to_owned())
        }
        Bar::Unread { chain } => (
            "unread",
            read_through(census, chain),
            format!("{chain} was not read to its final head since this node started"),
        ),
        Bar::StakeTooSmall { chain, height, active, needed } => (
            "stake-too-small",
            vec![(chain, height)],
            format!("{active} staked on {chain} since {}, less than {needed}", at(chain, height)),
        ),
        Bar::SlashPending { chain, height } => (
            "slash-pending",
            vec![(chain, height)],
            format!("its slash in {} of {chain} is on its way to being final", at(chain, height)),
        ),
        Bar::Jailed { chain, height } => {
            ("jailed", vec![(chain, height)], format!("it was slashed in {} of {chain}", at(chain, height)))
        }
        Bar::Disreputable { score } => ("reputation", Vec::new(), format!("it behaved very badly here: {score}")),
    }
}

#[cfg(test)]
mod tests;
