//! How it is told that something was typed wrongly. A key may stand where the name of its file belongs, and what is on a screen
//! is soon in a log: whatever may be a secret is not repeated.

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::Flags;

/// How many letters the longest text has that is repeated. Amounts and addresses have fewer, and private keys more.
const LONGEST: usize = 60;

/// What stands for the rest.
const UNSAID: &str = "...";

impl Flags {
    /// What was typed, if it is what can be; the command ends here if not, and where only help was asked for.
    pub(crate) fn typed() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            let typed: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
            without_secrets(error, &typed).exit()
        })
    }
}

/// The same error, saying nothing of what may be a secret.
fn without_secrets(mut error: Error, typed: &[String]) -> Error {
    // Of letters behind one dash only the first is named that is no flag, which may be a part of a secret.
    let in_cluster = is_cluster_of_secret(typed);
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        // Of other errors these are names that the flags themselves have, such as `--amount <AMOUNT>`.
        let is_typed = match kind {
            ContextKind::InvalidArg => error.kind() == ErrorKind::UnknownArgument,
            ContextKind::InvalidSubcommand => error.kind() == ErrorKind::InvalidSubcommand,
            _ => true,
        };
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        if is_typed && (may_be_secret(text) || (in_cluster && is_cluster(text))) {
            error.insert(kind, ContextValue::String(UNSAID.to_owned()));
            // These are whole sentences, with what was typed in them.
            error.remove(ContextKind::Suggested);
        }
    }
    error
}

/// Private keys are long, keypairs of Solana are lists, and phrases have several words.
fn may_be_secret(text: &str) -> bool {
    text.chars().count() > LONGEST || text.contains('[') || text.contains(char::is_whitespace)
}

fn is_cluster(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}

fn is_cluster_of_secret(typed: &[String]) -> bool {
    typed.iter().any(|word| is_cluster(word) && may_be_secret(word))
}
