//! The names of refusals, as the interface of the contracts has them.

use alloy::primitives::{U256, hex, keccak256};
use serde_json::Value;
use williw_core::identity::Account;
use williw_core::link::SignerFault;
use williw_core::model::Refusal;
use williw_core::offence::Acquittal;
use williw_core::sim::traces::Why;
use williw_core::statement::StatementFault;

use super::calls::wide;

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
fn spelled(name: &str, arguments: &[U256]) -> String {
    let arguments: Vec<String> = arguments.iter().map(U256::to_string).collect();
    if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) }
}

fn number(account: Account) -> U256 {
    U256::from_be_bytes(account.0)
}

/// What Base calls a refusal: the innermost name, with its numbers.
pub(super) fn on_base(why: &Why) -> String {
    match why {
        Why::Model(refusal) => of_model(refusal),
        Why::Length(bytes) => spelled("Length", &[U256::from(*bytes)]),
        Why::Bps(bps) => spelled("Bps", &[U256::from(*bps)]),
        Why::NotWrapped => "NotWrapped".to_owned(),
        Why::Allowance { spender, allowed, needed } => {
            spelled("ERC20InsufficientAllowance", &[number(*spender), wide(*allowed), wide(*needed)])
        }
        Why::Balance { holder, balance, needed } => {
            spelled("ERC20InsufficientBalance", &[number(*holder), wide(*balance), wide(*needed)])
        }
    }
}

fn of_model(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Signer(SignerFault::WrongSigner(signed_by)) => {
            spelled("WrongSigner", &[number(Account::evm(signed_by.0))])
        }
        Refusal::Signer(SignerFault::Signature(fault))
        | Refusal::Signature(fault)
        | Refusal::Evidence(Acquittal::Signature(fault)) => format!("{fault:?}"),
        Refusal::Signer(fault @ SignerFault::ZeroSigner) => format!("{fault:?}"),
        Refusal::Evidence(Acquittal::Malformed(fault)) => match fault {
            StatementFault::Length(wrong) => spelled("Length", &[U256::from(wrong.got)]),
            StatementFault::UnknownKind(kind) => spelled("UnknownKind", &[U256::from(*kind)]),
            StatementFault::SlotNotZero => format!("{fault:?}"),
        },
        Refusal::Evidence(acquittal) => format!("{acquittal:?}"),
        plain => format!("{plain:?}"),
    }
}
