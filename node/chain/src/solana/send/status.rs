//! What an endpoint says of a transaction by its name.

use serde::Deserialize;
use serde_json::{Value, json};
use williw_core::cycle::Height;
use williw_core::outbox::TransactionName;

use crate::fault::EndpointFault;
use crate::solana::Endpoint;
use crate::solana::ask::AtSlot;

const METHOD: &str = "getSignatureStatuses";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    slot: u64,
    err: Option<Value>,
    confirmation_status: Option<String>,
}

/// A transaction in a block, as an endpoint shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Executed {
    pub(super) slot: u64,
    pub(super) succeeded: bool,
}

/// What one endpoint shows of a transaction, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) context: Height,
    /// It knows of it, be it in a block that nobody else has.
    pub(super) is_known: bool,
    pub(super) executed: Option<Executed>,
    pub(super) is_final: bool,
}

impl Endpoint {
    /// Its status of a transaction, however long ago that was.
    pub(super) async fn status(&self, signature: [u8; 64]) -> Result<Shown, EndpointFault> {
        let name = TransactionName::Solana(signature).to_string();
        let params = json!([[name], { "searchTransactionHistory": true }]);
        read(&self.rpc.demand(METHOD, params).await?)
    }
}

fn read(statuses: &AtSlot<Vec<Option<Status>>>) -> Result<Shown, EndpointFault> {
    let [status] = statuses.value.as_slice() else { return Err(EndpointFault::Undecodable(METHOD)) };
    let level = status.as_ref().and_then(|status| status.confirmation_status.as_deref());
    // What was only processed has happened to one node, which may be alone with it.
    let counts = matches!(level, Some("confirmed" | "finalized"));
    let executed = status.as_ref().filter(|_| counts);
    let executed = executed.map(|status| Executed { slot: status.slot, succeeded: status.err.is_none() });
    let is_final = level == Some("finalized");
    Ok(Shown { context: statuses.slot(), is_known: status.is_some(), executed, is_final })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: Value) -> Result<Shown, EndpointFault> {
        let statuses = json!({ "context": { "slot": 9 }, "value": status });
        read(&serde_json::from_value(statuses).unwrap())
    }

    #[test]
    fn what_was_only_processed_is_not_seen() {
        let status = |level: &str, err: Value| {
            shown(json!([{ "slot": 5, "confirmations": 1, "err": err, "confirmationStatus": level }])).unwrap()
        };
        let unknown = Shown { context: Height(9), is_known: false, executed: None, is_final: false };
        assert_eq!(shown(json!([null])), Ok(unknown));
        let nothing = Shown { is_known: true, ..unknown };
        assert_eq!(status("processed", Value::Null), nothing);
        let executed = Some(Executed { slot: 5, succeeded: true });
        assert_eq!(status("confirmed", Value::Null), Shown { executed, ..nothing });
        assert_eq!(status("finalized", Value::Null), Shown { executed, is_final: true, ..nothing });
        let failed = Some(Executed { slot: 5, succeeded: false });
        assert_eq!(status("confirmed", json!({ "InstructionError": [0, "x"] })), Shown { executed: failed, ..nothing });
    }

    #[test]
    fn an_answer_about_another_number_of_transactions_is_none() {
        assert!(shown(json!([])).is_err());
        assert!(shown(json!([null, null])).is_err());
    }
}
