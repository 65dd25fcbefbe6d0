//! From a verb to the call that asks it: with the accounts that have to be looked up on the chain first.

use anchor_client::Instruction;
use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;
use williw_core::identity::{Account, Signer};

use crate::fault::{AccountFault, ChainError, EndpointFault, Reading};
use crate::send::SendError;
use crate::solana::Solana;
use crate::solana::account::{Record, Shown, ours};
use crate::solana::derive::account_of;
use crate::solana::program::williw::accounts::{Config, Tenure};
use crate::verb::{Call, Verb};

use super::venue::{Venue, atoms, key};
use super::{MATTER, message};

/// Where a token account of either token program keeps its amount.
const AMOUNT: std::ops::Range<usize> = 64..72;

impl Solana {
    /// The calls that carry a verb out for `from`: one transaction, in which also the token account is made that is paid. It
    /// is the same for the same verb whether or not that account exists, so that whoever asks twice is recognised.
    pub async fn calls(&mut self, verb: &Verb, from: Account) -> Result<Reading<Vec<Call>>, SendError> {
        let value = self.patience.patiently(async || {
            let call = self.call_once(verb, from).await?;
            if let Some(amount) = verb.pulls() {
                let venue = self.venue().await?;
                self.has_tokens(&venue, from, amount, &call.what).await?;
            }
            Ok(vec![call])
        });
        let value = value.await?;
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    /// The same without a look at whether `from` has the tokens: whoever staked them all has none left to be asked about.
    pub async fn own_call(&mut self, verb: &Verb, from: Account) -> Result<Reading<Call>, SendError> {
        let value = self.patience.patiently(async || self.call_once(verb, from).await).await?;
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    async fn call_once(&mut self, verb: &Verb, from: Account) -> Result<Call, SendError> {
        self.begin(MATTER).await;
        let venue = self.venue().await?;
        let instructions = self.instructions(&venue, verb, key(from)).await?;
        Ok(message::call(venue.addresses.program, key(from), &instructions, verb.what(Account::base58)))
    }

    /// The network's program and token, as a quorum has its configuration.
    async fn venue(&mut self) -> Result<Venue, ChainError> {
        if let Some(venue) = self.venue {
            return Ok(venue);
        }
        let (addresses, address) = (self.addresses, self.addresses.config);
        let read = |shown: Option<&Shown>| {
            let config: Config = state(&addresses.program, address, shown)?.ok_or(EndpointFault::NoConfig)?;
            Ok((config.mint, config.token_program))
        };
        let (mint, token_program) = self.agree_on_account("the network's token", address, read).await?;
        let venue = Venue { addresses, mint, token_program };
        // Neither can be changed.
        self.venue = Some(venue);
        Ok(venue)
    }

    async fn instructions(&mut self, venue: &Venue, verb: &Verb, from: Pubkey) -> Result<Vec<Instruction>, SendError> {
        Ok(match verb {
            Verb::Register { amount, link, signature } => {
                vec![venue.register(from, atoms(*amount)?, link, signature)]
            }
            Verb::Stake { account, amount } => vec![venue.stake(from, key(*account), atoms(*amount)?)],
            Verb::Unstake { amount } => vec![venue.unstake(from, atoms(*amount)?)],
            Verb::Restake { ticket } => vec![venue.restake(from, *ticket)],
            Verb::Withdraw { limit } => vec![venue.open_purse(from, from), venue.withdraw(from, *limit)],
            Verb::Rotate { present, link, signature } => vec![venue.rotate(from, *present, link, signature)],
            Verb::Unjail { link, signature } => vec![venue.unjail(from, link, signature)],
            Verb::Slash { evidence, beneficiary } => {
                let contradiction = evidence.prove(self.settings.network).map_err(SendError::ProvesNothing)?;
                let signer = contradiction.signer();
                let accused = (signer, self.served_by(venue, signer).await?);
                vec![venue.slash(from, accused, evidence, key(*beneficiary))]
            }
            Verb::Collect { beneficiary } => {
                let beneficiary = key(*beneficiary);
                vec![venue.open_purse(from, beneficiary), venue.collect(beneficiary)]
            }
        })
    }

    /// The owner whom a signer served; an address of nobody if there is none, of which the program has its own words.
    async fn served_by(&mut self, venue: &Venue, signer: Signer) -> Result<Pubkey, ChainError> {
        let (program, address) = (venue.addresses.program, venue.addresses.tenure(signer));
        let read = |shown: Option<&Shown>| {
            let tenure: Option<Tenure> = state(&program, address, shown)?;
            Ok(tenure.map(|tenure| tenure.owner))
        };
        let found = self.agree_on_account("whom the signer served", address, read).await?;
        Ok(found.unwrap_or_default())
    }

    /// The token program would say the same in fewer words.
    async fn has_tokens(&mut self, venue: &Venue, from: Account, needs: Amount, what: &str) -> Result<(), SendError> {
        let (token_program, address) = (venue.token_program, venue.purse(key(from)));
        let read = |shown: Option<&Shown>| {
            let Some(shown) = shown.filter(|shown| !shown.is_bare()) else { return Ok(0) };
            let bad = |why| EndpointFault::BadAccount { account: account_of(address), why };
            let bytes = shown.bytes_of(&token_program).map_err(bad)?;
            let amount = bytes.get(AMOUNT).and_then(|amount| amount.try_into().ok());
            amount.map(u64::from_le_bytes).ok_or(bad(AccountFault::Size))
        };
        let amounts = self.read_account(address, read).await;
        match self.lacking("whether the account has tokens enough", amounts, atoms(needs)?)? {
            None => Ok(()),
            Some(has) => Err(SendError::TooFewTokens { what: what.to_owned(), has: Amount(has.into()), needs }),
        }
    }
}

/// What the program keeps at an address; none where nothing is.
fn state<T: Record>(program: &Pubkey, address: Pubkey, shown: Option<&Shown>) -> Result<Option<T>, EndpointFault> {
    shown.filter(|shown| !shown.is_bare()).map(|shown| ours(program, address, shown)).transpose()
}
