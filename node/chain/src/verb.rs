//! What an owner, or anybody, can ask of a chain's stake, as the calls that ask it.
//!
//! A [`Call`] is complete without this crate: whoever keeps keys in a multisig or a hardware wallet takes its address, bytes
//! and value and sends them as they like. The verbs are the same on both chains; how Base's vault is asked is here, how
//! Solana's program is asked is in [`crate::solana`].

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use williw_core::amount::Amount;
use williw_core::identity::{Account, Signer};
use williw_core::link::LinkTerms;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;

use crate::base::ChainError;
use crate::base::abi::{StakeVault, Token, account_of, address_of};

mod refusal;

pub use refusal::Refusal;
pub(crate) use refusal::in_words;

/// Something to ask of the stake on a chain. Links come signed by both keys: this crate holds neither. Who
/// rotates names the `present` signer, as of the link before the new one: Solana's program is called with its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Register { amount: Amount, link: LinkTerms, signature: Signature },
    Stake { account: Account, amount: Amount },
    Unstake { amount: Amount },
    Restake { ticket: u64 },
    Withdraw { limit: u64 },
    Rotate { present: Signer, link: LinkTerms, signature: Signature },
    Unjail { link: LinkTerms, signature: Signature },
    Slash { evidence: Box<Evidence>, beneficiary: Account },
    Collect { beneficiary: Account },
}

/// One transaction, unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract on Base, the program on Solana.
    pub to: Account,
    /// What the contract takes; on Solana the whole message to be signed, with a blockhash of zeros.
    pub data: Vec<u8>,
    /// Of the chain's own coin, in its smallest unit.
    pub value: u128,
    /// What it does, for people.
    pub what: String,
}

impl Verb {
    /// What is taken from the caller, who on Base has to have allowed it.
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

    /// What it does, for people who read accounts in this form.
    pub(crate) fn what(&self, shown: impl Fn(&Account) -> String) -> String {
        match self {
            Self::Register { amount, link, .. } => {
                format!("register with {amount}, peer {}, signer {}", link.peer, link.signer)
            }
            Self::Stake { account, amount } => format!("stake {amount} for {}", shown(account)),
            Self::Unstake { amount } => format!("unstake {amount}"),
            Self::Restake { ticket } => format!("restake ticket {ticket}"),
            Self::Withdraw { limit } => format!("withdraw up to {limit} matured entries"),
            Self::Rotate { link, .. } => format!("rotate to peer {}, signer {}", link.peer, link.signer),
            Self::Unjail { link, .. } => format!("end the jail with peer {}, signer {}", link.peer, link.signer),
            Self::Slash { beneficiary, .. } => format!("slash; the bounty goes to {}", shown(beneficiary)),
            Self::Collect { beneficiary } => format!("pay the bounties of {}", shown(beneficiary)),
        }
    }

    /// The call of the vault itself, without an approval in front.
    pub fn call(&self, vault: [u8; 20]) -> Result<Call, ChainError> {
        let data = match self {
            Self::Register { amount, link, signature } => {
                let signature = Bytes::copy_from_slice(&signature.0);
                StakeVault::registerCall { amount: amount.0, link: terms(link), signature }.abi_encode()
            }
            Self::Stake { account, amount } => {
                StakeVault::stakeCall { account: address(*account)?, amount: amount.0 }.abi_encode()
            }
            Self::Unstake { amount } => StakeVault::unstakeCall { amount: amount.0 }.abi_encode(),
            Self::Restake { ticket } => StakeVault::restakeCall { ticket: *ticket }.abi_encode(),
            Self::Withdraw { limit } => StakeVault::withdrawCall { limit: U256::from(*limit) }.abi_encode(),
            Self::Rotate { link, signature, .. } => {
                let signature = Bytes::copy_from_slice(&signature.0);
                StakeVault::rotateCall { link: terms(link), signature }.abi_encode()
            }
            Self::Unjail { link, signature } => {
                let signature = Bytes::copy_from_slice(&signature.0);
                StakeVault::unjailCall { link: terms(link), signature }.abi_encode()
            }
            Self::Slash { evidence, beneficiary } => {
                let evidence = Bytes::copy_from_slice(&evidence.encode());
                StakeVault::slashCall { evidence, beneficiary: address(*beneficiary)? }.abi_encode()
            }
            Self::Collect { beneficiary } => {
                StakeVault::collectCall { beneficiary: address(*beneficiary)? }.abi_encode()
            }
        };
        let what = self.what(|account| crate::address::shown(*account));
        Ok(Call { to: Account::evm(vault), data, value: 0, what })
    }
}

/// Lets the vault take exactly so much: what it does not need it shall not have.
pub(crate) fn approval(token: Address, vault: Address, amount: Amount) -> Call {
    let call = Token::approveCall { spender: vault, amount: U256::from(amount.0) };
    Call {
        to: account_of(token),
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
