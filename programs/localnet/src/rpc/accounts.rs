//! Accounts, as of the slot of the commitment.

use serde_json::{Value, json};
use solana_account::{AccountSharedData, ReadableAccount};
use solana_address::Address;

use super::encode::{self, Shape};
use super::params::{self, Config};
use super::{Answer, Asked, Fault, in_context};
use crate::tokens::{self, Purse};

const ADDRESSES_CAP: usize = 100;
const FILTERS_CAP: usize = 4;
const MEMCMP_CAP: usize = 128;
const ACCOUNT_SIZE_CAP: u64 = 10 * 1_024 * 1_024;

impl Asked<'_> {
    pub(super) fn account(&self) -> Answer {
        let address: Address = self.params.base58(0)?;
        let (view, shape) = (self.wanted(1)?, Shape::wanted(&self.params.config(1)?)?);
        let account = view.account(&address).map(|account| shape.account(&account)).transpose()?;
        Ok(in_context(&view, json!(account)))
    }

    pub(super) fn accounts(&self) -> Answer {
        let addresses = self.params.list(0, ADDRESSES_CAP, params::address)?;
        let (view, shape) = (self.wanted(1)?, Shape::wanted(&self.params.config(1)?)?);
        let accounts = addresses.iter().map(|address| match view.account(address) {
            Some(account) => shape.account(&account),
            None => Ok(Value::Null),
        });
        Ok(in_context(&view, accounts.collect::<Result<_, _>>()?))
    }

    pub(super) fn balance(&self) -> Answer {
        let address: Address = self.params.base58(0)?;
        let view = self.wanted(1)?;
        let lamports = view.account(&address).map_or(0, |account| account.lamports());
        Ok(in_context(&view, json!(lamports)))
    }

    pub(super) fn program_accounts(&self) -> Answer {
        let program: Address = self.params.base58(0)?;
        let config = self.params.config(1)?;
        let (view, shape, filters) = (self.wanted(1)?, Shape::wanted(&config)?, Filter::wanted(&config)?);
        let accounts = view.owned_by(&program);
        let matching = accounts.iter().filter(|(_, account)| filters.iter().all(|filter| filter.admits(account)));
        let accounts = matching
            .map(|(address, account)| Ok(json!({ "pubkey": address.to_string(), "account": shape.account(account)? })));
        let accounts = accounts.collect::<Result<Value, Fault>>()?;
        Ok(if config.flag("withContext")? { in_context(&view, accounts) } else { accounts })
    }

    pub(super) fn token_balance(&self) -> Answer {
        let address: Address = self.params.base58(0)?;
        let view = self.wanted(1)?;
        let account = view.account(&address).ok_or_else(|| Fault::params("could not find account"))?;
        let decimals = |mint: &Address| tokens::decimals(&view.account(mint)?);
        let purse = Purse::read(&account, decimals).ok_or_else(|| Fault::params("not a Token account"))?;
        Ok(in_context(&view, encode::token_amount(&purse)))
    }

    pub(super) fn rent(&self) -> Answer {
        let size = self.params.u64(0)?;
        if size > ACCOUNT_SIZE_CAP {
            return Err(Fault::params(format!("no account has {size} bytes")));
        }
        let size = usize::try_from(size).expect("it is below the cap");
        Ok(json!(self.network.chain.engine.rent(size)))
    }
}

/// Which accounts of a program are asked for.
enum Filter {
    Size(usize),
    Bytes { offset: usize, bytes: Vec<u8> },
}

impl Filter {
    fn wanted(config: &Config) -> Result<Vec<Self>, Fault> {
        let Some(filters) = config.get("filters") else { return Ok(Vec::new()) };
        let filters = filters.as_array().ok_or_else(|| Fault::params("`filters` has to be a list"))?;
        if filters.len() > FILTERS_CAP {
            return Err(Fault::params(format!("Too many filters provided; max {FILTERS_CAP}")));
        }
        filters.iter().map(Self::read).collect()
    }

    fn read(filter: &Value) -> Result<Self, Fault> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        if let Some(size) = filter.get("dataSize").and_then(number) {
            return Ok(Self::Size(size));
        }
        let compared = filter.get("memcmp").ok_or_else(|| Fault::params("a filter is `dataSize` or `memcmp`"))?;
        let offset = compared.get("offset").and_then(number);
        let words = compared.get("bytes").and_then(Value::as_str);
        let encoding = compared.get("encoding").and_then(Value::as_str).unwrap_or("base58");
        let (offset, words) =
            offset.zip(words).ok_or_else(|| Fault::params("`memcmp` has an offset and bytes as text"))?;
        let bytes = encode::bytes(words, encoding)?;
        if bytes.len() > MEMCMP_CAP {
            return Err(Fault::params("encoded binary data should be less than 128 bytes"));
        }
        Ok(Self::Bytes { offset, bytes })
    }

    fn admits(&self, account: &AccountSharedData) -> bool {
        match self {
            Self::Size(size) => account.data().len() == *size,
            Self::Bytes { offset, bytes } => {
                let rest = account.data().get(*offset..);
                rest.is_some_and(|rest| rest.starts_with(bytes))
            }
        }
    }
}
