//! `williw deploy verify`
//!
//! Every line of the table is one thing that the file says and what was found of it. None is left out because another
//! failed: whoever looks into a deployment that is wrong wants to see all that is.

use std::fmt::Display;

use serde::Serialize;
use williw_core::cycle::UnixSeconds;
use williw_core::fact::{PoolParameters, VaultParameters};

use crate::deployment::Recorded;
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::printer::{Printer, table};

mod base;
mod solana;

/// What was read, and when.
#[derive(Serialize)]
struct Verdict {
    matches: bool,
    /// On Base.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    /// On Solana.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<u64>,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    what: String,
    matches: bool,
    /// What the file says.
    expected: String,
    found: String,
}

/// The checks so far, and what is shown of something that is not there.
struct Checks {
    made: Vec<Check>,
    absent: &'static str,
}

pub(crate) async fn deploy(flags: flags::Deploy, printer: &Printer) -> Result<(), Failure> {
    match flags {
        flags::Deploy::Verify(flags) => verify(&flags, printer).await,
    }
}

async fn verify(flags: &flags::Verify, printer: &Printer) -> Result<(), Failure> {
    match Recorded::read(&flags.deployment)? {
        Recorded::Base(record) => base::verify(&record, &flags.rpcs, printer).await,
        Recorded::Solana(record) => solana::verify(&record, &flags.rpcs, printer).await,
    }
}

impl Verdict {
    fn at_block(block: u64, checks: Checks) -> Self {
        Self { block: Some(block), ..Self::of(checks) }
    }

    fn at_slot(slot: u64, checks: Checks) -> Self {
        Self { slot: Some(slot), ..Self::of(checks) }
    }

    fn of(Checks { made, .. }: Checks) -> Self {
        Self { matches: made.iter().all(|check| check.matches), block: None, slot: None, checks: made }
    }

    /// Prints it, and fails if anything does not match; `hint` says what may have come about, by what does not.
    fn tell(self, hint: impl FnOnce(&[String]) -> &'static str, printer: &Printer) -> Result<(), Failure> {
        let row = |check: &Check| {
            let mark = if check.matches { "ok" } else { "DIFFERS" };
            vec![mark.to_owned(), check.what.clone(), check.expected.clone(), check.found.clone()]
        };
        let rows: Vec<Vec<String>> = self.checks.iter().map(row).collect();
        let place = self.block.map(|block| format!("block {block}"));
        let place = place.or(self.slot.map(|slot| format!("slot {slot}"))).unwrap_or_default();
        let text = format!("{}\nread at {place}", table(&["", "WHAT", "FILE", "FOUND"], &rows));
        printer.result(&self, text);
        if self.matches {
            return Ok(());
        }
        let of = self.checks.len();
        let wrong: Vec<String> =
            self.checks.into_iter().filter(|check| !check.matches).map(|check| check.what).collect();
        let text = format_args!("{} of {of} do not match: {}", wrong.len(), wrong.join(", ")).to_string();
        Err(Failure::new(ExitStatus::Failed, text).hint(hint(&wrong)))
    }
}

/// What is on its way and no difference yet: whom something is offered to, and from when other parameters can be applied.
fn warn_of_changes(name: &str, offered_to: Option<String>, change_from: Option<UnixSeconds>, printer: &Printer) {
    if let Some(account) = offered_to {
        printer.warn(format_args!("the {name} is offered to {account}, who may take it over"));
    }
    if let Some(from) = change_from {
        printer.warn(format_args!("other parameters of the {name} are announced, and can be applied from {}", from.0));
    }
}

impl Checks {
    const fn new(absent: &'static str) -> Self {
        Self { made: Vec::new(), absent }
    }

    fn add(&mut self, what: impl Into<String>, expected: impl Display, found: Option<impl Display>) {
        let (expected, found) = (expected.to_string(), found.map(|found| found.to_string()));
        let matches = found.as_ref() == Some(&expected);
        let found = found.unwrap_or_else(|| self.absent.to_owned());
        self.made.push(Check { what: what.into(), matches, expected, found });
    }

    fn vault_parameters(&mut self, part: &str, expected: &VaultParameters, found: Option<VaultParameters>) {
        let VaultParameters { min_stake, min_deposit, unstaking_period, slash, evidence_cycles } = expected;
        let what = |key: &str| format!("vault.{part}.{key}");
        self.add(what("min_stake"), min_stake, found.map(|found| found.min_stake));
        self.add(what("min_deposit"), min_deposit, found.map(|found| found.min_deposit));
        self.add(what("unstaking_period"), unstaking_period.0, found.map(|found| found.unstaking_period.0));
        self.add(what("slash_bps"), slash.get(), found.map(|found| found.slash.get()));
        self.add(what("evidence_cycles"), evidence_cycles, found.map(|found| found.evidence_cycles));
    }

    fn pool_parameters(&mut self, part: &str, expected: &PoolParameters, found: Option<PoolParameters>) {
        let PoolParameters { min_quorum, delay, max_per_cycle } = expected;
        let what = |key: &str| format!("pool.{part}.{key}");
        self.add(what("min_quorum"), min_quorum, found.map(|found| found.min_quorum));
        self.add(what("delay"), delay.0, found.map(|found| found.delay.0));
        self.add(what("max_per_cycle"), max_per_cycle, found.map(|found| found.max_per_cycle));
    }
}
