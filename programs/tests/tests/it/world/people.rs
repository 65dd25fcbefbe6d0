//! Whoever is named: a wallet, a signer and a peer.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use williw_core::hash::keccak;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::link::LinkTerms;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::{PeerKey, SignerKey};

use super::{Receipt, World};

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) wallet: Pubkey,
    /// Its first signer; `key` gives it others.
    pub(crate) signer: SignerKey,
    pub(crate) peer: PeerKey,
}

/// The key pair of a wallet: its address and its secret half.
pub(crate) fn wallet(name: &str) -> (Pubkey, [u8; 32]) {
    let secret = keccak(&[b"wallet", name.as_bytes()]).0;
    (Keypair::new_from_array(secret).pubkey(), secret)
}

impl Person {
    pub(crate) fn account(&self) -> Account {
        Account(self.wallet.to_bytes())
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner { chain: ChainId::Solana, account: self.account() }
    }

    /// Another signer of its own.
    pub(crate) fn key(&self, which: &str) -> SignerKey {
        SignerKey::named(&format!("{}'s {which} signer", self.name))
    }
}

impl World {
    /// Whoever has this name, with lamports and an account for the stake's token.
    pub(crate) fn person(&mut self, name: &str) -> Person {
        let wallet = self.wallet(name);
        self.open(self.site.mint, wallet);
        Person {
            name: name.to_owned(),
            wallet,
            signer: SignerKey::named(&format!("{name}'s first signer")),
            peer: PeerKey::named(name),
        }
    }

    /// The link of a person and one of its signers, signed by both halves.
    pub(crate) fn link(&self, person: &Person, signer: &SignerKey, nonce: u64) -> (LinkTerms, Signature) {
        person.peer.link(signer, self.network, person.owner(), nonce)
    }

    // What people do when nothing is in their way; a refusal fails the test.

    pub(crate) fn register(&mut self, person: &Person, amount: u64) -> Receipt {
        self.give(person.wallet, amount);
        let (link, signature) = self.link(person, &person.signer, 1);
        self.must(self.site.register(person.wallet, amount, &link, &signature.0))
    }

    pub(crate) fn stake(&mut self, person: &Person, amount: u64) -> Receipt {
        self.give(person.wallet, amount);
        self.must(self.site.stake(person.wallet, person.wallet, amount))
    }

    /// The ticket.
    pub(crate) fn unstake(&mut self, person: &Person, amount: u64) -> u64 {
        self.must(self.site.unstake(person.wallet, amount)).number()
    }

    /// What was paid.
    pub(crate) fn withdraw(&mut self, person: &Person, limit: u64) -> u64 {
        self.must(self.site.withdraw(person.wallet, limit)).number()
    }

    pub(crate) fn rotate(&mut self, person: &Person, from: Signer, to: &SignerKey, nonce: u64) -> Receipt {
        let (link, signature) = self.link(person, to, nonce);
        self.must(self.site.rotate(person.wallet, from, &link, &signature.0))
    }

    pub(crate) fn unjail(&mut self, person: &Person, to: &SignerKey, nonce: u64) -> Receipt {
        let (link, signature) = self.link(person, to, nonce);
        self.must(self.site.unjail(person.wallet, &link, &signature.0))
    }

    /// Somebody has two votes of this signer in the present cycle. What was taken.
    pub(crate) fn slash(&mut self, person: &Person, signer: &SignerKey, beneficiary: Pubkey) -> u64 {
        let evidence = self.evidence(signer, self.cycle());
        self.must(self.site.slash(signer.address(), person.wallet, evidence.encode().to_vec(), beneficiary)).number()
    }

    pub(crate) fn fund(&mut self, amount: u64) -> Receipt {
        let funder = self.person("funder");
        self.give(funder.wallet, amount);
        self.must(self.site.fund(funder.wallet, amount))
    }
}
