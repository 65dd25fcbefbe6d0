//! What a caller asks for, taken apart.

use std::str::FromStr;

use serde_json::{Map, Value};
use solana_address::Address;

use super::Fault;
use crate::face::Commitment;

/// The parameters of a call, by their place.
pub(crate) struct Params(Vec<Value>);

impl Params {
    pub(crate) fn new(params: Value) -> Result<Self, Fault> {
        match params {
            Value::Null => Ok(Self(Vec::new())),
            Value::Array(list) => Ok(Self(list)),
            _ => Err(Fault::params("a list is needed")),
        }
    }

    pub(crate) fn value(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, place: usize) -> Result<&str, Fault> {
        self.value(place).as_str().ok_or_else(|| Fault::params(format!("text is needed in place {place}")))
    }

    pub(crate) fn u64(&self, place: usize) -> Result<u64, Fault> {
        self.value(place).as_u64().ok_or_else(|| Fault::params(format!("a number is needed in place {place}")))
    }

    /// An address, a signature or a hash.
    pub(crate) fn base58<T: FromStr>(&self, place: usize) -> Result<T, Fault> {
        base58(self.text(place)?)
    }

    pub(crate) fn list<T>(
        &self,
        place: usize,
        cap: usize,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let list =
            self.value(place).as_array().ok_or_else(|| Fault::params(format!("a list is needed in place {place}")))?;
        if list.len() > cap {
            return Err(Fault::params(format!("Too many inputs provided; max {cap}")));
        }
        list.iter().map(read).collect()
    }

    pub(crate) fn config(&self, place: usize) -> Result<Config, Fault> {
        match self.value(place) {
            Value::Null => Ok(Config(Map::new())),
            Value::Object(map) => Ok(Config(map.clone())),
            _ => Err(Fault::params(format!("an object is needed in place {place}"))),
        }
    }
}

/// What a caller wants besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config(pub(crate) Map<String, Value>);

impl Config {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn u64(&self, name: &str) -> Result<Option<u64>, Fault> {
        let number =
            |value: &Value| value.as_u64().ok_or_else(|| Fault::params(format!("`{name}` has to be a number")));
        self.get(name).map(number).transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Fault> {
        let flag =
            |value: &Value| value.as_bool().ok_or_else(|| Fault::params(format!("`{name}` has to be true or false")));
        Ok(self.get(name).map(flag).transpose()?.unwrap_or(false))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        let text = |value| Value::as_str(value).ok_or_else(|| Fault::params(format!("`{name}` has to be text")));
        self.get(name).map(text).transpose()
    }

    pub(crate) fn base58<T: FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        self.text(name)?.map(base58).transpose()
    }

    pub(crate) fn commitment(&self, name: &str) -> Result<Commitment, Fault> {
        match self.text(name)? {
            None | Some("finalized") => Ok(Commitment::Finalized),
            Some("confirmed") => Ok(Commitment::Confirmed),
            Some("processed") => Ok(Commitment::Processed),
            Some(other) => Err(Fault::params(format!("unknown commitment `{other}`"))),
        }
    }
}

pub(crate) fn base58<T: FromStr>(words: &str) -> Result<T, Fault> {
    words.parse().map_err(|_| Fault::params(format!("`{words}` is not in base 58, or has another length")))
}

pub(crate) fn address(value: &Value) -> Result<Address, Fault> {
    base58(value.as_str().ok_or_else(|| Fault::params("an address is text"))?)
}
