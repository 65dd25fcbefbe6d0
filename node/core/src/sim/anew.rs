//! A second ledger that begins with the accounts of a chain instead of its facts: what it holds, and how it goes on, must be
//! what folding from the first fact gives.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::oracle::links;
use super::people::{clock, network, site};
use super::{Ledger, Sim};
use crate::identity::{ChainId, Owner};
use crate::journal::Head;
use crate::ledger::{Beginning, ChainBooks, JournalEnd, Point, Record};

impl Sim {
    /// Begins anew with what the accounts hold at the cursor, and reads on to the final head.
    pub(super) fn begin_anew(&self) -> Result<(), String> {
        let folded = self.census.ledger();
        for chain in self.chains.iter().filter(|chain| chain.id == ChainId::Solana && !chain.delivered.is_empty()) {
            let books = folded.chain(chain.id).ok_or("a chain was lost")?;
            let mut begun = Ledger::new(network(), clock(), &ChainId::ALL.map(site));
            let change = begun.begin(&accounts(chain, books)).map_err(|why| format!("nothing begins there: {why}"))?;
            begun.commit(&change.ok_or("beginning changed nothing")?);
            agree(&begun, folded, chain)?;
            let (page, mut folded) = (chain.page(chain.final_blocks.len()), folded.clone());
            for ledger in [&mut begun, &mut folded] {
                let change = ledger.stage(&page).map_err(|why| format!("what follows a beginning: {why}"))?;
                change.iter().for_each(|change| ledger.commit(change));
            }
            agree(&begun, &folded, chain)?;
        }
        Ok(())
    }
}

/// What the accounts of a chain hold at the block of the cursor. Which roots there are is taken from the ledger: the model
/// does not keep their cycles.
fn accounts(chain: &Chain, books: &ChainBooks) -> Beginning {
    let contracts = &chain.cursor().after;
    let (mut ends, links) = (BTreeMap::new(), links(chain));
    for fact in &chain.delivered {
        let head = Head { seq: fact.seq, hash: contracts.heads()[&fact.journal].hash };
        let last = Point { height: fact.height, time: fact.time };
        ends.insert(fact.journal, JournalEnd { head, last });
    }
    let record = |(account, operator): (&_, &crate::model::Operator)| {
        let owner = Owner { chain: chain.id, account: *account };
        let journal = crate::model::operator_account(*account);
        Record {
            owner: *account,
            index: operator.index,
            journal,
            end: ends[&journal],
            active: operator.active,
            queued: operator.queued(),
            link: links[&owner],
            term: operator.term,
            jailed: operator.jailed_until.is_some(),
            stake: operator.stake,
        }
    };
    let vault = contracts.vault();
    Beginning {
        chain: chain.id,
        through: chain.cursor().point,
        count: vault.operators().len() as u64,
        end: ends[&site(chain.id).standing_journals()[0]],
        total: *vault.total(),
        vault: *vault.parameters(),
        pool: *contracts.pool().parameters(),
        funded: contracts.pool().funded(),
        settled: books.settled,
        posted: books.posted,
        closed: contracts.pool().closed(),
        operators: vault.operators().iter().map(record).collect(),
        signers: vault.signers().iter().map(|(signer, tenure)| (*signer, *tenure)).collect(),
    }
}

/// The same about one chain.
fn agree(begun: &Ledger, folded: &Ledger, chain: &Chain) -> Result<(), String> {
    match begun.unlike(folded, chain.id) {
        None => Ok(()),
        Some(what) => Err(format!("whoever begins with accounts has other {what}")),
    }
}
