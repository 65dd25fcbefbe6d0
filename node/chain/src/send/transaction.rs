//! A transaction before and after it is signed.

use alloy::consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::{Decodable2718, Encodable2718};
use alloy::primitives::{Address, Bytes, TxKind, U256};
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::outbox::{Fees, Wei};

use crate::base::endpoint::core_hash;
use crate::wallet::{Wallet, WalletError};

use super::{FEE_CAP, SendError};

/// What a transfer of nothing takes.
const EMPTY_GAS: u64 = 21_000;

/// A transaction as it will be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub(super) transaction: TxEip1559,
    /// The height that its numbers are of.
    pub(super) tip: Height,
}

/// A signed transaction. Whoever has its bytes can make it happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub nonce: u64,
    /// The height that its numbers are of; as of there the nonce of a first one is unused.
    pub tip: Height,
    pub fees: Fees,
    pub hash: Hash,
    pub bytes: Vec<u8>,
}

impl Draft {
    #[must_use]
    pub const fn nonce(&self) -> u64 {
        self.transaction.nonce
    }

    #[must_use]
    pub const fn fees(&self) -> Fees {
        Fees { max: Wei(self.transaction.max_fee_per_gas), tip: Wei(self.transaction.max_priority_fee_per_gas) }
    }

    pub fn sign(self, wallet: &Wallet) -> Result<Signed, WalletError> {
        let (nonce, tip, fees) = (self.nonce(), self.tip, self.fees());
        let signature = wallet.sign(self.transaction.signature_hash())?;
        let signed = TxEnvelope::from(self.transaction.into_signed(signature));
        Ok(Signed { nonce, tip, fees, hash: core_hash(*signed.tx_hash()), bytes: signed.encoded_2718() })
    }

    /// All that it may take from the account.
    pub(super) fn costs_at_most(&self) -> U256 {
        let gas = U256::from(self.transaction.gas_limit) * U256::from(self.transaction.max_fee_per_gas);
        gas.saturating_add(self.transaction.value)
    }

    /// What was signed, out of its bytes.
    pub(super) fn read(bytes: &[u8], chain_id: u64, tip: Height) -> Result<Self, SendError> {
        match TxEnvelope::decode_2718_exact(bytes) {
            Ok(TxEnvelope::Eip1559(signed)) if signed.tx().chain_id() == Some(chain_id) => {
                Ok(Self { transaction: signed.strip_signature(), tip })
            }
            _ => Err(SendError::NotATransaction),
        }
    }

    /// With the same nonce, and nothing to do.
    pub(super) fn emptied(mut self, from: Address) -> Self {
        self.transaction.to = TxKind::Call(from);
        self.transaction.value = U256::ZERO;
        self.transaction.input = Bytes::new();
        self.transaction.gas_limit = EMPTY_GAS;
        self
    }

    pub(super) fn outbidding(mut self, usual: Fees) -> Result<Self, SendError> {
        let fees = self.fees().outbid(usual, FEE_CAP).ok_or(SendError::FeeCap)?;
        (self.transaction.max_fee_per_gas, self.transaction.max_priority_fee_per_gas) = (fees.max.0, fees.tip.0);
        Ok(self)
    }
}
