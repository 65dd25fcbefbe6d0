//! The names of refusals, as the interface of the contracts has them.

use alloy::primitives::{U256, hex, keccak256};
use serde_json::Value;

/// An error of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    selector: [u8; 4],
    pub(super) name: String,
}

/// The errors in an ABI.
pub(super) fn errors(abi: &[Value]) -> Vec<Named> {
    let of_errors = abi.iter().filter(|entry| entry["type"] == "error");
    of_errors
        .map(|entry| {
            let types: Vec<_> =
                entry["inputs"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
            let name = entry["name"].as_str().unwrap().to_owned();
            let hash = keccak256(format!("{name}({})", types.join(",")));
            Named { selector: hash[..4].try_into().unwrap(), name }
        })
        .collect()
}

/// The name and the arguments, each a number, that these bytes stand for: `UnknownKind(9)`.
pub(super) fn name(errors: &[Named], bytes: &[u8]) -> String {
    let found = bytes.split_first_chunk().and_then(|(selector, words)| {
        let error = errors.iter().find(|error| error.selector == *selector)?;
        let words: Vec<U256> = words.chunks(32).map(U256::from_be_slice).collect();
        Some(spelled(&error.name, &words))
    });
    found.unwrap_or_else(|| hex::encode_prefixed(bytes))
}

/// A refusal as both sides spell it.
pub(super) fn spelled(name: &str, arguments: &[U256]) -> String {
    let arguments: Vec<String> = arguments.iter().map(U256::to_string).collect();
    if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) }
}
