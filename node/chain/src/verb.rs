//! What an owner, or anybody, can ask of the vault, as the calls that ask it.
//!
//! A [`Call`] is complete without this crate: whoever keeps keys in a Safe or a hardware wallet takes its address, bytes
//! and value and sends them as they like.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use williw_core::amount::Amount;
use williw_core::identity::Account;
use williw_core::link::LinkTerms;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;

use crate::base::ChainError;
use crate::base::abi::{StakeVault, Token, address_of};

mod refusal;

pub use refusal::Refusal;

/// Something to ask of the vault. Links come signed by both keys: this crate holds neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Register { amount: Amount, link: LinkTerms, signature: Signature },
    Stake { account: Account, amount: Amount },
    Unstake { amount: Amount },
    Restake { ticket: u64 },
    Withdraw { limit: u64 },
    Rotate { link: LinkTerms, signature: Signature },
    Unjail { link: LinkTerms, signature: Signature },
    Slash { evidence: Box<Evidence>, beneficiary: Account },
    Collect { beneficiary: Account },
}

/// One transaction, unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub to: [u8; 20],
    pub data: Vec<u8>,
    /// In wei.
    pub value: u128,
    /// What it does, for people.
    pub what: String,
}

impl Verb {
    /// What the vault takes from the caller, who has to have allowed it.
    #[must_use]
    pub const fn pulls(&self) -> Option<Amount> {
        match self {
            Self::Register { amount, .. } | Self::Stake { amount, .. } => Some(*amount),
            Self::Unstake { .. }
            | Self::Restake { .. }
            | Self::Withdraw { .. }
            | Self::Rotate { .. }
            | Self::Unjail { .. }
            | Self::Slash { .. }
            | Self::Collect { .. } => None,
        }
    }

    /// The call of the vault itself, without an approval in front.
    pub fn call(&self, vault: [u8; 20]) -> Result<Call, ChainError> {
        let (data, what) = match self {
            Self::Register { amount, link, signature } => {
                let call = StakeVault::registerCall {
                    amount: amount.0,
                    link: terms(link),
                    signature: Bytes::copy_from_slice(&signature.0),
                };
                (call.abi_encode(), format!("register with {amount}, peer {}, signer {}", link.peer, link.signer))
            }
            Self::Stake { account, amount } => {
                let call = StakeVault::stakeCall { account: address(*account)?, amount: amount.0 };
                (call.abi_encode(), format!("stake {amount} for {}", address(*account)?))
            }
            Self::Unstake { amount } => {
                (StakeVault::unstakeCall { amount: amount.0 }.abi_encode(), format!("unstake {amount}"))
            }
            Self::Restake { ticket } => {
                (StakeVault::restakeCall { ticket: *ticket }.abi_encode(), format!("restake ticket {ticket}"))
            }
            Self::Withdraw { limit } => {
                let call = StakeVault::withdrawCall { limit: U256::from(*limit) };
                (call.abi_encode(), format!("withdraw up to {limit} matured entries"))
            }
            Self::Rotate { link, signature } => {
                let call =
                    StakeVault::rotateCall { link: terms(link), signature: Bytes::copy_from_slice(&signature.0) };
                (call.abi_encode(), format!("rotate to peer {}, signer {}", link.peer, link.signer))
            }
            Self::Unjail { link, signature } => {
                let call =
                    StakeVault::unjailCall { link: terms(link), signature: Bytes::copy_from_slice(&signature.0) };
                (call.abi_encode(), format!("end the jail with peer {}, signer {}", link.peer, link.signer))
            }
            Self::Slash { evidence, beneficiary } => {
                let call = StakeVault::slashCall {
                    evidence: Bytes::copy_from_slice(&evidence.encode()),
                    beneficiary: address(*beneficiary)?,
                };
                (call.abi_encode(), format!("slash; the bounty goes to {}", address(*beneficiary)?))
            }
            Self::Collect { beneficiary } => {
                let call = StakeVault::collectCall { beneficiary: address(*beneficiary)? };
                (call.abi_encode(), format!("pay the bounties of {}", address(*beneficiary)?))
            }
        };
        Ok(Call { to: vault, data, value: 0, what })
    }
}

/// Lets the vault take exactly so much: what it does not need it shall not have.
pub(crate) fn approval(token: Address, vault: Address, amount: Amount) -> Call {
    let call = Token::approveCall { spender: vault, amount: U256::from(amount.0) };
    Call {
        to: token.into_array(),
        data: call.abi_encode(),
        value: 0,
        what: format!("approve {amount} of token {token} for vault {vault}"),
    }
}

/// The terms of a link as the vault's tuple: peer, signer, nonce, and the peer's signature in two words.
fn terms(link: &LinkTerms) -> (B256, Address, u64, [B256; 2]) {
    let (first, second) = link.peer_signature.0.split_at(32);
    let halves = [B256::from_slice(first), B256::from_slice(second)];
    (B256::from(link.peer.0), Address::from(link.signer.0), link.nonce, halves)
}

fn address(account: Account) -> Result<Address, ChainError> {
    address_of(account).ok_or(ChainError::ForeignAccount(account))
}
