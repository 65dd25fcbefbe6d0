//! The program on a chain of its own, and people who stake in it.

use anchor_client::Instruction;
use anchor_client::compat::solana_hash::Hash as Blockhash;
use anchor_client::compat::solana_transaction::Transaction;
use anchor_lang::prelude::Pubkey;
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use url::Url;
use williw_chain::solana::{Solana, SolanaSettings};
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::link::LinkTerms;
use williw_core::network::{Network, NetworkId, SolanaSite};
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, Statement};

use super::calls::{self, DAY, Plan, call, pda};
use super::localnet::Localnet;

const NAME: &str = "localnet";

/// How many blocks lie above one that is final, and one more.
const FINAL_AFTER: u64 = 33;

pub(crate) struct World {
    pub(crate) net: Localnet,
    pub(crate) program: Pubkey,
    pub(crate) network: NetworkId,
    pub(crate) clock: CycleClock,
    mint: Pubkey,
    payer: Keypair,
}

fn keypair(name: &str) -> Keypair {
    Keypair::new_from_array(keccak(&[name.as_bytes()]).0)
}

fn path(of: &str) -> String {
    format!("{}/../../programs/{of}", env!("CARGO_MANIFEST_DIR"))
}

impl World {
    /// A network behind so many endpoints, all of it final.
    pub(crate) async fn new(faces: usize) -> Self {
        let net = Localnet::start(faces).await;
        let payer = keypair("payer");
        let lamports = 1_000_000_000_000_u64;
        net.control("airdrop", json!({ "address": payer.pubkey().to_string(), "lamports": lamports })).await;
        let minted = net.control("mint", json!({ "decimals": 9 })).await;
        let mint = minted["mint"].as_str().unwrap().parse().unwrap();
        let key: Value = serde_json::from_slice(&std::fs::read(path("localnet-keypair.json")).unwrap()).unwrap();
        let bytecode = json!({
            "program": key, "so": path("bytecode/williw.so"), "authority": payer.pubkey().to_string(),
        });
        let deployed = net.control("deploy", bytecode).await;
        let program: Pubkey = deployed["program"].as_str().unwrap().parse().unwrap();
        net.advance(1).await;

        let genesis_hash = net.genesis.parse::<Pubkey>().unwrap().to_bytes();
        let site = SolanaSite { genesis: Hash(genesis_hash), program: Account(program.to_bytes()) };
        let network = Network::new(NAME, None, Some(site)).unwrap().id();
        let (genesis, cycle_length) = (1_700_000_000, DAY);
        let clock = CycleClock::new(UnixSeconds(genesis), Seconds(cycle_length)).unwrap();
        let (governor, guardian) = (payer.pubkey(), keypair("guardian").pubkey());
        let plan = Plan { name: NAME, genesis_hash, genesis, cycle_length, governor, guardian }.encode();
        let world = Self { net, program, network, clock, mint, payer };
        let (payer, authority) = (world.payer.pubkey(), world.payer.pubkey());
        let accounts = [("payer", payer), ("authority", authority), ("mint", mint)];
        world.must(&call(program, "initialize", &plan, &accounts), &[]).await;
        world.finalize().await;
        world
    }

    pub(crate) fn settings(&self, rpcs: &[&Url]) -> SolanaSettings {
        SolanaSettings {
            rpcs: rpcs.iter().map(|url| (*url).clone()).collect(),
            program: Account(self.program.to_bytes()),
            genesis: Account::from_base58(&self.net.genesis).unwrap(),
            network: self.network,
        }
    }

    /// A reader of so many of its endpoints.
    pub(crate) fn solana(&self, faces: usize) -> Solana {
        let rpcs: Vec<&Url> = self.net.rpcs.iter().take(faces).collect();
        Solana::new(&self.settings(&rpcs)).unwrap()
    }

    pub(crate) fn wallet(who: usize) -> Keypair {
        keypair(&format!("wallet of {who}"))
    }

    pub(crate) fn owner(who: usize) -> Owner {
        Owner { chain: ChainId::Solana, account: Account(Self::wallet(who).pubkey().to_bytes()) }
    }

    /// The account of an operator, and so its journal.
    pub(crate) fn operator(&self, who: usize) -> Pubkey {
        pda(self.program, &[b"operator", Self::wallet(who).pubkey().as_ref()])
    }

    pub(crate) fn config(&self) -> Pubkey {
        pda(self.program, &[b"config"])
    }

    pub(crate) fn tenure(&self, signer: Signer) -> Pubkey {
        pda(self.program, &[b"signer", &signer.0])
    }

    pub(crate) fn signer(who: usize) -> SignerKey {
        SignerKey::named(&format!("signer of {who} on solana"))
    }

    pub(crate) fn link(&self, who: usize, signer: &SignerKey, nonce: u64) -> (LinkTerms, Signature) {
        PeerKey::named(&format!("peer of {who}")).link(signer, self.network, Self::owner(who), nonce)
    }

    /// Two statements of one signer that contradict each other.
    pub(crate) fn evidence(&self, who: usize, cycle: Cycle) -> Evidence {
        let say = |byte| {
            let statement = Statement::new(Kind::Update, cycle, 7, Hash([byte; 32])).unwrap();
            Self::signer(who).state(self.network, statement)
        };
        Evidence { first: say(1), second: say(2) }
    }

    /// The cycle of the newest slot.
    pub(crate) async fn cycle(&self) -> Cycle {
        let state = self.net.control("advance", json!({ "slots": 1 })).await;
        self.clock.cycle(UnixSeconds(state["time"].as_u64().unwrap())).unwrap()
    }

    /// A signed transaction of these instructions, which the payer pays for.
    pub(crate) async fn signed(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Vec<u8> {
        let latest: Value = self.net.ask("getLatestBlockhash", json!([{ "commitment": "processed" }])).await;
        let blockhash: Blockhash = latest["value"]["blockhash"].as_str().unwrap().parse().unwrap();
        let all: Vec<&Keypair> = std::iter::once(&self.payer).chain(signers.iter().copied()).collect();
        let payer = self.payer.pubkey();
        let signed = Transaction::new_signed_with_payer(instructions, Some(&payer), &all, blockhash);
        bincode::serialize(&signed).unwrap()
    }

    /// Sends one instruction, and makes the next slot. Returns its signature and why it failed.
    pub(crate) async fn send(&self, instruction: &Instruction, signers: &[&Keypair]) -> (String, Value) {
        let signed = self.signed(std::slice::from_ref(instruction), signers).await;
        let sent = self.net.send(&signed).await;
        self.net.advance(1).await;
        sent
    }

    pub(crate) async fn must(&self, instruction: &Instruction, signers: &[&Keypair]) -> String {
        let (signature, failed) = self.send(instruction, signers).await;
        assert!(failed.is_null(), "{failed}");
        signature
    }

    pub(crate) async fn register(&self, who: usize, amount: u64) -> String {
        let (wallet, signer) = (Self::wallet(who), Self::signer(who));
        let funds = json!({ "mint": self.mint.to_string(), "owner": wallet.pubkey().to_string(), "amount": 1_000_000 });
        self.net.control("fund", funds).await;
        let (link, signature) = self.link(who, &signer, 1);
        let arguments = [&amount.to_le_bytes()[..], &calls::link(&link, &signature)].concat();
        let accounts = [
            ("owner", wallet.pubkey()),
            ("payer", self.payer.pubkey()),
            ("operator", self.operator(who)),
            ("tenure", self.tenure(signer.address())),
            ("source", calls::purse(wallet.pubkey(), self.mint)),
            ("mint", self.mint),
        ];
        self.must(&call(self.program, "register", &arguments, &accounts), &[&wallet]).await
    }

    pub(crate) fn staking(&self, who: usize, amount: u64) -> Instruction {
        let wallet = Self::wallet(who).pubkey();
        let source = calls::purse(wallet, self.mint);
        let accounts = [("funder", wallet), ("operator", self.operator(who)), ("source", source), ("mint", self.mint)];
        call(self.program, "stake", &amount.to_le_bytes(), &accounts)
    }

    pub(crate) async fn stake(&self, who: usize, amount: u64) -> String {
        self.must(&self.staking(who, amount), &[&Self::wallet(who)]).await
    }

    pub(crate) fn unstaking(&self, who: usize, amount: u64) -> Instruction {
        let accounts = [("owner", Self::wallet(who).pubkey()), ("operator", self.operator(who))];
        call(self.program, "unstake", &amount.to_le_bytes(), &accounts)
    }

    pub(crate) async fn unstake(&self, who: usize, amount: u64) -> String {
        self.must(&self.unstaking(who, amount), &[&Self::wallet(who)]).await
    }

    pub(crate) async fn slash(&self, who: usize) -> String {
        let evidence = self.evidence(who, self.cycle().await);
        let beneficiary = self.payer.pubkey();
        let arguments = [calls::bytes(&evidence.encode()), beneficiary.to_bytes().to_vec()].concat();
        let accounts = [
            ("payer", self.payer.pubkey()),
            ("tenure", self.tenure(Self::signer(who).address())),
            ("operator", self.operator(who)),
            ("bounty", pda(self.program, &[b"bounty", beneficiary.as_ref()])),
        ];
        self.must(&call(self.program, "slash", &arguments, &accounts), &[]).await
    }

    /// Makes a new signer that serves the owner from now on, and the next link.
    pub(crate) async fn rotate(&self, who: usize, nonce: u64) -> String {
        let (wallet, next) = (Self::wallet(who), SignerKey::named(&format!("signer {nonce} of {who}")));
        let present =
            if nonce == 2 { Self::signer(who) } else { SignerKey::named(&format!("signer {} of {who}", nonce - 1)) };
        let (link, signature) = self.link(who, &next, nonce);
        let accounts = [
            ("owner", wallet.pubkey()),
            ("payer", self.payer.pubkey()),
            ("operator", self.operator(who)),
            ("tenure", self.tenure(present.address())),
            ("next", self.tenure(next.address())),
        ];
        self.must(&call(self.program, "rotate", &calls::link(&link, &signature), &accounts), &[&wallet]).await
    }

    /// Pays into the pool.
    pub(crate) async fn fund(&self, who: usize, amount: u64) -> String {
        let wallet = Self::wallet(who);
        let source = calls::purse(wallet.pubkey(), self.mint);
        let accounts = [("funder", wallet.pubkey()), ("source", source), ("mint", self.mint)];
        self.must(&call(self.program, "fund", &amount.to_le_bytes(), &accounts), &[&wallet]).await
    }

    /// So many transactions that name an account and do nothing with it but to leave lamports there.
    pub(crate) async fn crowd(&self, account: Pubkey, transactions: u64) {
        let latest: Value = self.net.ask("getLatestBlockhash", json!([{ "commitment": "processed" }])).await;
        let blockhash: Blockhash = latest["value"]["blockhash"].as_str().unwrap().parse().unwrap();
        let payer = self.payer.pubkey();
        for lamports in 1..=transactions {
            let transfer = calls::transfer(payer, account, lamports);
            let signed = Transaction::new_signed_with_payer(&[transfer], Some(&payer), &[&self.payer], blockhash);
            self.net.post(&bincode::serialize(&signed).unwrap()).await;
        }
        self.net.advance(1).await;
    }

    /// Makes blocks until everything so far is final.
    pub(crate) async fn finalize(&self) {
        self.net.advance(FINAL_AFTER).await;
    }
}
