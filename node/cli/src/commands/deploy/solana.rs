//! Program, config, token accounts and mint on Solana.

use williw_chain::solana::{
    Bytecode, History, Inspection, LAYOUT_VERSION, Mint, Solana, SolanaSettings, Terms, Tokens,
};
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::typed::domain_separator;

use super::{Checks, Verdict, warn_of_changes};
use crate::chain::warn_of;
use crate::commands::init::endpoints;
use crate::deployment::OnSolanaRecord;
use crate::exit::Failure;
use crate::flags::Rpcs;
use crate::printer::Printer;

const LOADER: &str = "the upgradeable one";

/// What this release knows of its own bytecode.
const RELEASE: &str = include_str!("../../../../../programs/bytecode/manifest.json");

/// Extensions of a mint that say what it is, and take and stop nothing.
const HARMLESS: &str = "only such as describe it";

/// Extensions of a token account that stop nothing.
const PLAIN: &str = "none, or that its owner is fixed";

/// Whether other bytecode ever stood there.
const REPLACED: &str = "program.replaced";

/// What no quorum shows.
const NOT_KNOWN: &str = "not known";

/// What shows that others can move or stop what lies in a token account.
const OTHERS_HANDS: [&str; 4] = [".delegate", ".close_authority", "_tokens.extensions", "_tokens.owner"];

/// Clusters that everybody means by these names. Every other one is somebody's own.
const CLUSTERS: [(&str, &str); 3] = [
    ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", "mainnet-beta"),
    ("4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsNY", "testnet"),
    ("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", "devnet"),
];

pub(super) async fn verify(record: &OnSolanaRecord, rpcs: &Rpcs, printer: &Printer) -> Result<(), Failure> {
    let settings = SolanaSettings {
        rpcs: endpoints(&rpcs.solana_rpcs, ChainId::Solana, "--solana-rpc")?,
        program: record.deployment.program,
        genesis: record.deployment.genesis_hash,
        network: record.deployment.network_id,
    };
    let read = async { Solana::new(&settings)?.inspect(record.mint, record.bytecode_bytes).await };
    let reading =
        read.await.map_err(|error| Failure::from(error).hint("give with --solana-rpc who serves this cluster"))?;
    warn_of(&reading.faults, printer);
    let found = reading.value;
    if let Some(terms) = terms_of(&found) {
        let offered_to = terms.offered_to.map(|account| account.base58());
        warn_of_changes("governor's role", offered_to, None, printer);
        warn_of_changes("vault", None, terms.vault_change_from, printer);
        warn_of_changes("pool", None, terms.pool_change_from, printer);
    }
    warn_of_sources(record, printer);
    warn_of_powers(&found, printer);
    Verdict::at_slot(found.at.0, compare(record, &found)).tell(|wrong| what_to_do(wrong, &found), printer)
}

/// That bytecode is made of the sources is seen by making it. The id is part of it, so of what this release has checked in,
/// which has the id of local networks, nothing can be told of another network's.
fn warn_of_sources(record: &OnSolanaRecord, printer: &Printer) {
    let release: serde_json::Value = serde_json::from_str(RELEASE).expect("a manifest is JSON");
    let digest = digits(record.bytecode_sha256);
    if release.pointer("/artifacts/williw.so/sha256").and_then(serde_json::Value::as_str) == Some(&digest) {
        return;
    }
    let id = record.deployment.program.base58();
    printer.warn(format_args!(
        "that the bytecode is made of this release's sources is not known; `scripts/build-program --id {id} --out build` \
         makes it of them, and then the SHA-256 of build/williw.so is {digest}"
    ));
}

/// What others can do at any time, however well everything matches.
fn warn_of_powers(found: &Inspection, printer: &Printer) {
    let bytecode = found.program.bytecode.as_ref();
    if let Some((bytecode, authority)) = bytecode.and_then(|code| Some((code, code.authority?))) {
        let kind = if bytecode.hangs_on_a_key() { "a single key" } else { "which a program signs for" };
        printer.warn(format_args!(
            "{}, {kind}, can replace the program, and so take and lock everything that is in it",
            authority.base58()
        ));
    }
    let Some(mint) = &found.mint.contents else { return };
    if let Some(minter) = mint.minter {
        printer.warn(format_args!("{} can make more of the token, stake it and outvote everybody", minter.base58()));
    }
    if let Some(freezer) = mint.freezer {
        printer.warn(format_args!("{} can freeze every account of this mint, the network's too", freezer.base58()));
    }
}

/// What may have come about, by what does not match.
fn what_to_do(wrong: &[String], found: &Inspection) -> &'static str {
    let any = |names: &[&str]| wrong.iter().any(|what| names.contains(&what.as_str()));
    if found.program.is_of_loader.is_none() {
        "no program stands there: name endpoints of the right cluster, or run scripts/deploy-program again"
    } else if found.config.owner.is_none() {
        "the network has not begun there: run scripts/deploy-program again"
    } else if any(&["cluster", "network_id"]) || wrong.iter().any(|what| what.ends_with(".address")) {
        "name, program, a key of Base or an address in the file is not what it was deployed with; stake nothing there"
    } else if any(&["program.loader", "bytecode_sha256", "bytecode_bytes"]) {
        "another program runs there than the file says, and it can do what it likes; stake nothing there"
    } else if any(&[REPLACED]) && matches!(found.history, History::Crowded) {
        "more transactions name the program than are looked through, which anybody can pay for and no other endpoint \
         changes; who cannot tell by other means that no other code ever stood there stakes nothing there"
    } else if any(&[REPLACED]) && matches!(found.history, History::NotShown) {
        "too few endpoints show how the program came there: name some that keep its whole history, and are quick if it is \
         long; until then stake nothing there"
    } else if any(&[REPLACED]) {
        "whatever stood there before could write itself stake and rewards, and nothing in the accounts would show it; who \
         does not know that code stakes nothing there"
    } else if wrong.iter().any(|what| OTHERS_HANDS.iter().any(|end| what.ends_with(end))) {
        "others than the program can take or lock what is in its token accounts; stake nothing there"
    } else if wrong.iter().all(|what| what == "vault.paused") {
        "its governor has stopped deposits for now; what is staked can be taken out"
    } else {
        "if governance changed it, change `in_force` in the file; otherwise stake nothing there"
    }
}

fn terms_of(found: &Inspection) -> Option<&Terms> {
    found.config.contents.as_ref()?.terms.as_ref()
}

fn compare(record: &OnSolanaRecord, found: &Inspection) -> Checks {
    let mut checks = Checks::new("none");
    let (deployment, places) = (&record.deployment, &found.places);
    let hash = found.genesis.base58();
    let known = CLUSTERS.iter().find(|(genesis, _)| *genesis == hash);
    checks.add("cluster", &record.cluster, Some(known.map_or("localnet", |(_, name)| *name)));
    checks.key("genesis_hash", deployment.genesis_hash, Some(found.genesis));
    let network = deployment.network().map_or_else(|fault| fault.to_string(), |network| network.id().to_string());
    checks.add("network_id", deployment.network_id, Some(network));
    checks.of_program(record, found);
    checks.of_config(record, found);
    checks.of_terms(record, terms_of(found));
    for (name, expected, place, held) in [
        ("stake_tokens", record.stake_tokens, places.stake_tokens, &found.stake_tokens),
        ("reward_tokens", record.reward_tokens, places.reward_tokens, &found.reward_tokens),
    ] {
        checks.key(format!("{name}.address"), expected, Some(place));
        checks.key(format!("{name}.token_program"), record.token_program, held.owner);
        checks.of_tokens(name, record, places.config, held.contents.as_ref());
    }
    checks.key("mint.token_program", record.token_program, found.mint.owner);
    checks.of_mint(record, found.mint.contents.as_ref());
    checks
}

fn named(authority: Option<Account>) -> String {
    authority.map_or_else(|| "nobody".to_owned(), |account| account.base58())
}

/// When other bytecode could stand there, which wrote what it liked into the accounts of the program.
fn replaced(found: &Inspection) -> String {
    let History::Shown(origin) = found.history else { return NOT_KNOWN.to_owned() };
    match origin.replaced() {
        None => "never".to_owned(),
        Some(slot) => format!("other code until slot {slot}"),
    }
}

/// The slot of the deployment. Where nobody shows it, that in the account is a later one if the program was given more room.
fn deployed(expected: u64, found: &Inspection, code: &Bytecode) -> String {
    match found.history {
        History::Shown(origin) => origin.deployed().unwrap_or(code.slot).to_string(),
        History::Crowded | History::NotShown if code.slot > Height(expected) => NOT_KNOWN.to_owned(),
        History::Crowded | History::NotShown => code.slot.to_string(),
    }
}

/// Which extensions there are that are not harmless, by their numbers.
fn unsound(harmless: &str, unsound: &[u16]) -> String {
    if unsound.is_empty() { harmless.to_owned() } else { format!("{unsound:?} do more") }
}

/// A digest as the tools write it.
fn digits(hash: Hash) -> String {
    hash.to_string().trim_start_matches("0x").to_owned()
}

/// The length that the file says, if the bytecode can have it: what follows it is room, which is empty.
fn length_of(bytecode: &Bytecode, expected: u64) -> String {
    let Bytecode { used, room, .. } = *bytecode;
    if expected < used {
        format!("{used} or more")
    } else if expected > room {
        format!("{room} or fewer")
    } else {
        expected.to_string()
    }
}

impl Checks {
    fn key(&mut self, what: impl Into<String>, expected: Account, found: Option<Account>) {
        self.add(what, expected.base58(), found.map(|found| found.base58()));
    }

    fn of_program(&mut self, record: &OnSolanaRecord, inspected: &Inspection) {
        let Inspection { program: found, places, .. } = inspected;
        let loader = found.is_of_loader.map(|is_ours| if is_ours { LOADER } else { "another one" });
        self.add("program.loader", LOADER, loader);
        self.add("program.executable", true, found.executable);
        self.key("program.program_data", record.program_data, found.program_data);
        self.key("program_data.address", record.program_data, Some(places.program_data));
        let code = found.bytecode.as_ref();
        let digest = code.map(|code| code.digest.map_or_else(|| "of fewer bytes".to_owned(), digits));
        self.add("bytecode_sha256", digits(record.bytecode_sha256), digest);
        let length = code.map(|code| length_of(code, record.bytecode_bytes));
        self.add("bytecode_bytes", record.bytecode_bytes, length);
        self.add("from_slot", Height(record.from_slot), code.map(|code| deployed(record.from_slot, inspected, code)));
        self.add(REPLACED, "never", code.map(|_| replaced(inspected)));
        let authority = code.map(|code| named(code.authority));
        self.add("upgrade_authority", named(record.in_force.upgrade_authority), authority);
    }

    fn of_config(&mut self, record: &OnSolanaRecord, found: &Inspection) {
        let network = record.deployment.network_id;
        self.key("config.address", record.config, Some(found.places.config));
        self.key("config.owner", record.deployment.program, found.config.owner);
        self.add("config.version", LAYOUT_VERSION, found.config.contents.as_ref().map(|config| config.version));
        let terms = terms_of(found);
        self.add("config.network_id", network, terms.map(|terms| terms.network));
        self.add("config.domain", domain_separator(network), terms.map(|terms| terms.domain));
        self.add("config.genesis", record.genesis(), terms.map(|terms| terms.genesis.0));
        self.add("config.cycle_length", record.cycle_length(), terms.map(|terms| terms.cycle_length.0));
        self.key("config.mint", record.mint, terms.map(|terms| terms.mint));
        self.key("config.token_program", record.token_program, terms.map(|terms| terms.token_program));
        self.add("config.token_decimals", record.token_decimals, terms.map(|terms| terms.decimals));
        self.key("config.stake_tokens", record.stake_tokens, terms.map(|terms| terms.stake_tokens));
        self.key("config.reward_tokens", record.reward_tokens, terms.map(|terms| terms.reward_tokens));
        self.key("config.governor", record.in_force.governor, terms.map(|terms| terms.governor));
        self.key("config.guardian", record.in_force.guardian, terms.map(|terms| terms.guardian));
    }

    /// What the config holds of vault and pool, which are contracts of their own on Base.
    fn of_terms(&mut self, record: &OnSolanaRecord, terms: Option<&Terms>) {
        self.add("vault.paused", false, terms.map(|terms| terms.paused));
        let (least, most) = record.vault_bounds();
        let found = terms.and_then(|terms| terms.vault_bounds);
        self.vault_parameters("parameters", &record.in_force.vault(), terms.and_then(|terms| terms.vault));
        self.vault_parameters("least", &least, found.map(|(least, _)| least));
        self.vault_parameters("most", &most, found.map(|(_, most)| most));
        let (least, most) = record.pool_bounds();
        let found = terms.map(|terms| terms.pool_bounds);
        self.pool_parameters("parameters", &record.in_force.pool(), terms.map(|terms| terms.pool));
        self.pool_parameters("least", &least, found.map(|(least, _)| least));
        self.pool_parameters("most", &most, found.map(|(_, most)| most));
    }

    fn of_tokens(&mut self, name: &str, record: &OnSolanaRecord, authority: Account, found: Option<&Tokens>) {
        self.key(format!("{name}.owner"), authority, found.map(|tokens| tokens.owner));
        self.key(format!("{name}.mint"), record.mint, found.map(|tokens| tokens.mint));
        self.add(format!("{name}.frozen"), false, found.map(|tokens| tokens.frozen));
        self.add(format!("{name}.delegate"), named(None), found.map(|tokens| named(tokens.delegate)));
        self.add(format!("{name}.close_authority"), named(None), found.map(|tokens| named(tokens.closer)));
        let extensions = found.map(|tokens| unsound(PLAIN, &tokens.unsound));
        self.add(format!("{name}.extensions"), PLAIN, extensions);
    }

    fn of_mint(&mut self, record: &OnSolanaRecord, found: Option<&Mint>) {
        self.add("mint.token_decimals", record.token_decimals, found.map(|mint| mint.decimals));
        let extensions = found.map(|mint| unsound(HARMLESS, &mint.unsound));
        self.add("mint.extensions", HARMLESS, extensions);
    }
}
