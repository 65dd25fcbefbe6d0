//! A network on a localnet, in which time passes by itself, and what its owners have.

use anchor_client::Instruction;
use anchor_client::compat::solana_message::legacy::Message;
use anchor_lang::prelude::{AccountMeta, Pubkey};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use williw_chain::wallet::{Keypair, Wallet};
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::ed25519::PeerSignature;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, PeerId};
use williw_core::link::LinkTerms;
use williw_core::network::{Network, NetworkId, SolanaSite};
use williw_core::secp256k1::Signature;

use super::calls::{DAY, Plan, TOKEN, call, pda, purse};
use super::localnet::Localnet;

const NAME: &str = "localnet";

/// The smallest stake and for how long it thaws, as the plan has it; and what everybody is given, in atoms.
pub(crate) const MIN_STAKE: u64 = 1_000;
pub(crate) const UNSTAKING: u64 = 14 * DAY;
pub(crate) const WEALTH: u64 = 1_000_000;

const LAMPORTS: u64 = 10_000_000_000;
const GENESIS: u64 = 1_700_000_000;

/// Whoever deployed the network.
const DEPLOYER: [u8; 32] = [9; 32];

pub(crate) struct OnSolana {
    pub(crate) net: Localnet,
    pub(crate) network: Network,
    pub(crate) genesis: Account,
    pub(crate) program: Account,
    mint: Pubkey,
}

/// An owner of Solana.
pub(crate) fn keypair(secret: &[u8; 32]) -> Keypair {
    Keypair::parse(keypair_file(secret).as_bytes()).unwrap()
}

/// The file that `solana-keygen` would have written.
pub(crate) fn keypair_file(secret: &[u8; 32]) -> String {
    serde_json::to_string(&SigningKey::from_bytes(secret).to_keypair_bytes().to_vec()).unwrap()
}

fn address(key: &SigningKey) -> Pubkey {
    Pubkey::new_from_array(key.verifying_key().to_bytes())
}

fn path(of: &str) -> String {
    format!("{}/../../programs/{of}", env!("CARGO_MANIFEST_DIR"))
}

impl OnSolana {
    /// A network behind so many endpoints, with slots of so many milliseconds.
    pub(crate) async fn begin(faces: usize, slot_ms: u64) -> Self {
        let net = Localnet::with(faces, &["--slot-ms", &slot_ms.to_string()]).await;
        let deployer = SigningKey::from_bytes(&DEPLOYER);
        let idl: Value = serde_json::from_slice(&std::fs::read(path("idl/williw.json")).unwrap()).unwrap();
        let authority = address(&deployer).to_string();
        let deploy = json!({ "program": idl["address"], "so": path("bytecode/williw.so"), "authority": authority });
        net.control("deploy", deploy).await;
        let mint = net.control("mint", json!({ "decimals": 9 })).await;
        let genesis = Account::from_base58(&net.genesis).unwrap();
        let program = Account::from_base58(idl["address"].as_str().unwrap()).unwrap();
        let site = SolanaSite { genesis: Hash(genesis.0), program };
        let network = Network::new(NAME, None, Some(site)).unwrap();
        let mint = mint["mint"].as_str().unwrap().parse().unwrap();
        let world = Self { net, network, genesis, program, mint };
        world.enrich(Account(address(&deployer).to_bytes())).await;
        world.initialize(&deployer).await;
        world
    }

    async fn initialize(&self, deployer: &SigningKey) {
        let who = address(deployer);
        let plan = Plan {
            name: NAME,
            genesis_hash: self.genesis.0,
            genesis: GENESIS,
            cycle_length: DAY,
            governor: who,
            guardian: who,
        };
        let accounts = [("payer", who), ("authority", who), ("mint", self.mint)];
        self.execute(call(self.id(), "initialize", &plan.encode(), &accounts), deployer).await;
    }

    const fn id(&self) -> Pubkey {
        Pubkey::new_from_array(self.program.0)
    }

    /// Gives an account lamports and tokens.
    pub(crate) async fn enrich(&self, account: Account) {
        let address = account.base58();
        self.net.control("airdrop", json!({ "address": address, "lamports": LAMPORTS })).await;
        let funds = json!({ "mint": self.mint.to_string(), "owner": address, "amount": WEALTH });
        self.net.control("fund", funds).await;
    }

    /// Moves tokens out of the purse of whoever has this key.
    pub(crate) async fn spend(&self, secret: &[u8; 32], amount: u64) {
        const TRANSFER: u8 = 3;
        let (key, deployer) = (SigningKey::from_bytes(secret), SigningKey::from_bytes(&DEPLOYER));
        let owner = address(&key);
        let accounts = vec![
            AccountMeta::new(purse(owner, self.mint), false),
            AccountMeta::new(purse(address(&deployer), self.mint), false),
            AccountMeta::new_readonly(owner, true),
        ];
        let data = [&[TRANSFER][..], &amount.to_le_bytes()].concat();
        self.execute(Instruction { program_id: TOKEN, accounts, data }, &key).await;
    }

    /// Has an instruction executed that a key pays and signs, past the steps of sending. It is shown when this is done.
    async fn execute(&self, instruction: Instruction, key: &SigningKey) {
        let latest: Value = self.net.ask("getLatestBlockhash", json!([{ "commitment": "confirmed" }])).await;
        let blockhash = latest["value"]["blockhash"].as_str().unwrap().parse().unwrap();
        let message = Message::new_with_blockhash(&[instruction], Some(&address(key)), &blockhash).serialize();
        let signature = key.sign(&message).to_bytes();
        let (_, failed) = self.net.send(&[&[1], &signature[..], &message].concat()).await;
        assert!(failed.is_null(), "{failed}");
        self.net.advance(2).await;
    }

    /// Lets nothing become final that happens from now on. The last slot before that.
    pub(crate) async fn hold_final(&self) -> u64 {
        // The newest one is not over.
        let before = self.net.slot("processed").await - 1;
        self.net.control("hold", json!({ "commitment": "finalized", "at": before })).await;
        before
    }

    pub(crate) async fn release_final(&self) {
        self.net.control("release", json!({ "commitment": "finalized" })).await;
    }

    /// Has the next transactions answered, and never executed.
    pub(crate) async fn drop(&self, next: u64) {
        self.net.control("drop", json!({ "next": next })).await;
    }

    /// Lets everything that has happened so far become final.
    pub(crate) async fn finalize(&self) {
        self.net.advance(40).await;
    }

    /// Lets every blockhash that was ever given out grow too old, and that become final.
    pub(crate) async fn expire(&self) {
        self.net.advance(250).await;
    }

    pub(crate) async fn wait(&self, seconds: u64) {
        self.net.control("advance", json!({ "seconds": seconds })).await;
        self.finalize().await;
    }

    /// What lies in the purse of an account, now.
    pub(crate) async fn tokens(&self, account: Account) -> u64 {
        self.balance(purse(Pubkey::new_from_array(account.0), self.mint)).await
    }

    /// All that is staked, now.
    pub(crate) async fn staked(&self) -> u64 {
        self.balance(pda(self.id(), &[b"stake"])).await
    }

    async fn balance(&self, tokens: Pubkey) -> u64 {
        let params = json!([tokens.to_string(), { "commitment": "processed" }]);
        let amount: Value = self.net.ask("getTokenAccountBalance", params).await;
        amount["value"]["amount"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn cycle(&self) -> Cycle {
        let state = self.net.control("state", json!({})).await;
        let clock = CycleClock::new(UnixSeconds(GENESIS), Seconds(DAY)).unwrap();
        clock.cycle(UnixSeconds(state["time"].as_u64().unwrap())).unwrap()
    }
}

/// The signer that a link with this nonce names.
pub(crate) fn signer(nonce: u64) -> Wallet {
    Wallet::from_secret(&[u8::try_from(nonce).unwrap() + 20; 32]).unwrap()
}

/// A link of this owner to some peer and its signer, under both signatures.
pub(crate) fn link(network: NetworkId, owner: Account, nonce: u64) -> (LinkTerms, Signature) {
    let (wallet, peer) = (signer(nonce), SigningKey::from_bytes(&[8; 32]));
    let owner = Owner { chain: ChainId::Solana, account: owner };
    let mut terms = LinkTerms {
        peer: PeerId(peer.verifying_key().to_bytes()),
        signer: wallet.signer(),
        nonce,
        peer_signature: PeerSignature([0; 64]),
    };
    terms.peer_signature.0 = peer.sign(&terms.peer_message(network, owner)).to_bytes();
    let signature = wallet.sign_digest(terms.signing_digest(network, owner)).unwrap();
    (terms, signature)
}
