//! The program on its chain, as its upgrade authority deployed it.

use std::path::PathBuf;

use litesvm::LiteSVM;
use solana_address::Address;
use solana_sdk_ids::bpf_loader_upgradeable;
use williw_core::hash::keccak;
use williw_core::identity::Account;
use williw_core::network::{BaseSite, Network, NetworkId, SolanaSite};
use williw_program::Plan;
use williw_program::rules::terms::{PoolBounds, PoolTerms, VaultBounds, VaultTerms};

use super::people;
use super::{COIN, DAY, DELAY, GENESIS, LENGTH, PER_CYCLE, PERIOD};

/// Who deployed the program and may upgrade it: the name of a wallet.
pub(crate) const AUTHORITY: &str = "deployer";

/// `kind u32 | slot u64 | 1 | authority`, in front of the bytecode.
const AUTHORITY_AT: usize = 12;

/// The bytecode that is tested.
pub(crate) fn bytecode() -> Vec<u8> {
    let checked_in = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../bytecode/williw.so");
    let path = std::env::var_os("WILLIW_SO").map_or_else(checked_in, PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|error| panic!("no bytecode at {}: {error}", path.display()))
}

/// Where the loader keeps the bytecode and the upgrade authority.
pub(crate) fn program_data() -> Address {
    Address::find_program_address(&[williw_program::ID.as_ref()], &bpf_loader_upgradeable::ID).0
}

/// A chain with mainnet's features on which the program is deployed.
pub(super) fn deployed() -> LiteSVM {
    let mut svm = LiteSVM::new()
        .with_mainnet_features()
        .with_builtins()
        .with_default_programs()
        .with_blockhash_check(false)
        .with_log_bytes_limit(None)
        // The same transaction may be sent twice: what stops it has to be the program.
        .with_transaction_history(0);
    svm.add_program(williw_program::ID, &bytecode()).expect("the bytecode loads");
    let mut data = svm.get_account(&program_data()).expect("the loader's own account");
    let authority = people::wallet(AUTHORITY).0;
    data.data[AUTHORITY_AT] = 1;
    data.data[AUTHORITY_AT + 1..][..32].copy_from_slice(authority.as_ref());
    svm.set_account(program_data(), data).expect("no program by itself");
    svm
}

fn sites() -> (BaseSite, SolanaSite) {
    let base = BaseSite { chain_id: 8_453, vault: [0xba; 20] };
    (base, SolanaSite { genesis: keccak(&[b"genesis"]), program: Account(williw_program::ID.to_bytes()) })
}

/// The network that [`plan`] describes.
pub(crate) fn network() -> NetworkId {
    let (base, solana) = sites();
    Network::new("fixture", Some(base), Some(solana)).expect("a sound network").id()
}

/// What the program is initialised with unless a test says otherwise.
pub(crate) fn plan() -> Plan {
    let (base, solana) = sites();
    Plan {
        name: "fixture".to_owned(),
        base_chain_id: base.chain_id,
        base_vault: base.vault,
        solana_genesis_hash: solana.genesis.0,
        genesis: GENESIS,
        cycle_length: LENGTH,
        governor: people::wallet("governor").0,
        guardian: people::wallet("guardian").0,
        vault: vault(1_000 * COIN, 10 * COIN, PERIOD, 12, 500),
        vault_bounds: VaultBounds {
            least: vault(COIN, 0, DAY, 0, 0),
            most: vault(1_000_000 * COIN, 1_000_000 * COIN, 365 * DAY, 300, 10_000),
        },
        pool: pool(2_000 * COIN, DELAY, PER_CYCLE),
        pool_bounds: PoolBounds { least: pool(COIN, 60, 1), most: pool(1_000_000 * COIN, LENGTH / 2, u64::MAX) },
    }
}

/// Parameters of the vault, in the order of the facts that hold them.
pub(crate) fn vault(
    min_stake: u64,
    min_deposit: u64,
    unstaking_period: u64,
    evidence_cycles: u64,
    slash_bps: u64,
) -> VaultTerms {
    VaultTerms {
        min_stake: min_stake.into(),
        min_deposit: min_deposit.into(),
        unstaking_period,
        evidence_cycles,
        slash_bps,
    }
}

/// Parameters of the pool.
pub(crate) fn pool(min_quorum: u64, delay: u64, max_per_cycle: u64) -> PoolTerms {
    PoolTerms { min_quorum: min_quorum.into(), delay, max_per_cycle: max_per_cycle.into() }
}
