//! What an endpoint says against the truth.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use solana_address::Address;
use solana_signature::Signature;

/// Lies that an endpoint tells at the same time.
pub(crate) const LIES_CAP: usize = 100;

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Lie {
    /// `getProgramAccounts` leaves the account out.
    OmitOperator {
        #[serde(deserialize_with = "base58")]
        account: Address,
    },
    /// `getProgramAccounts` as of an old slot, labelled as if it were new.
    OldSet { slot: u64 },
    /// One account as of an old slot, in the middle of newer ones.
    Mixed {
        #[serde(deserialize_with = "base58")]
        account: Address,
        slot: u64,
    },
    /// An account that holds something else than it does, or that there is none of.
    Forged(Forged),
    /// Another chain.
    WrongGenesis,
    /// Connections break.
    Down,
    /// Every answer takes so long.
    Slow { ms: u64 },
    /// No transaction names the account.
    HideHistory {
        #[serde(deserialize_with = "base58")]
        account: Address,
    },
    /// What happened before the slot is not kept any more, as at a node without an archive.
    Pruned { before_slot: u64 },
    /// Nothing is known of these slots, as at a node that was begun anew from a snapshot and has older ones as well.
    Hole { from_slot: u64, through_slot: u64 },
    /// Nothing happened since the last final slot.
    SilentTail,
    /// A transaction that never was, or another one than was.
    Invented(Box<Invented>),
    /// What became of a transaction, according to `getSignatureStatuses` alone. Without a status, it is unknown.
    FalseStatus {
        #[serde(deserialize_with = "base58")]
        signature: Signature,
        status: Option<Value>,
    },
    /// This method is answered with these words, whatever is asked of it, and does nothing else. Of several for one method
    /// the last counts.
    FalseAnswer { method: String, result: Value },
    /// No lies any more.
    Honest,
}

/// What is not given is as in truth, or as in an account that belongs to the system and holds one lamport.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forged {
    #[serde(deserialize_with = "base58")]
    pub(crate) account: Address,
    #[serde(default, deserialize_with = "base58_or_none")]
    pub(crate) owner: Option<Address>,
    pub(crate) lamports: Option<u64>,
    /// In base 64.
    #[serde(default, deserialize_with = "base64_or_none")]
    pub(crate) data: Option<Vec<u8>>,
}

/// It is listed for these accounts, and `getTransaction` answers with these words at every commitment that has its
/// slot.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invented {
    #[serde(deserialize_with = "base58")]
    pub(crate) signature: Signature,
    pub(crate) slot: u64,
    pub(crate) accounts: Vec<String>,
    pub(crate) transaction: Value,
}

fn base58<'a, D: Deserializer<'a>, T: std::str::FromStr>(words: D) -> Result<T, D::Error> {
    let words = String::deserialize(words)?;
    words.parse().map_err(|_| D::Error::custom(format!("`{words}` is not in base 58, or has another length")))
}

fn base58_or_none<'a, D: Deserializer<'a>>(words: D) -> Result<Option<Address>, D::Error> {
    base58(words).map(Some)
}

fn base64_or_none<'a, D: Deserializer<'a>>(words: D) -> Result<Option<Vec<u8>>, D::Error> {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let words = String::deserialize(words)?;
    BASE64_STANDARD.decode(words).map(Some).map_err(D::Error::custom)
}
