//! Verbs as calls of the contracts.

use alloy::primitives::{Address, B256, U256};
use alloy::sol;
use alloy::sol_types::SolCall;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::{Account, ChainId};
use williw_core::link::LinkTerms;
use williw_core::sim::traces::{Claim, Pay, PoolVerb, Terms, VaultVerb, Wide};
use williw_core::statement::RewardRoot;

use crate::world::StakeVault;

sol!(RewardPool, "../../contracts/abi/RewardPool.json");

// Structs are tuples in an ABI without the compiler's words.
type VaultTuple = (u128, u128, u64, u16, u64);
type PoolTuple = (u128, u64, u128);
type Link = (B256, Address, u64, [B256; 2]);
type Root = (B256, u128, u128, B256);

/// The address of an account that only Base has.
pub(super) fn address(account: Account) -> Address {
    assert!(account.exists_on(ChainId::Base), "{account} is no account of Base");
    Address::from_slice(&account.0[12..])
}

pub(super) fn wide(number: Wide) -> U256 {
    U256::from_be_bytes(number.to_be_bytes())
}

pub(super) const fn vault_terms(terms: Terms) -> VaultTuple {
    (terms.min_stake, terms.min_deposit, terms.unstaking_period, terms.slash_bps, terms.evidence_cycles)
}

pub(super) fn vault_tuple(parameters: &VaultParameters) -> VaultTuple {
    vault_terms(Terms::untyped(parameters))
}

pub(super) const fn pool_tuple(parameters: &PoolParameters) -> PoolTuple {
    (parameters.min_quorum.0, parameters.delay.0, parameters.max_per_cycle.0)
}

fn link(terms: &LinkTerms) -> Link {
    let (left, right) = terms.peer_signature.0.split_at(32);
    (B256::from(terms.peer.0), Address::from(terms.signer.0), terms.nonce, [left, right].map(B256::from_slice))
}

pub(super) fn root_tuple(root: &RewardRoot) -> Root {
    (B256::from(root.root.0), root.total_base.0, root.total_solana.0, B256::from(root.blob_hash.0))
}

fn claim(claim: &Claim) -> (Address, u128, Vec<B256>) {
    let proof = claim.proof.0.iter().map(|hash| B256::from(hash.0)).collect();
    (address(claim.owner), claim.cumulative.0, proof)
}

/// What is sent along in the chain's own coin.
pub(super) fn sent(verb: &VaultVerb) -> U256 {
    match verb {
        VaultVerb::Register { amount, pay: Pay::Native, .. } | VaultVerb::Stake { amount, pay: Pay::Native, .. } => {
            U256::from(amount.0)
        }
        _ => U256::ZERO,
    }
}

/// A permit that nobody signed: the vault goes on without it.
const NO_PERMIT: (U256, u8, B256, B256) = (U256::MAX, 27, B256::repeat_byte(1), B256::repeat_byte(2));

pub(super) fn vault_input(verb: &VaultVerb) -> Vec<u8> {
    let (deadline, v, r, s) = NO_PERMIT;
    match verb.clone() {
        VaultVerb::Register { amount, link: terms, signature, pay } => {
            let (amount, link, signature) = (amount.0, link(&terms), signature.into());
            match pay {
                Pay::Token => StakeVault::registerCall { amount, link, signature }.abi_encode(),
                Pay::Permit => {
                    StakeVault::registerWithPermitCall { amount, link, signature, deadline, v, r, s }.abi_encode()
                }
                Pay::Native => StakeVault::registerNativeCall { link, signature }.abi_encode(),
            }
        }
        VaultVerb::Stake { account, amount, pay } => {
            let (account, amount) = (address(account), amount.0);
            match pay {
                Pay::Token => StakeVault::stakeCall { account, amount }.abi_encode(),
                Pay::Permit => StakeVault::stakeWithPermitCall { account, amount, deadline, v, r, s }.abi_encode(),
                Pay::Native => StakeVault::stakeNativeCall { account }.abi_encode(),
            }
        }
        VaultVerb::Unstake { amount } => StakeVault::unstakeCall { amount: amount.0 }.abi_encode(),
        VaultVerb::Restake { ticket } => StakeVault::restakeCall { ticket }.abi_encode(),
        VaultVerb::Withdraw { limit, is_native: false } => {
            StakeVault::withdrawCall { limit: U256::from(limit) }.abi_encode()
        }
        VaultVerb::Withdraw { limit, is_native: true } => {
            StakeVault::withdrawNativeCall { limit: U256::from(limit) }.abi_encode()
        }
        VaultVerb::Rotate { link: terms, signature } => {
            StakeVault::rotateCall { link: link(&terms), signature: signature.into() }.abi_encode()
        }
        VaultVerb::Slash { evidence, beneficiary } => {
            StakeVault::slashCall { evidence: evidence.into(), beneficiary: address(beneficiary) }.abi_encode()
        }
        VaultVerb::Unjail { link: terms, signature } => {
            StakeVault::unjailCall { link: link(&terms), signature: signature.into() }.abi_encode()
        }
        VaultVerb::Collect { beneficiary } => {
            StakeVault::collectCall { beneficiary: address(beneficiary) }.abi_encode()
        }
        VaultVerb::SetPaused { paused } => StakeVault::setPausedCall { stopped: paused }.abi_encode(),
        VaultVerb::ProposeVault(terms) => StakeVault::proposeCall { next: vault_terms(terms) }.abi_encode(),
        VaultVerb::ApplyVault => StakeVault::applyProposedCall {}.abi_encode(),
    }
}

pub(super) fn pool_input(verb: &PoolVerb) -> Vec<u8> {
    match verb.clone() {
        PoolVerb::Fund { amount } => RewardPool::fundCall { amount: amount.0 }.abi_encode(),
        PoolVerb::Vote { cycle, root, signatures } => {
            RewardPool::voteCall { cycle: cycle.0, root: root_tuple(&root), signatures: signatures.into() }.abi_encode()
        }
        PoolVerb::Veto => RewardPool::vetoCall {}.abi_encode(),
        PoolVerb::Claim(one) => {
            let (account, cumulative, proof) = claim(&one);
            RewardPool::claimCall { account, cumulative, proof }.abi_encode()
        }
        PoolVerb::ClaimMany(claims) => {
            RewardPool::claimManyCall { claims: claims.iter().map(claim).collect() }.abi_encode()
        }
        PoolVerb::SetRecipient { recipient } => {
            RewardPool::setRecipientCall { recipient: address(recipient) }.abi_encode()
        }
        PoolVerb::ConfirmRecipient { owner } => {
            RewardPool::confirmRecipientCall { account: address(owner) }.abi_encode()
        }
        PoolVerb::SetGuardian { guardian } => RewardPool::setGuardianCall { next: address(guardian) }.abi_encode(),
        PoolVerb::ProposePool(terms) => RewardPool::proposeCall { next: pool_tuple(&terms) }.abi_encode(),
        PoolVerb::ApplyPool => RewardPool::applyProposedCall {}.abi_encode(),
    }
}
