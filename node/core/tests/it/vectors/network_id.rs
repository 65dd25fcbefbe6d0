//! `network_id.json`: the id from its six inputs.

use serde::Deserialize;
use serde_json::Value;
use williw_core::hash::Hash;
use williw_core::identity::{Account, Signer};
use williw_core::network::{BaseSite, Network, NetworkId, SolanaSite};

use super::exact::Exact;
use super::faults::Named as _;
use super::{Vectors, Verdict, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "network_id.json", case, refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs<'a> {
    name: &'a str,
    base_chain_id: Exact<u64>,
    vault: Exact<Signer>, // any address will do
    solana_genesis: Exact<Hash>,
    solana_program: Exact<Account>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    #[serde(borrow)]
    network: Inputs<'a>,
    network_id: Exact<NetworkId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    #[serde(borrow)]
    network: Inputs<'a>,
    refused: &'a str,
}

impl Inputs<'_> {
    /// A chain is absent when all of its fields are zero.
    fn network(&self) -> Result<Network, String> {
        let base = BaseSite { chain_id: self.base_chain_id.0, vault: self.vault.0.0 };
        let solana = SolanaSite { genesis: self.solana_genesis.0, program: self.solana_program.0 };
        let has_base = base.chain_id != 0 || base.vault != [0; 20];
        let has_solana = !solana.genesis.is_zero() || !solana.program.is_zero();
        let network = Network::new(self.name, has_base.then_some(base), has_solana.then_some(solana))
            .map_err(|fault| fault.name().to_owned())?;
        same("name", network.name(), self.name)?;
        same("base", network.base(), has_base.then_some(base))?;
        same("solana", network.solana(), has_solana.then_some(solana))?;
        Ok(network)
    }
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    same("network id", case.network.network()?.id(), case.network_id.0)
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    match case.network.network() {
        Ok(network) => Err(format!("accepted as {}", network.id())),
        Err(fault) => same("refusal", fault.as_str(), case.refused),
    }
}

#[test]
fn network_ids() {
    VECTORS.hold(15, 21);
}
