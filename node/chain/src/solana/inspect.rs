//! What stands where a deployment is said to be, for whoever wants to know before they stake in it.
//!
//! Everything is read at `finalized`, each endpoint's accounts in one slot of its own, and believed as a quorum has it. What
//! stands at an address may be anybody's, so that it is not what it should be is an answer and no fault. Only what lasts is
//! compared: what facts change all the time differs between slots, and no file tells of it.

use std::time::Duration;

use anchor_lang::prelude::Pubkey;
use bytemuck::Zeroable;
use williw_core::cycle::{Height, Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::network::NetworkId;

use super::account::{self, Shown, decode};
use super::ask::Commitment;
use super::derive::account_of;
use super::program::types;
use super::program::williw::accounts::Config;
use super::{Endpoint, Solana};
use crate::fault::{AccountFault, ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::{agreed, reached_heights};

mod layouts;
mod origin;

pub use layouts::{Bytecode, Mint, Tokens};
pub use origin::History;

const MATTER: Matter = Matter::Lookup;

/// How often endpoints are asked that do not show the same. Honest ones do not when something changes in between.
const TRIES: u32 = 3;

/// How long an endpoint has for all accounts, the bytecode among them.
const LOOK_TIMEOUT: Duration = Duration::from_secs(20);

/// What a quorum found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// A quorum showed it as of this slot or later ones.
    pub at: Height,
    /// Of the cluster.
    pub genesis: Account,
    pub places: Places,
    pub program: ProgramFound,
    /// How its bytecode came there.
    pub history: History,
    /// Whose the account is and what it says, of each of these; none where nothing is.
    pub config: Found<ConfigFound>,
    pub stake_tokens: Found<Tokens>,
    pub reward_tokens: Found<Tokens>,
    pub mint: Found<Mint>,
}

/// Where everything of a program has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub program_data: Account,
    pub config: Account,
    pub stake_tokens: Account,
    pub reward_tokens: Account,
}

/// What is at one address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found<T> {
    /// The program that the account belongs to; none if nothing is there.
    pub owner: Option<Account>,
    /// None if it is not such an account.
    pub contents: Option<T>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramFound {
    /// True if the account is of the upgradeable loader; none if nothing is there.
    pub is_of_loader: Option<bool>,
    pub executable: Option<bool>,
    /// Where it says that its bytecode is.
    pub program_data: Option<Account>,
    /// What is there where its bytecode has to be.
    pub bytecode: Option<Bytecode>,
}

/// What the config says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFound {
    pub version: u8,
    /// None if this release does not know the layout.
    pub terms: Option<Terms>,
}

/// What lasts of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub network: NetworkId,
    pub domain: Hash,
    pub genesis: UnixSeconds,
    pub cycle_length: Seconds,
    pub mint: Account,
    pub token_program: Account,
    pub decimals: u8,
    pub stake_tokens: Account,
    pub reward_tokens: Account,
    pub governor: Account,
    /// Who may take the governor's role over.
    pub offered_to: Option<Account>,
    pub guardian: Account,
    pub paused: bool,
    /// None of what is impossible: a slash of more than the whole.
    pub vault: Option<VaultParameters>,
    pub vault_bounds: Option<(VaultParameters, VaultParameters)>,
    pub pool: PoolParameters,
    pub pool_bounds: (PoolParameters, PoolParameters),
    /// From when announced parameters can be applied.
    pub vault_change_from: Option<UnixSeconds>,
    pub pool_change_from: Option<UnixSeconds>,
}

/// What of a config is compared: its version and, if it is known, the bytes of what lasts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ConfigClaim {
    version: u8,
    lasting: Option<Vec<u8>>,
}

/// What one endpoint shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    program: ProgramFound,
    config: Found<ConfigClaim>,
    stake_tokens: Found<Tokens>,
    reward_tokens: Found<Tokens>,
    mint: Found<Mint>,
}

impl Solana {
    /// Reads the program, its config and its token accounts, and a mint. Of the bytecode it takes the digest of so many
    /// bytes. The reader is used up: its endpoints were only asked for their cluster, and not, as those of a node are,
    /// whether they have the right network.
    pub async fn inspect(mut self, mint: Account, length: u64) -> Result<Reading<Inspection>, ChainError> {
        self.panel.begin(MATTER);
        let genesis = self.settings.genesis;
        // Each is asked for its cluster together with what it shows: nobody who is slow is left out before it is needed.
        let everybody = (0..self.panel.endpoints.len()).map(|index| (index, Ok(()))).collect();
        self.panel.admit(MATTER, everybody);

        let sites = Sites::of(self.addresses.program, self.addresses.config, Pubkey::new_from_array(mint.0));
        let claims = self.claims(&sites, length).await;
        let at = claims.iter().map(|(_, (slot, _))| *slot);
        let at = reached_heights(at.map(|slot| slot.0).collect(), self.panel.quorum).first().map(|at| Height(*at));
        let shown: Vec<(usize, Claim)> = claims.into_iter().map(|(index, (_, claim))| (index, claim)).collect();
        macro_rules! agreed {
            ($part:ident, $what:literal) => {{
                let parts = shown.iter().map(|(index, claim)| (*index, claim.$part.clone())).collect();
                self.panel.agree_on(MATTER, $what, parts)?
            }};
        }
        let program: ProgramFound = agreed!(program, "the program");
        let config = config_found(agreed!(config, "the config"));
        let stake_tokens = agreed!(stake_tokens, "the stake tokens");
        let reward_tokens = agreed!(reward_tokens, "the reward tokens");
        let mint = agreed!(mint, "the mint");
        let at = at.expect("as many as agree showed a slot");
        let history = match &program.bytecode {
            Some(bytecode) => self.history(&sites, bytecode.slot, at).await,
            None => History::default(),
        };
        let places = sites.places();
        let value = Inspection { at, genesis, places, program, history, config, stake_tokens, reward_tokens, mint };
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    /// What the endpoints show. Who shows something else than the others is asked again with them: who is only behind comes
    /// to show the same, and a liar does not.
    async fn claims(&mut self, sites: &Sites, length: u64) -> Vec<(usize, (Height, Claim))> {
        let quorum = self.panel.quorum;
        let (mut from, mut attempt) = (Height(0), 1);
        loop {
            let genesis = self.settings.genesis;
            let ask = |index: usize| {
                let endpoint = &self.panel[index];
                (index, async move {
                    endpoint.serves(genesis).await?;
                    endpoint.look(sites, length, from).await
                })
            };
            let sound = self.panel.sound(MATTER).into_iter().map(ask);
            // A quorum that disagrees waits for whoever is slower.
            let answers = self.panel.gather_within(LOOK_TIMEOUT, sound, |good| is_settled(good, quorum)).await;
            let claims = self.panel.settle(MATTER, answers);
            let alike = claims.windows(2).all(|pair| pair[0].1.1 == pair[1].1.1);
            if alike || attempt == TRIES {
                return claims;
            }
            // Not the newest slot that anybody names: nobody could come to one that is made up.
            let slots = claims.iter().map(|(_, (slot, _))| slot.0).collect();
            from = reached_heights(slots, quorum).first().map_or(from, |slot| Height(*slot));
            attempt += 1;
        }
    }
}

/// Whether a quorum shows every part alike, though not all of them the same quorum.
fn is_settled(claims: &[(usize, (Height, Claim))], quorum: usize) -> bool {
    fn is<T: Ord>(claims: &[(usize, (Height, Claim))], quorum: usize, part: impl Fn(&Claim) -> &T) -> bool {
        let parts: Vec<_> = claims.iter().map(|(index, (_, claim))| (*index, part(claim))).collect();
        agreed(&parts, quorum).is_some()
    }
    is(claims, quorum, |claim| &claim.program)
        && is(claims, quorum, |claim| &claim.config)
        && is(claims, quorum, |claim| &claim.stake_tokens)
        && is(claims, quorum, |claim| &claim.reward_tokens)
        && is(claims, quorum, |claim| &claim.mint)
}

/// Where to look.
#[derive(Clone, Copy, Debug)]
struct Sites {
    program: Pubkey,
    program_data: Pubkey,
    config: Pubkey,
    stake_tokens: Pubkey,
    reward_tokens: Pubkey,
    mint: Pubkey,
}

impl Sites {
    fn of(program: Pubkey, config: Pubkey, mint: Pubkey) -> Self {
        let derive = |seed: &[u8], of: &Pubkey| Pubkey::find_program_address(&[seed], of).0;
        Self {
            program,
            program_data: derive(program.as_ref(), &layouts::LOADER),
            config,
            stake_tokens: derive(b"stake", &program),
            reward_tokens: derive(b"rewards", &program),
            mint,
        }
    }

    const fn places(&self) -> Places {
        Places {
            program_data: account_of(self.program_data),
            config: account_of(self.config),
            stake_tokens: account_of(self.stake_tokens),
            reward_tokens: account_of(self.reward_tokens),
        }
    }
}

impl Endpoint {
    async fn serves(&self, genesis: Account) -> Result<(), EndpointFault> {
        let found = account_of(self.genesis().await?);
        if found == genesis { Ok(()) } else { Err(EndpointFault::WrongCluster { found }) }
    }

    async fn look(&self, sites: &Sites, length: u64, from: Height) -> Result<(Height, Claim), EndpointFault> {
        let addresses = [sites.program, sites.config, sites.stake_tokens, sites.reward_tokens, sites.mint];
        let small = self.accounts(&addresses, Commitment::Finalized, from).await?;
        let slot = small.slot();
        let [program, config, stake_tokens, reward_tokens, mint] = small.value.as_slice() else {
            unreachable!("as many as were asked for")
        };
        let large = self.account(sites.program_data, Commitment::Finalized, slot).await?;
        let held = found(sites.program_data, large.value.as_ref(), |owner, bytes| {
            (owner == layouts::LOADER).then(|| layouts::bytecode(bytes, length)).flatten()
        })?;
        let named = found(sites.program, program.as_ref(), |owner, bytes| {
            (owner == layouts::LOADER).then(|| layouts::program(bytes)).flatten()
        })?;
        let claim = Claim {
            program: ProgramFound {
                is_of_loader: named.owner.map(|owner| owner == account_of(layouts::LOADER)),
                executable: named.owner.and(program.as_ref()).map(Shown::is_executable),
                program_data: named.contents,
                bytecode: held.contents,
            },
            config: found(sites.config, config.as_ref(), |owner, bytes| {
                (owner == sites.program).then(|| config_claim(bytes)).flatten()
            })?,
            stake_tokens: found(sites.stake_tokens, stake_tokens.as_ref(), layouts::tokens)?,
            reward_tokens: found(sites.reward_tokens, reward_tokens.as_ref(), layouts::tokens)?,
            mint: found(sites.mint, mint.as_ref(), layouts::mint)?,
        };
        Ok((slot, claim))
    }
}

/// What is at an address, read as what should be there.
fn found<T>(
    address: Pubkey,
    shown: Option<&Shown>,
    read: impl FnOnce(Pubkey, &[u8]) -> Option<T>,
) -> Result<Found<T>, EndpointFault> {
    // Lamports can be sent to an address before there is anything.
    let Some(shown) = shown.filter(|shown| !shown.is_bare()) else { return Ok(Found { owner: None, contents: None }) };
    let bad = |why| EndpointFault::BadAccount { account: account_of(address), why };
    let owner = shown.owner().ok_or(bad(AccountFault::Contents))?;
    let bytes = shown.bytes_of(&owner).map_err(bad)?;
    Ok(Found { owner: Some(account_of(owner)), contents: read(owner, &bytes) })
}

fn config_claim(bytes: &[u8]) -> Option<ConfigClaim> {
    match decode::<Config>(bytes) {
        Ok(config) => {
            let lasting = bytemuck::bytes_of(&lasting(config)).to_vec();
            Some(ConfigClaim { version: config.version, lasting: Some(lasting) })
        }
        Err(AccountFault::Version(version)) => Some(ConfigClaim { version, lasting: None }),
        Err(_) => None,
    }
}

/// A config without what facts change all the time.
fn lasting(config: Config) -> Config {
    Config {
        vetoes: 0,
        has_active: 0,
        has_pending: 0,
        head: Zeroable::zeroed(),
        operators: 0,
        deposited: Zeroable::zeroed(),
        total: Zeroable::zeroed(),
        funded: Zeroable::zeroed(),
        active: Zeroable::zeroed(),
        pending: Zeroable::zeroed(),
        uncovered: 0,
        first_open: 0,
        ..config
    }
}

fn config_found(claim: Found<ConfigClaim>) -> Found<ConfigFound> {
    let contents = claim.contents.map(|ConfigClaim { version, lasting }| ConfigFound {
        version,
        terms: lasting.map(|bytes| terms(&bytemuck::pod_read_unaligned(&bytes))),
    });
    Found { owner: claim.owner, contents }
}

fn terms(config: &Config) -> Terms {
    let types::VaultBounds { least, most } = config.vault_bounds;
    let vault_bounds = account::vault(least).ok().zip(account::vault(most).ok());
    let types::PoolBounds { least, most } = config.pool_bounds;
    let from = |effective: u64| (effective != 0).then_some(UnixSeconds(effective));
    let offered = account_of(config.offered);
    Terms {
        network: NetworkId(config.network),
        domain: Hash(config.domain),
        genesis: UnixSeconds(config.genesis),
        cycle_length: Seconds(config.cycle_length),
        mint: account_of(config.mint),
        token_program: account_of(config.token_program),
        decimals: config.decimals,
        stake_tokens: account_of(config.stake_tokens),
        reward_tokens: account_of(config.reward_tokens),
        governor: account_of(config.governor),
        offered_to: (!offered.is_zero()).then_some(offered),
        guardian: account_of(config.guardian),
        paused: config.paused != 0,
        vault: account::vault(config.vault).ok(),
        vault_bounds,
        pool: account::pool(config.pool),
        pool_bounds: (account::pool(least), account::pool(most)),
        vault_change_from: from(config.vault_proposal.effective),
        pool_change_from: from(config.pool_proposal.effective),
    }
}
