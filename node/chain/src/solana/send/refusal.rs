//! Why a transaction fails, in words.
//!
//! The program's refusals have the names of the contracts', and get the same words. A number alone does not say whose it is:
//! which program failed first is read out of the logs, which serve nothing but these words.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anchor_lang::prelude::Pubkey;
use serde::Deserialize;
use serde_json::Value;

use crate::verb::{Refusal, in_words};

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
const SYSTEM: &str = "11111111111111111111111111111111";

/// Where a program's own errors begin; below are those of the framework.
const OWN_ERRORS: u64 = 6_000;

/// How much is shown of an error that nobody here knows, in characters.
const SHOWN_CAP: usize = 160;

/// What went wrong, as endpoints can be compared by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Failure {
    /// As the chain puts it: a word, or an object with a word for its key.
    err: String,
    /// Who failed first, if a log says it.
    program: Option<String>,
}

#[derive(Deserialize)]
struct Idl {
    errors: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    code: u64,
    name: String,
    msg: String,
}

static ERRORS: LazyLock<BTreeMap<u64, (String, String)>> = LazyLock::new(|| {
    let idl: Idl = serde_json::from_str(include_str!("../../../idls/williw.json")).expect("a test reads the IDL");
    idl.errors.into_iter().map(|error| (error.code, (error.name, error.msg))).collect()
});

impl Failure {
    pub(super) fn read(err: &Value, logs: Option<&[String]>) -> Self {
        let program = logs.unwrap_or_default().iter().find_map(|line| {
            let (program, _) = line.strip_prefix("Program ")?.split_once(" failed")?;
            program.parse::<Pubkey>().ok().map(|program| program.to_string())
        });
        Self { err: err.to_string(), program }
    }

    pub(super) fn in_words(&self, ours: &Pubkey) -> Refusal {
        let err: Value = serde_json::from_str(&self.err).unwrap_or(Value::Null);
        let inner = &err["InstructionError"][1];
        let known = match (inner["Custom"].as_u64(), inner.as_str(), err.as_str()) {
            (Some(code), _, _) => self.numbered(code, ours),
            (None, Some(name), _) => builtin(name).map(|(why, hint)| said(name, why, hint)),
            (None, None, Some(name)) => whole(name).map(|(why, hint)| said(name, why, hint)),
            (None, None, None) if !err["InsufficientFundsForRent"].is_null() => Some(said(
                "InsufficientFundsForRent",
                "the account would keep too few lamports to exist",
                Some("give the account more lamports"),
            )),
            _ => None,
        };
        known.unwrap_or_else(|| {
            let name: String = self.err.chars().filter(|letter| !letter.is_control()).take(SHOWN_CAP).collect();
            said(&name, "the call is refused without a known reason", None)
        })
    }

    fn numbered(&self, code: u64, ours: &Pubkey) -> Option<Refusal> {
        match self.program.as_deref() {
            Some(TOKEN | TOKEN_2022) => token(code),
            Some(SYSTEM) if code == 1 => Some(said(
                "ResultWithNegativeLamports",
                "the account has too few lamports for the accounts that are made",
                Some("give the account more lamports"),
            )),
            Some(program) if *program != ours.to_string() => None,
            Some(_) if code < OWN_ERRORS => {
                let why = "the program does not take these accounts or bytes";
                Some(said(&format!("Anchor({code})"), why, Some("is the program of the version that this node knows?")))
            }
            Some(_) | None => {
                let (name, message) = ERRORS.get(&code)?;
                let (why, hint) = in_words(name).unwrap_or((message, None));
                Some(Refusal { by_vault: true, ..said(name, why, hint) })
            }
        }
    }
}

fn said(name: &str, why: &str, hint: Option<&'static str>) -> Refusal {
    Refusal { name: name.to_owned(), why: why.to_owned(), hint, by_vault: false }
}

fn token(code: u64) -> Option<Refusal> {
    Some(match code {
        1 => said(
            "InsufficientFunds",
            "the account does not have that many tokens",
            Some("get more tokens, or stake less"),
        ),
        17 => said("AccountFrozen", "the token account is frozen", Some("ask the issuer of the token")),
        36 => said(
            "NoMemo",
            "the token account demands a memo with every transfer, and this one has none",
            Some("switch the demand off in the wallet that switched it on"),
        ),
        40 => said(
            "CpiGuardTransferBlocked",
            "the token account's CPI guard is on, and a program may not take from it",
            Some("switch the guard off in the wallet that switched it on"),
        ),
        other => said(&format!("Token({other})"), "the token refused to move", Some("check balance and token account")),
    })
}

/// What the chain's own rules say about one instruction.
fn builtin(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match name {
        "InvalidAccountData" | "UninitializedAccount" | "IncorrectProgramId" | "InvalidAccountOwner" => {
            ("an account is missing or of another kind", Some("does the token account exist?"))
        }
        "ProgramFailedToComplete" | "ComputationalBudgetExceeded" => ("the program failed inside", None),
        "InsufficientFunds" => ("the account has too few lamports", Some("give the account more lamports")),
        _ => return None,
    })
}

/// What they say about a whole transaction.
fn whole(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match name {
        "AccountNotFound" => ("the account that pays has no lamports", Some("give the account more lamports")),
        "InsufficientFundsForFee" => {
            ("the account has too few lamports for the fee", Some("give the account more lamports"))
        }
        "ProgramAccountNotFound" => ("the program does not exist at these endpoints", None),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ERRORS, Failure, OWN_ERRORS, TOKEN};
    use crate::verb::Refusal;
    use anchor_lang::prelude::Pubkey;

    const OURS: Pubkey = Pubkey::new_from_array([7; 32]);

    fn refused(err: Value, logs: &[&str]) -> Refusal {
        let logs: Vec<String> = logs.iter().map(|line| (*line).to_owned()).collect();
        Failure::read(&err, Some(&logs)).in_words(&OURS)
    }

    fn custom(code: u64) -> Value {
        json!({ "InstructionError": [2, { "Custom": code }] })
    }

    #[test]
    fn the_programs_refusals_have_the_words_of_the_contracts() {
        let ours = format!("Program {OURS} failed: custom program error: 0x177b");
        let (code, _) = ERRORS.iter().find(|(_, (name, _))| name == "QueueFull").unwrap();
        let refusal = refused(custom(*code), &[&ours]);
        assert_eq!(
            refusal.to_string(),
            "the queue is full [QueueFull]; hint: withdraw what has matured, or restake an entry"
        );
        assert!(refusal.by_vault);
        // One that only exists here, in the words of the IDL.
        let (code, (_, message)) = ERRORS.iter().find(|(_, (name, _))| name == "ForeignTokens").unwrap();
        assert_eq!(refused(custom(*code), &[&ours]).why, *message);
    }

    #[test]
    fn every_error_of_the_idl_has_words() {
        assert!(ERRORS.len() > 60);
        for (code, (name, _)) in ERRORS.iter() {
            assert!(*code >= OWN_ERRORS);
            let refusal = refused(custom(*code), &[]);
            assert_eq!(refusal.name, *name);
            assert!(!refusal.why.is_empty());
        }
    }

    #[test]
    fn a_number_is_of_whom_the_log_names_first() {
        let token = format!("Program {TOKEN} failed: custom program error: 0x1");
        let then = format!("Program {OURS} failed: custom program error: 0x1");
        assert_eq!(
            refused(custom(1), &["Program log: Error: insufficient funds", &token, &then]).name,
            "InsufficientFunds"
        );
        assert_eq!(
            refused(custom(1), &["Program 11111111111111111111111111111111 failed: x"]).name,
            "ResultWithNegativeLamports"
        );
        // A foreign program with one of our numbers.
        let foreign = format!("Program {} failed: x", Pubkey::new_from_array([9; 32]));
        assert!(refused(custom(6_000), &[&foreign]).why.contains("without a known reason"));
        assert_eq!(refused(json!("InsufficientFundsForFee"), &[]).name, "InsufficientFundsForFee");
        assert_eq!(
            refused(json!({ "InsufficientFundsForRent": { "account_index": 0 } }), &[]).name,
            "InsufficientFundsForRent"
        );
        assert_eq!(refused(json!({ "InstructionError": [0, "InvalidAccountData"] }), &[]).name, "InvalidAccountData");
    }

    #[test]
    fn what_nobody_knows_is_shown_as_it_is_and_not_at_length() {
        let refusal = refused(json!({ "Something": "\u{1b}[2J".repeat(100) }), &[]);
        assert!(refusal.name.starts_with("{\"Something\"") && refusal.name.chars().count() <= 160);
        assert!(!refusal.name.chars().any(char::is_control));
    }
}
