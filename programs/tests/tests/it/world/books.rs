//! The program's accounts, read as the program wrote them, and as the reference model keeps the same things.

use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::ed25519::PeerSignature;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::journal::Head;
use williw_core::ledger::PostedRoot;
use williw_core::link::LinkTerms;
use williw_core::model;
use williw_core::statement::RewardRoot;
use williw_core::tenure::Tenure;
use williw_program::rules::{amounts, cycle_stakes, tenures};
use williw_program::state::{self, Record};

use super::{Person, World, calls};

/// The last cycle of a tenure that is not over.
const FOREVER: u64 = tenures::FOREVER;

pub(crate) fn amount(amount: amounts::Amount) -> Amount {
    Amount(amount.get())
}

pub(crate) fn cycle_stake(stake: &cycle_stakes::CycleStake) -> CycleStake {
    let [value, floor, floor_prev] = [stake.value, stake.floor, stake.floor_prev].map(amount);
    CycleStake::read_back(value, floor, floor_prev, Cycle(stake.cycle))
}

pub(crate) fn head(head: &state::Head) -> Head {
    Head { seq: head.seq, hash: Hash(head.hash) }
}

/// The link that an operator stands behind.
pub(crate) fn link(found: &state::Operator) -> LinkTerms {
    LinkTerms {
        peer: PeerId(found.peer),
        signer: Signer(found.signer),
        nonce: found.nonce,
        peer_signature: PeerSignature(found.peer_signature),
    }
}

/// A root as the ledger keeps it; none if the config says that there is none, and then nothing of one is left.
pub(crate) fn root(is_there: u8, found: &state::PostedRoot) -> Option<PostedRoot> {
    if is_there == 0 {
        assert_eq!(*found, state::PostedRoot::default(), "where no root is, there are zeros");
        return None;
    }
    let root = RewardRoot {
        root: Hash(found.root),
        total_base: amount(found.total_base),
        total_solana: amount(found.total_solana),
        blob_hash: Hash(found.blob_hash),
    };
    Some(PostedRoot { cycle: Cycle(found.cycle), root, activates: UnixSeconds(found.activates) })
}

/// An operator as the model keeps it.
pub(crate) fn operator(found: &state::Operator) -> model::Operator {
    let entry = |entry: &state::Entry| model::Entry {
        ticket: entry.ticket,
        amount: amount(entry.amount),
        maturity: UnixSeconds(entry.maturity),
    };
    let (used, empty) = found.queue.split_at(usize::from(found.entries));
    assert_eq!(empty, vec![state::Entry::default(); empty.len()], "places that nobody uses are empty");
    model::Operator {
        index: found.index,
        active: amount(found.active),
        queue: used.iter().map(entry).collect(),
        next_ticket: found.next_ticket,
        signer: Signer(found.signer),
        nonce: found.nonce,
        term: found.term,
        jailed_until: (found.jailed_until != 0).then_some(UnixSeconds(found.jailed_until)),
        stake: cycle_stake(&found.stake),
    }
}

/// A tenure as the model keeps it.
pub(crate) fn tenure(found: &state::Tenure) -> Tenure {
    Tenure {
        owner: Owner { chain: ChainId::Solana, account: Account(found.owner.to_bytes()) },
        from: Cycle(found.from),
        through: (found.through != FOREVER).then_some(Cycle(found.through)),
        term: found.term,
    }
}

impl World {
    /// The account of this kind at an address; none if there is nothing.
    pub(crate) fn record<T: Record>(&self, address: Pubkey) -> Option<T> {
        let account = self.account(address).filter(|account| account.owner != solana_sdk_ids::system_program::ID)?;
        assert_eq!(account.owner, williw_program::ID, "{address} belongs to another program");
        assert_eq!(account.data.len(), state::space::<T>(), "{address} has another size");
        assert_eq!(account.lamports, self.rent(account.data.len()), "{address} has exactly its rent");
        let fields = account.data.strip_prefix(T::DISCRIMINATOR).expect("an account of this kind");
        let record: T = bytemuck::pod_read_unaligned(fields);
        assert_eq!(record.version(), state::VERSION);
        Some(record)
    }

    pub(crate) fn config(&self) -> state::Config {
        self.record(calls::config()).expect("the program is initialised")
    }

    pub(crate) fn operator(&self, owner: &Person) -> model::Operator {
        operator(&self.record(calls::operator(owner.wallet)).expect("an operator"))
    }

    /// An operator's cycle stake as of now.
    pub(crate) fn stake_of(&self, owner: &Person) -> CycleStake {
        self.operator(owner).stake.at(Cycle(self.cycle()))
    }

    /// The chain's total cycle stake as of now.
    pub(crate) fn total(&self) -> CycleStake {
        cycle_stake(&self.config().total).at(Cycle(self.cycle()))
    }

    pub(crate) fn tenure(&self, signer: Signer) -> Option<Tenure> {
        self.record::<state::Tenure>(calls::tenure(signer)).map(|found| tenure(&found))
    }

    /// Whether a statement of this cycle by this signer counts.
    pub(crate) fn speaks_in(&self, owner: &Person, signer: Signer, cycle: u64) -> bool {
        let term = self.operator(owner).term;
        self.tenure(signer).is_some_and(|tenure| tenure.covers(Cycle(cycle), term))
    }

    /// How much stake was counted for a root and not posted yet.
    pub(crate) fn counted(&self, cycle: Cycle, root: &RewardRoot) -> u64 {
        let tally = self.record::<state::Tally>(calls::tally(cycle, root));
        tally.map_or(0, |tally| small(tally.counted))
    }

    pub(crate) fn bounty(&self, beneficiary: Pubkey) -> u64 {
        self.record::<state::Bounty>(calls::bounty(beneficiary)).map_or(0, |bounty| small(bounty.amount))
    }

    pub(crate) fn claimant(&self, owner: Pubkey) -> Option<state::Claimant> {
        self.record(calls::claimant(owner))
    }

    /// The head of the journal that an account of the program keeps.
    pub(crate) fn head(&self, journal: Pubkey) -> Head {
        if journal == calls::config() {
            return head(&self.config().head);
        }
        head(&self.record::<state::Operator>(journal).expect("an operator's account").head)
    }
}

fn small(atoms: amounts::Amount) -> u64 {
    u64::try_from(atoms.get()).expect("the amounts of this test fit a token account")
}
