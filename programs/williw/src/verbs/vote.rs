use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::{Recorded, tell};
use crate::rules::amounts::Amount;
use crate::rules::roots::RewardRoot;
use crate::rules::{facts, signatures};
use crate::state::{self, Config, Operator, Tally, Tenure};

#[event_cpi]
#[derive(Accounts)]
pub struct Vote<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: of this cycle and root; created if it is absent and somebody was counted.
    #[account(mut)]
    pub tally: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
    // Behind them, for each signature in turn: the tenure of its signer, and the operator of that tenure.
}

/// What is voted for, and when.
struct Ballot {
    cycle: u64,
    /// The cycle in which votes for it are taken.
    present: u64,
    digest: [u8; 32],
    /// What its voters signed.
    signed: [u8; 32],
}

impl<'info> Vote<'info> {
    pub fn run(ctx: Context<'info, Self>, cycle: u64, root: &RewardRoot, signatures: &[u8]) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let (recorded, ballot, counted) = {
            let mut config = state::load_mut(&accounts.config)?;
            require!(config.clock().takes_votes(cycle, at.time), Refusal::OutsideVoting);
            require!(cycle >= config.first_open, Refusal::CycleClosed);
            config.settle(at);
            config.check_total(cycle, Amount::new(root.total_solana))?;
            require!(signatures.len().is_multiple_of(signatures::LEN), Refusal::Length);

            let vote = root.vote(cycle);
            let signed = vote.signing_digest(&config.domain);
            let ballot = Ballot { cycle, present: config.cycle(at)?, digest: vote.digest, signed };
            let more = ballot.count(signatures, ctx.remaining_accounts)?;
            let counted = accounts.counted(&ballot)?.plus(more)?;
            let mut recorded = None;
            if config.is_enough(ballot.present, counted) {
                let activates = at.later(config.pool.delay);
                config.post(cycle, root, activates);
                let fact = facts::root_pending(cycle, root, activates);
                recorded = Some(config.head.record(&accounts.config.key(), at, fact));
            }
            config.invariant();
            (recorded, ballot, counted)
        };
        accounts.keep(&ballot, counted, recorded.as_ref())?;
        recorded.map_or(Ok(()), |recorded| tell(&accounts.event_authority, &recorded))
    }

    /// What was counted before.
    fn counted(&self, ballot: &Ballot) -> Result<Amount> {
        let Some(tally) = state::read::<Tally>(&self.tally)? else {
            let (address, _) = Pubkey::find_program_address(&ballot.seeds(), &crate::ID);
            require_keys_eq!(*self.tally.key, address, Refusal::ForeignAccount);
            return Ok(Amount::ZERO);
        };
        let is_this = tally.cycle == ballot.cycle && tally.digest == ballot.digest;
        require!(is_this, Refusal::ForeignAccount);
        Ok(tally.counted)
    }

    /// Stores the count; once the root is posted nobody counts for it any more.
    fn keep(&self, ballot: &Ballot, counted: Amount, posted: Option<&Recorded>) -> Result<()> {
        let counted = if posted.is_some() { Amount::ZERO } else { counted };
        if let Some(mut tally) = state::write::<Tally>(&self.tally)? {
            tally.counted = counted;
            return Ok(());
        }
        if counted.is_zero() {
            return Ok(());
        }
        let tally = Tally::new(ballot.cycle, ballot.digest, counted, self.payer.key());
        state::create(&self.tally, &self.payer, &ballot.seeds(), &tally)
    }
}

impl Ballot {
    fn seeds(&self) -> [&[u8]; 3] {
        [Tally::SEED, bytemuck::bytes_of(&self.cycle), &self.digest]
    }

    /// Counts each operator once per cycle, by the stake it had in that cycle. One signature that is refused refuses all of
    /// them; an operator that was counted already, or had no stake, is passed over.
    fn count(&self, signatures: &[u8], voters: &[AccountInfo]) -> Result<Amount> {
        let (pairs, rest) = voters.as_chunks::<2>();
        let signatures = signatures.chunks_exact(signatures::LEN);
        require!(rest.is_empty() && pairs.len() == signatures.len(), Refusal::ForeignAccount);
        let mut weight = Amount::ZERO;
        for (signature, [tenure, operator]) in signatures.zip(pairs) {
            weight = weight.plus(self.weigh(signature, tenure, operator)?)?;
        }
        Ok(weight)
    }

    fn weigh(&self, signature: &[u8], tenure: &AccountInfo, operator: &AccountInfo) -> Result<Amount> {
        let signer = signatures::recover(&self.signed, signature)?;
        let tenure = state::read::<Tenure>(tenure)?.ok_or(Refusal::UnknownSigner)?;
        require!(tenure.signer == signer, Refusal::ForeignAccount);
        let mut operator = state::write::<Operator>(operator)?.ok_or(Refusal::ForeignAccount)?;
        require_keys_eq!(operator.owner, tenure.owner, Refusal::ForeignAccount);
        require!(tenure.interval().covers(self.cycle, operator.term), Refusal::OutsideTenure);
        let weight = operator.stake.at(self.present).floor_prev;
        if operator.voted_before > self.cycle || weight.is_zero() {
            return Ok(Amount::ZERO);
        }
        operator.voted_before = self.cycle.saturating_add(1);
        Ok(weight)
    }
}
