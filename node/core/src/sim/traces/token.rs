//! The token beside the model, which itself moves none.

use std::collections::BTreeMap;

use super::reference::Why;
use super::verb::Pay;
use super::wide::Wide;
use crate::amount::Amount;
use crate::identity::Account;

/// A token that does what it is asked to, with the refusals of OpenZeppelin's.
#[derive(Clone, Debug, Default)]
pub struct Token {
    /// Whether it wraps the chain's own coin.
    pub wraps: bool,
    pub balances: BTreeMap<Account, Wide>,
    /// What people have of the chain's own coin.
    pub native: BTreeMap<Account, Wide>,
    /// What the first may take from the second.
    pub allowances: BTreeMap<(Account, Account), Wide>,
}

/// What somebody begins with.
#[derive(Clone, Copy, Debug)]
pub struct Purse {
    pub tokens: Wide,
    pub native: Wide,
    /// How many of the tokens may be taken for stake, and how many for rewards.
    pub allowed: Wide,
}

fn put(balances: &mut BTreeMap<Account, Wide>, to: Account, amount: Amount) {
    let balance = balances.entry(to).or_default();
    *balance = balance.plus(amount.into()).expect("nobody has 2^256");
}

fn take(balances: &mut BTreeMap<Account, Wide>, from: Account, amount: Amount) {
    let balance = balances.entry(from).or_default();
    *balance = balance.minus(amount.into()).expect("what is paid is there");
}

impl Token {
    #[must_use]
    pub fn balance(&self, of: Account) -> Wide {
        self.balances.get(&of).copied().unwrap_or_default()
    }

    /// How much the first could take from the second.
    #[must_use]
    pub fn within_reach(&self, spender: Account, of: Account) -> Wide {
        self.balance(of).min(self.allowances.get(&(spender, of)).copied().unwrap_or_default())
    }

    pub(super) fn push(&mut self, from: Account, to: Account, amount: Amount) {
        take(&mut self.balances, from, amount);
        put(&mut self.balances, to, amount);
    }

    pub(super) fn deposit(&mut self, from: Account, to: Account, amount: Amount, pay: Pay) -> Result<(), Why> {
        match pay {
            Pay::Token | Pay::Permit => self.pull(from, to, amount),
            Pay::Native if !self.wraps => Err(Why::NotWrapped),
            Pay::Native => {
                take(&mut self.native, from, amount);
                put(&mut self.balances, to, amount);
                Ok(())
            }
        }
    }

    pub(super) fn withdraw(&mut self, from: Account, to: Account, amount: Amount, is_native: bool) -> Result<(), Why> {
        match is_native && !amount.is_zero() {
            false => self.push(from, to, amount),
            true if !self.wraps => return Err(Why::NotWrapped),
            true => {
                take(&mut self.balances, from, amount);
                put(&mut self.native, to, amount);
            }
        }
        Ok(())
    }

    /// Takes from `from` what it approved before, as `to`.
    pub(super) fn pull(&mut self, from: Account, to: Account, amount: Amount) -> Result<(), Why> {
        let (balance, needed) = (self.balance(from), Wide::from(amount));
        let allowed = self.allowances.entry((to, from)).or_default();
        let Some(rest) = allowed.minus(needed) else {
            return Err(Why::Allowance { spender: to, allowed: *allowed, needed });
        };
        if balance < needed {
            return Err(Why::Balance { holder: from, balance, needed });
        }
        // An allowance of everything is never used up.
        if *allowed != Wide::MAX {
            *allowed = rest;
        }
        self.push(from, to, amount);
        Ok(())
    }
}
