//! The names of refusals, without their values. A new refusal does not compile until it is named here, and what is named
//! here has to happen in the simulated worlds.

use crate::ledger::{Discord, Impossible};
use crate::link::SignerFault;
use crate::model::Refusal;
use crate::offence::Acquittal;
use crate::secp256k1::SignatureFault;
use crate::tail::TailFault;

/// Something that can be refused for reasons that have names.
pub(super) trait Reason {
    fn name(&self) -> String;
}

/// The name of a refusal, as `Evidence/TooOld`.
pub(super) fn reason(refusal: &impl Reason) -> String {
    refusal.name()
}

macro_rules! reasons {
    ($($list:ident for $type:ident {
        $($plain:ident)*;
        $($valued:ident)*;
        $($nested:ident($inner:ident))*
    })*) => {
        $(
            impl Reason for $type {
                fn name(&self) -> String {
                    match self {
                        $(Self::$plain => stringify!($plain).to_owned(),)*
                        $(Self::$valued { .. } => stringify!($valued).to_owned(),)*
                        $(Self::$nested(inner) => format!("{}/{}", stringify!($nested), inner.name()),)*
                    }
                }
            }

            fn $list() -> Vec<String> {
                let own: Vec<&str> = vec![$(stringify!($plain),)* $(stringify!($valued),)*];
                let nested: Vec<(&str, Vec<String>)> = vec![$((stringify!($nested), $inner()),)*];
                let nested = nested.iter().flat_map(|(outer, inner)| inner.iter().map(move |name| format!("{outer}/{name}")));
                own.into_iter().map(str::to_owned).chain(nested).collect()
            }
        )*
    };
}

reasons! {
    signature_faults for SignatureFault { BadV BadScalar HighS Unrecoverable;; }
    signer_faults for SignerFault { ZeroSigner; WrongSigner; Signature(signature_faults) }
    acquittals for Acquittal {
        DifferentSigners NoConflict UnknownSigner Jailed OutsideTenure TooOld; Malformed; Signature(signature_faults)
    }
    refusals for Refusal {
        BeforeGenesis Paused NotGovernor NotGuardian NotOffered AlreadyRegistered NotRegistered Jailed NotJailed
        StillJailed StaleNonce SignerTaken BelowMinStake BelowMinDeposit ZeroAmount InsufficientStake QueueFull
        NoSuchEntry NothingMatured Overflow OutOfBounds UnsoundPeriods NothingProposed NoticeRunning OutsideVoting
        CycleClosed TotalFell TotalTooHigh Unfunded UnknownSigner OutsideTenure NothingPending VetoesSpent NoRoot
        BadProof AboveTotal NotRecipient;
        ;
        Signer(signer_faults) Signature(signature_faults) Evidence(acquittals)
    }
    impossibles for Impossible {
        Registered NotRegistered Balances Nonce Jailed NotJailed NoRoot CycleClosed;
        Index SignerTaken;
        Acquitted(acquittals)
    }
    discords for Discord {
        ; UnknownChain PageTooLong Leap OtherChain OutsidePage OutOfOrder ForeignJournal Gap TooManyHeads Unattested
        HeadMismatch OperatorCount BeforeGenesis Impossible;
    }
    tail_faults for TailFault {; Gap Behind Ahead TooFar TooLong; }
}

/// The name of everything that the contracts can refuse.
#[must_use]
pub fn of_contracts() -> Vec<String> {
    refusals()
}

/// The name of a refusal, as [`of_contracts`] has it.
#[must_use]
pub fn name_of(refusal: &Refusal) -> String {
    reason(refusal)
}

/// Everything that people on the chains and endpoints around them can be told.
pub(super) fn all() -> Vec<String> {
    let told = refusals().into_iter().chain(tail_faults());
    told.chain(impossibles().into_iter().map(|why| format!("Impossible/{why}"))).chain(discords()).collect()
}
