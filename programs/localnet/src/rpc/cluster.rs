//! What there is to be known of a cluster: here, of one leader that nobody voted for.

use serde_json::{Value, json};
use solana_signer::Signer;

use super::{Answer, Asked, Fault, VERSION};

const LEADERS_CAP: u64 = 5_000;

impl Asked<'_> {
    /// The one leader. It takes transactions at the endpoints alone, so whoever looks for its other ports finds none.
    pub(super) fn nodes(&self) -> Answer {
        let ports = ["gossip", "tvu", "tpu", "tpuQuic", "tpuForwards", "tpuForwardsQuic", "tpuVote", "serveRepair"];
        let ports = ports.into_iter().chain(["rpc", "pubsub"]).map(|port| (port.to_owned(), Value::Null));
        let mut node = Value::Object(ports.collect());
        node["pubkey"] = json!(self.leader());
        node["version"] = json!(VERSION);
        node["featureSet"] = json!(crate::engine::feature_set());
        Ok(json!([node]))
    }

    pub(super) fn leaders(&self) -> Answer {
        let (_, limit) = (self.params.u64(0)?, self.params.u64(1)?);
        if limit > LEADERS_CAP {
            return Err(Fault::params(format!("Invalid limit; max {LEADERS_CAP}")));
        }
        Ok((0..limit).map(|_| self.leader()).collect())
    }

    pub(super) fn vote_accounts(&self) -> Answer {
        Ok(json!({ "current": [], "delinquent": [] }))
    }

    fn leader(&self) -> String {
        self.network.chain.faucet.pubkey().to_string()
    }
}
