//! Why the vault or its token says no, in words.

use std::fmt;

use alloy::primitives::hex;
use alloy::sol_types::{Panic, Revert, SolError, SolInterface};

use crate::base::abi::{StakeVault as V, Token as T};

/// A reverted call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The contract's name for it, with its arguments: `InexactTransfer(100, 99)`.
    pub name: String,
    /// What it means.
    pub why: String,
    /// What to do about it, where that is plain.
    pub hint: Option<&'static str>,
    /// True if the vault itself says it, before it calls its token.
    pub by_vault: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.why, self.name)?;
        self.hint.map_or(Ok(()), |hint| write!(f, "; hint: {hint}"))
    }
}

/// A refusal without arguments: its selector, signature, meaning and hint.
type Row = ([u8; 4], &'static str, &'static str, Option<&'static str>);

const fn row<E: SolError>(why: &'static str, hint: Option<&'static str>) -> Row {
    (E::SELECTOR, E::SIGNATURE, why, hint)
}

/// Every refusal of the vault that has no arguments, in the order of contracts/src/libraries/Refusals.sol.
const PLAIN: [Row; 42] = [
    row::<V::BeforeGenesis>("the network has not begun yet", None),
    row::<V::Paused>("deposits are paused", Some("unstake and withdraw still work")),
    row::<V::NotGovernor>("only the governor may do this", None),
    row::<V::NotOffered>("the governor's role was not offered to this account", None),
    row::<V::AlreadyRegistered>("this account has an operator already", Some("use stake, rotate or unjail")),
    row::<V::NotRegistered>("this account has no operator", Some("register first, or check the account")),
    row::<V::Jailed>("the operator is jailed", Some("unjail first, with a new signer")),
    row::<V::NotJailed>("the operator is not jailed", None),
    row::<V::StillJailed>("the jail is not over yet", Some("it lasts one unstaking period from the slash")),
    row::<V::StaleNonce>("the nonce of the link is not above the last one", Some("sign the link with a higher nonce")),
    row::<V::SignerTaken>("this signer has served an operator before", Some("make a new signer key")),
    row::<V::BelowMinStake>("this is less than the smallest stake", Some("see min_stake in the vault's parameters")),
    row::<V::BelowMinDeposit>(
        "this is less than the smallest deposit",
        Some("see min_deposit in the vault's parameters"),
    ),
    row::<V::ZeroAmount>("nothing would be moved", None),
    row::<V::InsufficientStake>("this is more than the active stake", None),
    row::<V::QueueFull>("the queue is full", Some("withdraw what has matured, or restake an entry")),
    row::<V::NoSuchEntry>("no entry of the queue has this ticket", None),
    row::<V::NothingMatured>("no entry of the queue has matured", Some("wait for the maturity of the oldest entry")),
    row::<V::Overflow>("the amount is too large", None),
    row::<V::OutOfBounds>("a parameter lies outside its bounds", None),
    row::<V::UnsoundPeriods>("the unstaking period is shorter than evidence lives", None),
    row::<V::NothingProposed>("nothing is proposed", None),
    row::<V::NoticeRunning>("the notice of the proposal is not over yet", None),
    row::<V::ZeroSigner>("the signer of the link is zero", None),
    row::<V::BadV>("a signature's v is neither 27 nor 28", None),
    row::<V::BadScalar>("a signature's r or s is out of range", None),
    row::<V::HighS>("a signature's s is in the upper half of the group order", None),
    row::<V::Unrecoverable>("no key can have made a signature", None),
    row::<V::SlotNotZero>("a vote or proposal has slot 0", None),
    row::<V::DifferentSigners>("the two statements are by different signers", None),
    row::<V::NoConflict>("the two statements do not contradict each other", None),
    row::<V::UnknownSigner>("no operator ever had this signer", None),
    row::<V::OutsideTenure>("a statement lies outside its signer's time in office", None),
    row::<V::TooOld>("a statement is older than evidence may be", None),
    row::<V::NameCharacter>("a network's name is made of a-z, 0-9 and `-`", None),
    row::<V::HalfAbsent>("a chain is described by half", None),
    row::<V::NoChain>("a network needs at least one chain", None),
    row::<V::NotRenounceable>("a vault keeps its governor", None),
    row::<V::NotWrapped>("the token does not wrap the chain's own coin", Some("stake and withdraw the token itself")),
    row::<V::NotPayable>("the caller cannot be sent the chain's own coin", Some("withdraw the token itself")),
    // A token that answers neither yes nor no.
    row::<V::SafeERC20FailedOperation>("the token refused to move", Some("check balance and allowance")),
    row::<V::OwnableUnauthorizedAccount>("only the governor may do this", None),
];

/// Refusals of the vault with arguments, by their name alone.
const COUNTED: [(&str, &str, Option<&str>); 8] = [
    (
        "WrongSigner",
        "the link was signed by another key than its signer, or for another account or network",
        Some("sign the link for exactly this account, nonce and network"),
    ),
    ("InexactTransfer", "the token moved another amount than it was asked to", None),
    ("Length", "the bytes are not as many as the encoding has", None),
    ("UnknownKind", "this is no kind of statement", None),
    ("Bps", "a fraction is more than the whole", None),
    ("CycleTooShort", "a cycle lasts at least two seconds", None),
    ("NameLength", "a network's name has 1 to 32 bytes", None),
    ("OwnableInvalidOwner", "nobody can govern from this address", None),
];

/// What a refusal means and what to do about it, by its name, which is the same on both chains.
pub(crate) fn in_words(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    let plain = PLAIN.iter().find(|(_, signature, ..)| signature.strip_suffix("()") == Some(name));
    let plain = plain.map(|(_, _, why, hint)| (*why, *hint));
    plain.or_else(|| COUNTED.iter().find(|row| row.0 == name).map(|(_, why, hint)| (*why, *hint)))
}

impl Refusal {
    /// What these bytes mean; a refusal that nobody here knows is shown as it is.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        Self::plain(bytes).or_else(|| Self::counted(bytes)).or_else(|| Self::foreign(bytes)).unwrap_or_else(|| Self {
            name: hex::encode_prefixed(&bytes[..bytes.len().min(68)]),
            why: "the call is refused without a known reason".to_owned(),
            hint: None,
            by_vault: false,
        })
    }

    fn plain(bytes: &[u8]) -> Option<Self> {
        let (_, signature, why, hint) = PLAIN.iter().find(|row| bytes.starts_with(&row.0))?;
        let name = signature.trim_end_matches("()").to_owned();
        let by_vault = !bytes.starts_with(&V::SafeERC20FailedOperation::SELECTOR);
        Some(Self { name, why: (*why).to_owned(), hint: *hint, by_vault })
    }

    /// Refusals of the vault that name numbers or accounts.
    fn counted(bytes: &[u8]) -> Option<Self> {
        let name = match V::StakeVaultErrors::abi_decode(bytes).ok()? {
            V::StakeVaultErrors::WrongSigner(V::WrongSigner { signedBy }) => format!("WrongSigner({signedBy})"),
            V::StakeVaultErrors::InexactTransfer(V::InexactTransfer { asked, received }) => {
                format!("InexactTransfer({asked}, {received})")
            }
            V::StakeVaultErrors::Length(V::Length { got }) => format!("Length({got})"),
            V::StakeVaultErrors::UnknownKind(V::UnknownKind { kind }) => format!("UnknownKind({kind})"),
            V::StakeVaultErrors::Bps(V::Bps { bps }) => format!("Bps({bps})"),
            V::StakeVaultErrors::CycleTooShort(V::CycleTooShort { length }) => format!("CycleTooShort({length})"),
            V::StakeVaultErrors::NameLength(V::NameLength { got }) => format!("NameLength({got})"),
            V::StakeVaultErrors::OwnableInvalidOwner(V::OwnableInvalidOwner { owner }) => {
                format!("OwnableInvalidOwner({owner})")
            }
            _ => return None,
        };
        let (why, hint) = in_words(name.split('(').next()?)?;
        Some(Self { name, why: why.to_owned(), hint, by_vault: true })
    }

    /// What tokens and compilers say.
    fn foreign(bytes: &[u8]) -> Option<Self> {
        let said = |name: String, why: &str, hint| Self { name, why: why.to_owned(), hint, by_vault: false };
        if let Ok(T::ERC20InsufficientBalance { balance, needed, .. }) = T::ERC20InsufficientBalance::abi_decode(bytes)
        {
            let name = format!("ERC20InsufficientBalance({balance}, {needed})");
            return Some(said(
                name,
                "the account does not have that many tokens",
                Some("get more tokens, or stake less"),
            ));
        }
        if let Ok(T::ERC20InsufficientAllowance { allowance, needed, .. }) =
            T::ERC20InsufficientAllowance::abi_decode(bytes)
        {
            let name = format!("ERC20InsufficientAllowance({allowance}, {needed})");
            return Some(said(name, "the vault may not take that many tokens", Some("approve the vault first")));
        }
        if let Ok(Revert { reason }) = Revert::abi_decode(bytes) {
            let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(160).collect();
            return Some(said("Error".to_owned(), &reason, None));
        }
        let panic = Panic::abi_decode(bytes).ok()?;
        Some(said(format!("Panic({})", panic.code), "the contract failed inside", None))
    }
}

#[cfg(test)]
mod tests;
