//! What the person who runs this node is told.

use super::Freshness;
use crate::cycle::{Height, Seconds, UnixSeconds};
use crate::identity::{ChainId, Owner};
use crate::ledger::{BeginningFault, Discord};
use crate::tail::TailFault;

/// Something that a person should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    #[error("a page of final facts of {chain} was refused: {why}")]
    PageRefused { chain: ChainId, why: Discord },
    #[error("the accounts of {chain} were refused: {why}")]
    BeginningRefused { chain: ChainId, why: BeginningFault },
    #[error(
        "what happened on {chain} after {known} is gone from its endpoints: this node goes on with the accounts as they are \
         at {through}"
    )]
    HistoryLost { chain: ChainId, known: Height, through: Height },
    #[error("a page of {chain} ends at {through}, before the cursor at {folded}: its endpoints lag, or others lied")]
    PageBehind { chain: ChainId, through: Height, folded: Height },
    #[error("a page of {chain} is from {} seconds ahead: check this machine's clock", ahead.0)]
    PageAhead { chain: ChainId, ahead: Seconds },
    #[error("{dropped} unfinal facts of {chain} lie outside their tail or are too many of one endpoint")]
    RumoursDropped { chain: ChainId, dropped: usize },
    #[error("{pieces} pieces of evidence on {chain} wait to be verified: an endpoint invents slashes")]
    EvidenceWaits { chain: ChainId, pieces: usize },
    #[error("a tail of {chain} was refused: {fault}")]
    TailRefused { chain: ChainId, fault: TailFault },
    #[error("this network has no {0}")]
    UnknownChain(ChainId),
    #[error(
        "an unfinal slash of {owner} at {height} (and {others} more) is not borne out by the journal: if that lasts, an \
         endpoint invents it"
    )]
    UnprovenSlash { owner: Owner, height: Height, others: usize },
    #[error("the peer half of the link of {owner} is bad: it names no peer until it is rotated")]
    BadPeerHalf { owner: Owner },
    #[error("new parameters on {chain} hold from {}: leave before if you dislike them", effective.0)]
    ParametersProposed { chain: ChainId, effective: UnixSeconds },
    #[error("{chain} was {before} and is {now}")]
    Freshness { chain: ChainId, before: Freshness, now: Freshness },
}
