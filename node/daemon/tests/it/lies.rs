//! An endpoint that says what is not so, or not so any more.

use serde_json::{Value, json};

/// What is wrong with what an endpoint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// There is no receipt of anything.
    NoReceipts,
    /// There is no receipt of what is in blocks up to this one: it keeps only new ones.
    Forgets(u64),
    /// What failed was done, and the other way round.
    Undone,
    /// The account has so many transactions more, or less.
    Nonce(i64),
    /// Others pay very much to be first.
    Tips,
    /// The newest block is final.
    FinalAhead,
    /// It is so many blocks behind, and its receipts as well.
    Stuck(u64),
    /// Nobody has any money.
    NoMoney,
    /// No call would go through.
    Reverts,
    /// No answer.
    Cut,
}

/// More than any block of these chains.
const EVER: u64 = u64::MAX;

impl Lie {
    /// What is asked of the chain instead. `tip` is its newest block.
    pub(crate) fn question(self, mut question: Value, tip: u64) -> Value {
        let asked = question["params"][0].as_str().unwrap_or_default().to_owned();
        match (self, question["method"].as_str(), asked.as_str()) {
            (Self::FinalAhead, Some("eth_getBlockByNumber"), "finalized") => question["params"][0] = json!("latest"),
            (Self::Stuck(behind), Some("eth_getBlockByNumber"), "latest") => {
                question["params"][0] = json!(format!("{:#x}", tip.saturating_sub(behind)));
            }
            _ => {}
        }
        question
    }

    /// What it makes of the chain's answer; nothing if there is none.
    pub(crate) fn answer(self, question: &Value, answer: Vec<u8>, tip: u64) -> Option<Vec<u8>> {
        let Ok(mut told) = serde_json::from_slice::<Value>(&answer) else { return Some(answer) };
        let number = |value: &Value| {
            let digits = value.as_str().and_then(|text| text.strip_prefix("0x"))?;
            u64::from_str_radix(digits, 16).ok()
        };
        match (self, question["method"].as_str().unwrap_or_default()) {
            (Self::Cut, _) => return None,
            (Self::NoReceipts | Self::Forgets(_) | Self::Stuck(_), "eth_getTransactionReceipt") => {
                let hidden = match self {
                    Self::Forgets(until) => 0..=until,
                    Self::Stuck(behind) => tip.saturating_sub(behind) + 1..=EVER,
                    _ => 0..=EVER,
                };
                if number(&told["result"]["blockNumber"]).is_some_and(|height| hidden.contains(&height)) {
                    told["result"] = Value::Null;
                }
            }
            (Self::Undone, "eth_getTransactionReceipt") if told["result"].is_object() => {
                told["result"]["status"] = json!(if told["result"]["status"] == "0x1" { "0x0" } else { "0x1" });
            }
            (Self::Nonce(more), "eth_getTransactionCount") => {
                let count = number(&told["result"]).unwrap_or_default().saturating_add_signed(more);
                told["result"] = json!(format!("{count:#x}"));
            }
            (Self::Tips, "eth_maxPriorityFeePerGas") => told["result"] = json!("0xffffffffffffffff"),
            (Self::NoMoney, "eth_getBalance") => told["result"] = json!("0x0"),
            (Self::Reverts, "eth_call" | "eth_estimateGas") if question["params"][0]["value"].is_string() => {
                told = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 3, "message": "no", "data": "0x" } });
            }
            _ => return Some(answer),
        }
        Some(told.to_string().into_bytes())
    }
}
