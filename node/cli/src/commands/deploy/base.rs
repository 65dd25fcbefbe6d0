//! Vault and pool on Base. Of `from_height` only a block in the future is a difference.

use williw_chain::address;
use williw_chain::base::{Base, BaseSettings, Found, Inspection, PoolFound, VaultFound};
use williw_core::cycle::Height;
use williw_core::identity::{Account, ChainId};

use super::{Checks, Verdict, warn_of_changes};
use crate::chain::warn_of;
use crate::commands::init::endpoints;
use crate::deployment::Record;
use crate::exit::Failure;
use crate::flags::Rpcs;
use crate::printer::Printer;

pub(super) async fn verify(record: &Record, rpcs: &Rpcs, printer: &Printer) -> Result<(), Failure> {
    let settings = BaseSettings {
        rpcs: endpoints(&rpcs.rpcs, ChainId::Base, "--rpc")?,
        chain_id: record.deployment.chain_id,
        vault: record.deployment.vault.0,
        network: record.deployment.network_id,
        from_height: Height(record.deployment.from_height),
    };
    let read = async { Base::new(&settings)?.inspect(record.deployment.pool.0).await };
    let reading = read.await.map_err(|error| Failure::from(error).hint("give with --rpc who serves this chain"))?;
    warn_of(&reading.faults, printer);
    let found = reading.value;
    for (name, found) in [("vault", &found.vault.found), ("pool", &found.pool.found)] {
        warn_of_changes(name, found.offered_to.map(address::shown), found.change_from, printer);
    }
    let is_empty = found.vault.found.code.is_empty() || found.pool.found.code.is_empty();
    Verdict::at_block(found.at.0, compare(record, &found)).tell(|wrong| what_to_do(wrong, is_empty), printer)
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

fn compare(record: &Record, found: &Inspection) -> Checks {
    let mut checks = Checks::new("no answer");
    let deployment = &record.deployment;
    let network = deployment.network().map_or_else(|fault| fault.to_string(), |network| network.id().to_string());
    checks.add("network_id", deployment.network_id, Some(network));
    let (from, last) = (deployment.from_height, found.at.0);
    let begins = if from <= last { from.to_string() } else { format!("block {last} is the last") };
    checks.add("from_height", from, Some(begins));
    let (vault, pool) = (Account::evm(deployment.vault.0), Account::evm(deployment.pool.0));
    checks.account("vault.address", vault, record.vault_creation().address(record.salt));
    checks.of_vault(record, &found.vault);
    checks.account("pool.address", pool, record.pool_creation().address(record.salt));
    checks.of_pool(record, &found.pool);
    checks
}

impl Checks {
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
}
