//! What the program said: its events are instructions to itself, which no log limit cuts short.

use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AnchorDeserialize, Discriminator};
use litesvm::types::TransactionMetadata;
use solana_message::Message;
use williw_core::amount::Amount;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_program::ID;
use williw_program::events;

use super::calls;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Recorded(Fact),
    BountyCollected { beneficiary: Pubkey, amount: u64 },
    Claimed { owner: Pubkey, recipient: Pubkey, amount: u64, cumulative: Amount },
    RecipientProposed { owner: Pubkey, recipient: Pubkey },
    RecipientConfirmed { owner: Pubkey, recipient: Pubkey },
    DepositsPaused { paused: bool },
    GovernorOffered { to: Pubkey },
    GovernorAccepted { governor: Pubkey },
    GuardianSet { guardian: Pubkey },
}

/// The events of a transaction, in order.
pub(super) fn of(message: &Message, meta: &TransactionMetadata) -> Vec<Event> {
    let key = |index: u8| message.account_keys[usize::from(index)];
    let inner = meta.inner_instructions.iter().flatten().map(|inner| &inner.instruction);
    inner
        .filter(|instruction| key(instruction.program_id_index) == ID)
        .filter_map(|instruction| instruction.data.strip_prefix(EVENT_IX_TAG_LE).map(|rest| (instruction, rest)))
        .map(|(instruction, rest)| {
            let accounts: Vec<Pubkey> = instruction.accounts.iter().map(|&index| key(index)).collect();
            assert_eq!(accounts, [calls::event_authority()], "an event is signed by the event authority alone");
            decode(rest)
        })
        .collect()
}

fn decode(bytes: &[u8]) -> Event {
    /// The event's fields, if these bytes are one of its kind: all of them and nothing else.
    fn of_kind<T: AnchorDeserialize + Discriminator>(bytes: &[u8]) -> Option<T> {
        let mut fields = bytes.strip_prefix(T::DISCRIMINATOR)?;
        let event = T::deserialize(&mut fields).expect("an event of this kind");
        assert!(fields.is_empty(), "bytes are left over after an event");
        Some(event)
    }
    let recorded = of_kind::<events::Recorded>(bytes).map(|event| Event::Recorded(fact(&event)));
    let paid = || {
        of_kind::<events::BountyCollected>(bytes)
            .map(|event| Event::BountyCollected { beneficiary: event.beneficiary, amount: event.amount })
    };
    let claimed = || {
        of_kind::<events::Claimed>(bytes).map(|event| Event::Claimed {
            owner: event.owner,
            recipient: event.recipient,
            amount: event.amount,
            cumulative: Amount(event.cumulative),
        })
    };
    let proposed = || {
        of_kind::<events::RecipientProposed>(bytes)
            .map(|event| Event::RecipientProposed { owner: event.owner, recipient: event.recipient })
    };
    let confirmed = || {
        of_kind::<events::RecipientConfirmed>(bytes)
            .map(|event| Event::RecipientConfirmed { owner: event.owner, recipient: event.recipient })
    };
    let roles = || {
        let paused =
            of_kind::<events::DepositsPaused>(bytes).map(|event| Event::DepositsPaused { paused: event.paused });
        paused
            .or_else(|| of_kind::<events::GovernorOffered>(bytes).map(|event| Event::GovernorOffered { to: event.to }))
            .or_else(|| {
                of_kind::<events::GovernorAccepted>(bytes)
                    .map(|event| Event::GovernorAccepted { governor: event.governor })
            })
            .or_else(|| {
                of_kind::<events::GuardianSet>(bytes).map(|event| Event::GuardianSet { guardian: event.guardian })
            })
    };
    let event = recorded.or_else(paid).or_else(claimed).or_else(proposed).or_else(confirmed).or_else(roles);
    event.unwrap_or_else(|| panic!("an event that nobody knows: {bytes:02x?}"))
}

fn fact(event: &events::Recorded) -> Fact {
    Fact {
        chain: ChainId::Solana,
        journal: Account(event.journal.to_bytes()),
        seq: event.seq,
        time: UnixSeconds(event.time),
        height: Height(event.slot),
        body: Body::decode(ChainId::Solana, event.kind, &event.body).expect("the body of a fact"),
    }
}
