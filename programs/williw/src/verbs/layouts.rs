use anchor_lang::prelude::*;

use crate::state::{Bounty, Claimant, Operator, Tenure};

/// The accounts that verbs take whether or not they exist, so that the IDL says how they are laid out.
#[derive(Accounts)]
pub struct Layouts<'info> {
    pub operator: AccountLoader<'info, Operator>,
    pub tenure: AccountLoader<'info, Tenure>,
    pub bounty: AccountLoader<'info, Bounty>,
    pub claimant: AccountLoader<'info, Claimant>,
}
