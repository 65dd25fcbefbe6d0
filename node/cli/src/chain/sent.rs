//! What is printed of transactions that are in a block.

use serde::Serialize;
use williw_chain::verb::Call;
use williw_core::cycle::At;
use williw_core::identity::ChainId;
use williw_daemon::outbox::Receipt;

use crate::printer::Printer;
use crate::queue::Entry;

#[derive(Serialize)]
pub(super) struct Sent {
    chain: String,
    transactions: Vec<Transaction>,
    /// What an unstake put into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Entry>,
}

#[derive(Serialize)]
struct Transaction {
    what: String,
    hash: String,
    #[serde(flatten)]
    at: At,
    intent: u64,
}

impl Sent {
    /// The calls as far as there are receipts of them.
    pub(super) fn of(chain: ChainId, calls: &[Call], receipts: &[Receipt]) -> Self {
        Self::new(chain, calls.iter().map(|call| call.what.as_str()).zip(receipts))
    }

    /// One transaction, and what it did.
    pub(super) fn one(chain: ChainId, what: &str, receipt: &Receipt) -> Self {
        Self::new(chain, std::iter::once((what, receipt)))
    }

    fn new<'a>(chain: ChainId, done: impl Iterator<Item = (&'a str, &'a Receipt)>) -> Self {
        let transaction = |(what, Receipt { intent, name, block }): (&str, &Receipt)| Transaction {
            what: what.to_owned(),
            hash: name.to_string(),
            at: block.on(chain),
            intent: intent.0,
        };
        Self { chain: chain.to_string(), transactions: done.map(transaction).collect(), entry: None }
    }

    pub(super) fn with(self, entry: Option<Entry>) -> Self {
        Self { entry, ..self }
    }

    pub(super) fn print(&self, printer: &Printer) {
        let text = |Transaction { what, hash, at, .. }: &Transaction| format!("{hash}  {at}  {what}");
        let mut text: Vec<String> = self.transactions.iter().map(text).collect();
        if let Some(entry) = &self.entry {
            let Entry { ticket, amount, .. } = entry;
            text.push(format!("ticket {ticket}: {amount} can be withdrawn from {} on", entry.matures()));
        }
        printer.result(self, text.join("\n"));
    }
}
