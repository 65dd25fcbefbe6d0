use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use super::now;
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::cycle_stakes::CycleStake;
use crate::rules::network::Network;
use crate::rules::terms::{PoolBounds, PoolTerms, VaultBounds, VaultTerms};
use crate::rules::{facts, signatures};
use crate::state::{Config, Head, VERSION};
use crate::tokens::check_mint;

/// Everything that is fixed when a network begins, and the parameters it begins with.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Plan {
    pub name: String,
    /// The other chain, zeros if there is none.
    pub base_chain_id: u64,
    pub base_vault: [u8; 20],
    pub solana_genesis_hash: [u8; 32],
    pub genesis: u64,
    pub cycle_length: u64,
    pub governor: Pubkey,
    pub guardian: Pubkey,
    pub vault: VaultTerms,
    pub vault_bounds: VaultBounds,
    pub pool: PoolTerms,
    pub pool_bounds: PoolBounds,
}

#[event_cpi]
#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Who may upgrade the program: nobody else can begin a network with it.
    pub authority: Signer<'info>,
    #[account(init, payer = payer, space = crate::state::space::<Config>(), seeds = [Config::SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(
        init, payer = payer, seeds = [Config::STAKE_SEED], bump,
        token::mint = mint, token::authority = config, token::token_program = token_program,
    )]
    pub stake_tokens: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        init, payer = payer, seeds = [Config::REWARD_SEED], bump,
        token::mint = mint, token::authority = config, token::token_program = token_program,
    )]
    pub reward_tokens: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        seeds = [crate::ID.as_ref()], bump, seeds::program = bpf_loader_upgradeable::ID,
        constraint = program_data.upgrade_authority_address == Some(authority.key()) @ Refusal::NotDeployer,
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    pub fn run(ctx: Context<Self>, plan: Plan) -> Result<()> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let contents = accounts.contents(&plan, ctx.bumps.config)?;
        contents.clock().check()?;
        contents.vault.check(&contents.vault_bounds, contents.clock())?;
        contents.pool.check(&contents.pool_bounds, contents.clock())?;
        // What no token account can hold nobody can ever pay, and bounds do not change.
        let (vault, pool) = (&contents.vault_bounds.least, &contents.pool_bounds.least);
        for least in [vault.min_stake, vault.min_deposit, pool.min_quorum, contents.vault.min_stake] {
            require!(least.tokens().is_ok(), Refusal::OutOfBounds);
        }
        let cycle = contents.cycle(at)?;
        require_keys_neq!(plan.governor, Pubkey::default(), Refusal::NoGovernor);
        check_mint(accounts.mint.as_ref().as_ref())?;

        let journal = accounts.config.key();
        let (vault, pool) = {
            let mut config = accounts.config.load_init()?;
            *config = *contents;
            config.total = CycleStake::empty(cycle);
            config.uncovered = cycle;
            let vault = config.head.record(&journal, at, facts::vault_parameters(&plan.vault));
            (vault, config.head.record(&journal, at, facts::pool_parameters(&plan.pool)))
        };
        tell(&accounts.event_authority, &vault)?;
        tell(&accounts.event_authority, &pool)
    }

    #[inline(never)]
    fn contents(&self, plan: &Plan, bump: u8) -> Result<Box<Config>> {
        let network = Network {
            name: &plan.name,
            base_chain_id: plan.base_chain_id,
            base_vault: &plan.base_vault,
            solana_genesis: &plan.solana_genesis_hash,
            solana_program: &crate::ID.to_bytes(),
        };
        let network = network.id()?;
        let mut config: Box<Config> = bytemuck::allocation::zeroed_box();
        config.version = VERSION;
        config.bump = bump;
        config.decimals = self.mint.decimals;
        config.network = network;
        config.domain = signatures::domain_separator(&network);
        (config.genesis, config.cycle_length) = (plan.genesis, plan.cycle_length);
        config.mint = self.mint.key();
        config.token_program = self.token_program.key();
        config.stake_tokens = self.stake_tokens.key();
        config.reward_tokens = self.reward_tokens.key();
        (config.governor, config.guardian) = (plan.governor, plan.guardian);
        config.head = Head::empty(&network, &self.config.key());
        (config.vault, config.vault_bounds) = (plan.vault, plan.vault_bounds);
        (config.pool, config.pool_bounds) = (plan.pool, plan.pool_bounds);
        Ok(config)
    }
}
