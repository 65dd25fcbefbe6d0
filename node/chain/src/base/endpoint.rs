//! One endpoint: what is asked of it, and what of its answers can be checked without anybody else.

use alloy::consensus::Header;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::rpc::types::EIP1186AccountProofResponse;
use alloy::sol_types::SolCall;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::hash::Hash;
use williw_core::journal::{HEAD_SLOT, SEQ_SLOT};
use williw_core::ledger::Point;
use williw_core::network::NetworkId;

use super::abi::StakeVault;
use crate::fault::EndpointFault;
use crate::rpc::Answer;

/// What an endpoint must serve before anything else it says counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vault {
    pub(crate) chain_id: u64,
    pub(crate) address: Address,
    pub(crate) network: NetworkId,
}

/// A block whose header has the hash it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) height: Height,
    pub(crate) hash: B256,
    pub(crate) time: UnixSeconds,
    pub(crate) state_root: B256,
    /// In wei per unit of gas; chains before EIP-1559 have none.
    pub(crate) base_fee: Option<u64>,
}

impl Block {
    pub(crate) const fn point(&self) -> Point {
        Point { height: self.height, time: self.time }
    }
}

/// Which block is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Latest,
    Finalized,
    At(Height),
    Hash(B256),
}

impl Which {
    pub(crate) fn json(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Finalized => json!("finalized"),
            Self::At(height) => json!(format!("{:#x}", height.0)),
            Self::Hash(hash) => json!({ "blockHash": hash }),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Latest => "called latest".to_owned(),
            Self::Finalized => "called finalized".to_owned(),
            Self::At(height) => format!("at {height}"),
            Self::Hash(hash) => format!("with hash {hash}"),
        }
    }
}

/// What a block says about itself beside its header. Its transactions are not looked at.
#[derive(Deserialize)]
struct Claimed {
    hash: B256,
}

/// A header and the hash that is claimed for it.
fn header(block: &str) -> Option<(Header, B256)> {
    // Twice over the text: flattening one into the other would keep all of the block in memory on the way.
    let Claimed { hash } = serde_json::from_str(block).ok()?;
    Some((serde_json::from_str(block).ok()?, hash))
}

/// What a call of a view came to.
pub(crate) enum Viewed<T> {
    Value(T),
    /// It was reverted with these bytes.
    Reverted(Bytes),
}

/// What one endpoint of Base showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) latest: Option<Block>,
    pub(crate) finalized: Option<Block>,
    /// Whether it proved the vault's storage when it was last asked to.
    pub(crate) proven: bool,
}

pub(crate) type Endpoint = crate::panel::Endpoint<Seen>;

impl Endpoint {
    /// Whether it serves the right chain and the vault of the right network.
    pub(crate) async fn vet(&self, vault: &Vault) -> Result<(), EndpointFault> {
        self.serves(vault.chain_id).await?;
        let code: Bytes = self.rpc.demand("eth_getCode", json!([vault.address, "latest"])).await?;
        if code.is_empty() {
            return Err(EndpointFault::NoVault);
        }
        match self.view(vault.address, StakeVault::networkIdCall {}, Which::Latest).await? {
            Viewed::Value(found) if found.0 == vault.network.0 => Ok(()),
            Viewed::Value(found) => Err(EndpointFault::WrongNetwork { found: NetworkId(found.0) }),
            Viewed::Reverted(_) => Err(EndpointFault::NoVault),
        }
    }

    /// Whether it serves the right chain.
    pub(crate) async fn serves(&self, chain_id: u64) -> Result<(), EndpointFault> {
        let found: U256 = self.rpc.demand("eth_chainId", json!([])).await?;
        if found != U256::from(chain_id) {
            return Err(EndpointFault::WrongChain { found: found.saturating_to() });
        }
        Ok(())
    }

    /// A block, its hash computed again and its height the one asked for.
    pub(crate) async fn block(&self, which: Which) -> Result<Block, EndpointFault> {
        let (method, params) = match which {
            Which::Hash(hash) => ("eth_getBlockByHash", json!([hash, false])),
            Which::Latest | Which::Finalized | Which::At(_) => ("eth_getBlockByNumber", json!([which.json(), false])),
        };
        let reply: Option<Box<RawValue>> = self.rpc.ask(method, params).await?;
        let Some(block) = reply else { return Err(EndpointFault::NoBlock(which.words())) };
        let (header, hash) = header(block.get()).ok_or(EndpointFault::Undecodable(method))?;
        let height = Height(header.number);
        let asked_for = match which {
            Which::At(asked) => asked == height,
            Which::Hash(asked) => asked == hash,
            Which::Latest | Which::Finalized => true,
        };
        if !asked_for || header.hash_slow() != hash {
            return Err(EndpointFault::ForgedHeader { height });
        }
        Ok(Block {
            height,
            hash,
            time: UnixSeconds(header.timestamp),
            state_root: header.state_root,
            base_fee: header.base_fee_per_gas,
        })
    }

    /// A proof of the vault's two journal slots, not yet verified; none if it has none to give.
    pub(crate) async fn proof(
        &self,
        vault: Address,
        hash: B256,
    ) -> Result<Option<EIP1186AccountProofResponse>, EndpointFault> {
        let slots = [slot(HEAD_SLOT), slot(SEQ_SLOT)];
        self.rpc.ask("eth_getProof", json!([vault, slots, Which::Hash(hash).json()])).await
    }

    /// The vault's two journal slots, on this endpoint's word.
    pub(crate) async fn storage(&self, vault: Address, hash: B256) -> Result<[U256; 2], EndpointFault> {
        let (head, seq) =
            futures_util::future::join(self.slot(vault, HEAD_SLOT, hash), self.slot(vault, SEQ_SLOT, hash)).await;
        Ok([head?, seq?])
    }

    /// One slot of a contract, on this endpoint's word.
    pub(crate) async fn slot(&self, contract: Address, number: u64, hash: B256) -> Result<U256, EndpointFault> {
        self.rpc.demand("eth_getStorageAt", json!([contract, slot(number), Which::Hash(hash).json()])).await
    }

    /// Calls a view of a contract.
    pub(crate) async fn view<C: SolCall>(
        &self,
        to: Address,
        call: C,
        which: Which,
    ) -> Result<Viewed<C::Return>, EndpointFault> {
        const METHOD: &str = "eth_call";
        let params = json!([{ "to": to, "data": Bytes::from(call.abi_encode()) }, which.json()]);
        match self.rpc.answer::<Bytes>(METHOD, params).await? {
            Answer::Result(Some(bytes)) => {
                C::abi_decode_returns(&bytes).map(Viewed::Value).map_err(|_| EndpointFault::Undecodable(METHOD))
            }
            Answer::Result(None) => Err(EndpointFault::Undecodable(METHOD)),
            Answer::Refusal { code, message, data } => match revert_bytes(data.as_ref()) {
                Some(bytes) => Ok(Viewed::Reverted(bytes)),
                None => Err(EndpointFault::Refused { method: METHOD, code, message }),
            },
        }
    }
}

/// A storage slot as the word it is.
fn slot(number: u64) -> B256 {
    B256::from(U256::from(number))
}

/// The bytes that a reverted call gave back; nodes put them beside the refusal, some one level deeper.
pub(crate) fn revert_bytes(data: Option<&Value>) -> Option<Bytes> {
    let data = data?;
    let text = data.as_str().or_else(|| data.get("data").and_then(Value::as_str))?;
    text.parse().ok()
}

/// The hash as the core has it.
pub(crate) const fn core_hash(hash: B256) -> Hash {
    Hash(hash.0)
}
