//! What is typed about this node itself: its guard, and its keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Account;

#[derive(Debug, Subcommand)]
pub(crate) enum Guard {
    /// Whether this node may sign, and what it signed
    Status,
    /// Print what was signed, for another guard
    Export {
        /// Only the highest positions: shorter, and refuses more where it is imported
        #[arg(long)]
        minimal: bool,
    },
    /// Refuse also what contradicts the statements in a file, of `williw guard export` or made by hand
    ///
    /// Whoever signs twice loses stake. A file that tells of a signer which this guard does not answer for is refused whole,
    /// unless that signer is named: then it may sign here. Name it only if you know for certain that the file holds all that
    /// it ever signed, and that it signs nowhere else any more.
    Import {
        /// The file; `-` is stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A signer that this guard is to answer for from now on; may be given more than once
        #[arg(long = "signer", value_name = "ADDRESS")]
        signers: Vec<williw_core::identity::Signer>,
    },
    /// Forget old statements; everything as old as they are counts as signed from then on
    Prune {
        /// Forget what was signed in cycles before this one
        #[arg(long, value_name = "CYCLE")]
        before: u64,
    },
    /// Take the guard as it is: missing, older than it was, a copy, or without the signer's history
    ///
    /// Whoever signs twice loses stake. Do this only if you know for certain that no other copy of this node runs or will
    /// ever run again, and that the signer signed nothing that the guard does not hold. If you do not know it, name a new
    /// signer with `williw keys rotate` instead; after a backup was restored, with `williw keys rotate --restored`.
    Accept {
        /// The signer whose stake is at risk, to say that you mean this one
        #[arg(long, value_name = "ADDRESS")]
        signer: williw_core::identity::Signer,
        /// The count that the network knows this node with, if `williw run` says that this guard has less: go on above it
        #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=HEARD_CAP))]
        heard: u64,
    },
}

/// The highest count that can be gone on above: twice as far there is still no file that tells it.
const HEARD_CAP: u64 = 1 << 52;

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a new signer and name it on the chain; the one before serves until the end of the next cycle
    Rotate(KeysRotate),
    /// Bring this node to another machine: --to here, then --from there
    Move(Move),
}

#[derive(Debug, Args)]
pub(crate) struct KeysRotate {
    /// This home was restored or set back, as the network says: do not go on with its guard, though it can be read
    #[arg(long)]
    pub(crate) restored: bool,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
#[group(required = true)]
pub(crate) struct Move {
    /// Retire this home and write all that the next one needs into a new folder. It holds the keys: bring it over a safe
    /// way, and delete it afterwards
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Make this home out of such a folder
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    pub(crate) from: Option<PathBuf>,
    /// Write such a folder once more. Only if you *know* that the one before is lost and that nobody made a home of it: two
    /// homes with one signer lose its stake
    #[arg(long, requires = "to")]
    pub(crate) again: bool,
}
