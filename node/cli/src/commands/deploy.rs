//! `williw deploy verify`
//!
//! Every line of the table is one thing that the file says and what was found of it. None is left out because another
//! failed: whoever looks into a deployment that is wrong wants to see all that is. Of `from_height` only a block in the
//! future is a difference.

use std::fmt::Display;

use serde::Serialize;
use williw_chain::address;
use williw_chain::base::{Base, BaseSettings, Found, Inspection, PoolFound, VaultFound};
use williw_core::cycle::Height;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::Account;

use crate::chain::warn_of;
use crate::commands::init::addresses;
use crate::deployment::Record;
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::printer::{Printer, table};

/// What is shown of something that does not answer.
const SILENT: &str = "no answer";

#[derive(Serialize)]
struct Verdict {
    matches: bool,
    block: u64,
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

/// The checks so far.
#[derive(Default)]
struct Checks(Vec<Check>);

pub(crate) async fn deploy(flags: flags::Deploy, printer: &Printer) -> Result<(), Failure> {
    match flags {
        flags::Deploy::Verify(flags) => verify(&flags, printer).await,
    }
}

async fn verify(flags: &flags::Verify, printer: &Printer) -> Result<(), Failure> {
    let record = Record::read(&flags.deployment)?;
    let settings = BaseSettings {
        rpcs: addresses(&flags.rpcs)?,
        chain_id: record.deployment.chain_id,
        vault: record.deployment.vault.0,
        network: record.deployment.network_id,
        from_height: Height(record.deployment.from_height),
    };
    let read = async { Base::new(&settings)?.inspect(record.deployment.pool.0).await };
    let reading = read.await.map_err(|error| Failure::from(error).hint("give with --rpc who serves this chain"))?;
    warn_of(&reading.faults, printer);
    let found = reading.value;
    warn_of_changes("vault", &found.vault.found, printer);
    warn_of_changes("pool", &found.pool.found, printer);

    let checks = compare(&record, &found);
    let wrong: Vec<String> = checks.iter().filter(|check| !check.matches).map(|check| check.what.clone()).collect();
    let of = checks.len();
    print(Verdict { matches: wrong.is_empty(), block: found.at.0, checks }, printer);
    if wrong.is_empty() {
        return Ok(());
    }
    let text = format_args!("{} of {of} do not match: {}", wrong.len(), wrong.join(", ")).to_string();
    let is_empty = found.vault.found.code.is_empty() || found.pool.found.code.is_empty();
    Err(Failure::new(ExitStatus::Failed, text).hint(what_to_do(&wrong, is_empty)))
}

/// What may have come about, by what does not match.
fn what_to_do(wrong: &[String], is_empty: bool) -> &'static str {
    let all = |names: &[&str]| wrong.iter().all(|what| names.contains(&what.as_str()));
    if is_empty {
        "nothing stands there: name endpoints of the right chain, or run the deployment again"
    } else if wrong.iter().any(|what| what.ends_with(".address") || what == "network_id") {
        "name, salt, token, a Solana key or `deployed` in the file is not what it was created with; stake nothing there"
    } else if all(&["vault.paused"]) {
        "its governor has stopped deposits for now; what is staked can be taken out"
    } else if all(&["from_height"]) {
        "it lies in the future; name a block at or before the one in which the vault was created"
    } else {
        "if governance changed it, change `in_force` in the file; otherwise stake nothing there"
    }
}

/// What is on its way and no difference yet.
fn warn_of_changes(name: &str, found: &Found, printer: &Printer) {
    if let Some(account) = found.offered_to {
        printer.warn(format_args!("the {name} is offered to {}, who may take it over", address::shown(account)));
    }
    if let Some(from) = found.change_from {
        printer.warn(format_args!("other parameters of the {name} are announced, and can be applied from {}", from.0));
    }
}

fn print(verdict: Verdict, printer: &Printer) {
    let row = |check: &Check| {
        let mark = if check.matches { "ok" } else { "DIFFERS" };
        vec![mark.to_owned(), check.what.clone(), check.expected.clone(), check.found.clone()]
    };
    let rows: Vec<Vec<String>> = verdict.checks.iter().map(row).collect();
    let text = format!("{}\nread at block {}", table(&["", "WHAT", "FILE", "FOUND"], &rows), verdict.block);
    printer.result(&verdict, text);
}

fn compare(record: &Record, found: &Inspection) -> Vec<Check> {
    let mut checks = Checks::default();
    let deployment = &record.deployment;
    let network = deployment.network().map_or_else(|failure| failure.text, |network| network.id().to_string());
    checks.add("network_id", deployment.network_id, Some(network));
    let (from, last) = (deployment.from_height, found.at.0);
    let begins = if from <= last { from.to_string() } else { format!("block {last} is the last") };
    checks.add("from_height", from, Some(begins));
    let (vault, pool) = (Account::evm(deployment.vault.0), Account::evm(deployment.pool.0));
    checks.account("vault.address", vault, record.vault_creation().address(record.salt));
    checks.of_vault(record, &found.vault);
    checks.account("pool.address", pool, record.pool_creation().address(record.salt));
    checks.of_pool(record, &found.pool);
    checks.0
}

impl Checks {
    fn add(&mut self, what: impl Into<String>, expected: impl Display, found: Option<impl Display>) {
        let (expected, found) = (expected.to_string(), found.map(|found| found.to_string()));
        let matches = found.as_ref() == Some(&expected);
        let found = found.unwrap_or_else(|| SILENT.to_owned());
        self.0.push(Check { what: what.into(), matches, expected, found });
    }

    fn account(&mut self, what: &str, expected: Account, found: Option<Account>) {
        self.add(what, address::shown(expected), found.map(address::shown));
    }

    fn of_vault(&mut self, record: &Record, vault: &VaultFound) {
        let creation = record.vault_creation();
        self.of_both("vault", record, &vault.found);
        self.add("vault.network_id", record.deployment.network_id, vault.network);
        self.add("vault.genesis", creation.genesis.0, vault.genesis.map(|genesis| genesis.0));
        self.add("vault.cycle_length", creation.cycle_length.0, vault.cycle_length.map(|length| length.0));
        self.account("vault.token", creation.token, vault.found.token);
        self.add("vault.paused", false, vault.paused);
        self.vault_parameters("parameters", &record.in_force.vault(), vault.parameters);
        self.vault_parameters("least", &creation.bounds.0, vault.bounds.map(|(least, _)| least));
        self.vault_parameters("most", &creation.bounds.1, vault.bounds.map(|(_, most)| most));
    }

    fn of_pool(&mut self, record: &Record, pool: &PoolFound) {
        let creation = record.pool_creation();
        self.of_both("pool", record, &pool.found);
        self.account("pool.vault", creation.vault, pool.vault);
        self.account("pool.token", creation.token, pool.found.token);
        self.account("pool.guardian", record.in_force.guardian, pool.guardian);
        self.pool_parameters("parameters", &record.in_force.pool(), pool.parameters);
        self.pool_parameters("least", &creation.bounds.0, pool.bounds.map(|(least, _)| least));
        self.pool_parameters("most", &creation.bounds.1, pool.bounds.map(|(_, most)| most));
    }

    fn of_both(&mut self, name: &str, record: &Record, found: &Found) {
        let code = match (found.is_ours, found.code.len()) {
            (true, _) => "of this release".to_owned(),
            (false, 0) => "none".to_owned(),
            (false, len) => format!("other code, {len} bytes"),
        };
        self.add(format!("{name}.code"), "of this release", Some(code));
        self.account(&format!("{name}.owner"), record.in_force.owner, found.owner);
        let head = found.head.map(|(hash, seq)| match (hash == found.head_slot, seq) {
            (false, _) => "not in its slot".to_owned(),
            (true, 0) => "of no fact".to_owned(),
            (true, _) => "in its slot".to_owned(),
        });
        self.add(format!("{name}.head"), "in its slot", head);
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
