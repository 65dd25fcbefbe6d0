//! The program's instructions, as its IDL describes them to anybody.

use anchor_client::Instruction;
use anchor_lang::prelude::{AccountMeta, Pubkey};
use serde_json::Value;
use williw_core::link::LinkTerms;
use williw_core::secp256k1::Signature;

pub(crate) const TOKEN: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const ASSOCIATED: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");

fn idl() -> Value {
    let text = include_str!("../../../../../programs/idl/williw.json");
    serde_json::from_str(text).unwrap()
}

/// An instruction with these arguments, and these accounts beside those that follow from the program alone.
pub(crate) fn call(program: Pubkey, name: &str, arguments: &[u8], accounts: &[(&str, Pubkey)]) -> Instruction {
    let idl = idl();
    let described = idl["instructions"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let place = |account: &Value| {
        let name = account["name"].as_str().unwrap();
        let given = accounts.iter().find(|(given, _)| *given == name).map(|(_, address)| *address);
        let pubkey = given.unwrap_or_else(|| standing(program, name));
        let is = |right: &str| account[right].as_bool().unwrap_or_default();
        AccountMeta { pubkey, is_signer: is("signer"), is_writable: is("writable") }
    };
    let mut data: Vec<u8> = serde_json::from_value(described["discriminator"].clone()).unwrap();
    data.extend(arguments);
    let accounts = described["accounts"].as_array().unwrap().iter().map(place).collect();
    Instruction { program_id: program, accounts, data }
}

fn standing(program: Pubkey, name: &str) -> Pubkey {
    match name {
        "config" => pda(program, &[b"config"]),
        "stake_tokens" => pda(program, &[b"stake"]),
        "reward_tokens" => pda(program, &[b"rewards"]),
        "event_authority" => pda(program, &[b"__event_authority"]),
        "program" => program,
        "program_data" => Pubkey::find_program_address(&[program.as_ref()], &LOADER).0,
        "token_program" => TOKEN,
        "system_program" => anchor_lang::system_program::ID,
        other => panic!("who is {other}?"),
    }
}

pub(crate) fn pda(program: Pubkey, seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &program).0
}

/// The token account in which a wallet keeps a token.
pub(crate) fn purse(wallet: Pubkey, mint: Pubkey) -> Pubkey {
    pda(ASSOCIATED, &[wallet.as_ref(), TOKEN.as_ref(), mint.as_ref()])
}

/// Lamports from a wallet to any address.
pub(crate) fn transfer(from: Pubkey, to: Pubkey, lamports: u64) -> Instruction {
    const TRANSFER: u32 = 2;
    let accounts = vec![AccountMeta::new(from, true), AccountMeta::new(to, false)];
    let data = [&TRANSFER.to_le_bytes()[..], &lamports.to_le_bytes()].concat();
    Instruction { program_id: anchor_lang::system_program::ID, accounts, data }
}

/// A list of bytes, as an argument.
pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}

/// A link and the signer's half of it, as arguments.
pub(crate) fn link(terms: &LinkTerms, signature: &Signature) -> Vec<u8> {
    let nonce = terms.nonce.to_le_bytes();
    [&terms.peer.0[..], &terms.signer.0, &nonce, &terms.peer_signature.0, &bytes(&signature.0)].concat()
}

/// What a network begins with.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) genesis_hash: [u8; 32],
    pub(crate) genesis: u64,
    pub(crate) cycle_length: u64,
    pub(crate) governor: Pubkey,
    pub(crate) guardian: Pubkey,
}

pub(crate) const DAY: u64 = 86_400;

impl Plan {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let numbers = |numbers: &[u64]| -> Vec<u8> { numbers.iter().flat_map(|number| number.to_le_bytes()).collect() };
        // Amounts have two halves: the least stake, the least deposit, the unstaking period, how old evidence may be, the
        // fraction that is slashed.
        let vault = |least: u64, period: u64, slash: u64| numbers(&[least, 0, 1, 0, period, 12, slash]);
        // The least quorum, the delay, the most per cycle.
        let pool = |least: u64, delay: u64| numbers(&[least, 0, delay, 1_000, 0]);
        [
            bytes(self.name.as_bytes()),
            numbers(&[0]),
            vec![0; 20],
            self.genesis_hash.to_vec(),
            numbers(&[self.genesis, self.cycle_length]),
            self.governor.to_bytes().to_vec(),
            self.guardian.to_bytes().to_vec(),
            vault(1_000, 14 * DAY, 500),
            vault(1, DAY, 0),
            vault(1_000_000, 365 * DAY, 10_000),
            pool(2_000, 6 * 3_600),
            pool(1, 60),
            pool(1_000_000, DAY / 2),
        ]
        .concat()
    }
}
