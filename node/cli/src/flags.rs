//! What can be typed.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use williw_core::identity::{ChainId, Owner};
use williw_daemon::settings::PeerAddress;

use crate::amount::Typed;
use crate::exit::Failure;

mod own;
mod unsaid;

pub(crate) use own::{Guard, Keys, KeysRotate, Move};

const EXIT_CODES: &str = "\
Exit codes:
  0    it is done
  1    it failed
  2    the command line, the settings, a key or another file is not what it has to be
  3    a chain or the node did not answer, not as it should, or the chain refused
  130  it was interrupted before it was done";

/// A staking node for Base and Solana.
#[derive(Debug, Parser)]
#[command(name = "williw", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Flags {
    /// The folder with the node's settings, keys and database [default: ~/.williw]
    #[arg(long, global = true, env = "WILLIW_HOME", value_name = "DIR", hide_env_values = true, value_parser = path())]
    pub(crate) home: Option<PathBuf>,

    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A path as it was given, also if that is nothing: only who needs it refuses it, and says which variable it came from.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Refuses a value that is there and empty, as variables are that were meant to be unset.
pub(crate) fn refuse_empty(value: &OsStr, [flag, variable]: [&str; 2], expected: &str) -> Result<(), Failure> {
    if !value.is_empty() {
        return Ok(());
    }
    let is_variable = std::env::var_os(variable).is_some_and(|value| value.is_empty());
    let place = if is_variable { format!("environment variable {variable}") } else { flag.to_owned() };
    Err(Failure::usage(format_args!("{place}: expected {expected}, and it is empty"))
        .hint("name one, or leave it unset"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a home: keys, and settings for a deployment
    Init(Init),
    /// Run the node until it is interrupted
    Run(Run),
    /// How the running node, its chains and its door do
    Status,
    /// Where every peer stands, and why
    Peers,
    /// How owners stand on the chains themselves: stake, signer, jail, and the queue of what is on its way out
    Operator(Operator),
    /// Lock stake and name this node's peer and signer
    Register(Register),
    /// Lock more stake
    Stake(Stake),
    /// Begin to take stake out; it matures after the unstaking period
    Unstake(Unstake),
    /// Put an entry of the queue back to work
    Restake(Restake),
    /// Take out what has matured
    Withdraw(Withdraw),
    /// Name another signer, or another peer
    Rotate(Relink),
    /// End a jail that is over, with a new signer, which `williw keys rotate` makes
    Unjail(Relink),
    /// Submit two statements of one signer that contradict each other
    Slash(Slash),
    /// Have bounties paid out
    Collect(Collect),
    /// What this node's signers signed, and may not contradict
    Guard {
        #[command(subcommand)]
        command: Guard,
    },
    /// Replace the signer, or bring this node to another machine
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// What was asked of the chains, and what became of it
    #[command(subcommand)]
    Outbox(Outbox),
    /// Compare a deployment with what stands on the chain
    #[command(subcommand)]
    Deploy(Deploy),
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Deploy {
    /// Whether a deployment stands as its file says: with the code and the numbers that it names, owned by whom it names
    ///
    /// Exits with 0 if everything is as the file says, with 1 if anything is not or nobody knows, and with 3 if the chain could
    /// not be read.
    /// On Base the addresses of vault and pool commit to the code that made them, this release's, and to what it was given,
    /// so what the file says of that needs no trust in endpoints; what is in force now is what more than half of them say. On
    /// Solana everything is: the bytecode, that no other ever stood there and who may replace it, the config, the token accounts
    /// and the mint, when final. That the bytecode is made of this release's sources is seen by making it; where that is not
    /// known it is said, with the command that makes it.
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// What the deployment wrote: contracts/deployments/<chain id>.json, or programs/deployments/<genesis hash>.json; the
    /// endpoints of that chain have to be named
    #[arg(long, value_name = "FILE")]
    pub(crate) deployment: PathBuf,

    #[command(flatten)]
    pub(crate) rpcs: Rpcs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// All that was asked for, the latest first
    List {
        /// Only what is not settled yet
        #[arg(long)]
        unsettled: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One intent, with every transaction that was signed for it
    Show {
        /// Its number in the list
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// Send an unsettled intent again, with a keystore at a higher fee; or ask anew for one that ended without effect
    Retry {
        /// Its number in the list
        #[arg(value_name = "ID")]
        id: u64,
        #[command(flatten)]
        key: Key,
    },
    /// Put a transaction that does nothing in the place of an unsettled intent; or say that one that failed is wanted no more
    Cancel {
        /// Its number in the list
        #[arg(value_name = "ID")]
        id: u64,
        #[command(flatten)]
        key: Key,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rpcs {
    /// An endpoint to read Base through; give several, by different operators. An address with a key in it is better given
    /// in the variable, separated by commas, where other users of this machine do not see it
    #[arg(long = "rpc", value_name = "URL", env = "ETH_RPC_URL", value_delimiter = ',', hide_env_values = true)]
    // Taken as text: an error of the parser would quote it.
    pub(crate) rpcs: Vec<String>,

    /// The same for Solana
    #[arg(
        long = "solana-rpc",
        value_name = "URL",
        env = "SOLANA_RPC_URL",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub(crate) solana_rpcs: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What the deployment wrote: contracts/deployments/<chain id>.json, or programs/deployments/<genesis hash>.json for a
    /// network that is on Solana alone; both may be given, and have to be of one network
    #[arg(long = "deployment", value_name = "FILE", required = true)]
    pub(crate) deployments: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) rpcs: Rpcs,

    /// Where other nodes are to reach this one, over UDP
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:7474")]
    pub(crate) listen: SocketAddr,

    /// Where this node is to answer its owner, on this machine
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7475")]
    pub(crate) http: SocketAddr,

    /// A peer to begin with, as 0x<peer>@<ip>:<port>; may be given more than once
    #[arg(long = "peer", value_name = "PEER@IP:PORT")]
    pub(crate) peers: Vec<PeerAddress>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Say more; twice for what libraries say too. RUST_LOG overrides it
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Args)]
pub(crate) struct Operator {
    /// Whose operator; may be given more than once [default: of whoever names this node, as the running node knows it]
    #[arg(long = "owner", value_name = "ADDRESS", value_parser = williw_chain::address::of_any_chain)]
    pub(crate) owners: Vec<Owner>,
}

/// A key that pays and signs.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// The owner's keystore on Base, as `cast wallet import` writes it
    #[arg(long, value_name = "FILE", env = "ETH_KEYSTORE", hide_env_values = true, value_parser = path())]
    pub(crate) keystore: Option<PathBuf>,

    /// A file with the keystore's password, mode 0600
    #[arg(long, value_name = "FILE", env = "ETH_PASSWORD", hide_env_values = true, value_parser = path())]
    pub(crate) password_file: Option<PathBuf>,

    /// The owner's keypair on Solana, as `solana-keygen` writes it, mode 0600
    #[arg(long, value_name = "FILE", env = "SOLANA_KEYPAIR", hide_env_values = true, value_parser = path())]
    pub(crate) keypair: Option<PathBuf>,
}

/// Where it happens, and who pays and signs.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// Which chain; where the network is on one alone, it is that one
    #[arg(long, value_enum)]
    pub(crate) chain: Option<Chain>,

    #[command(flatten)]
    pub(crate) key: Key,

    /// Sign and send nothing, and need no key; print what a Safe, a Squads vault or a hardware wallet has to send
    #[arg(long, requires = "from")]
    pub(crate) unsigned: bool,

    /// Who will send it, with --unsigned
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::of_any_chain)]
    pub(crate) from: Option<Owner>,
}

/// A chain, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Chain {
    Base,
    Solana,
}

impl From<Chain> for ChainId {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::Base => Self::Base,
            Chain::Solana => Self::Solana,
        }
    }
}

/// Which signer a link names.
#[derive(Debug, Args)]
pub(crate) struct SignerKey {
    /// The signer's keystore [default: signer.json in the home]
    #[arg(long, value_name = "FILE")]
    pub(crate) signer: Option<PathBuf>,

    /// A file with its password, mode 0600 [default: signer.password in the home]
    #[arg(long, value_name = "FILE")]
    pub(crate) signer_password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// How much to lock: in atoms, or on Base as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    #[command(flatten)]
    pub(crate) signer: SignerKey,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Stake {
    /// How much to lock: in atoms, or on Base as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    /// Whose operator it is for [default: the sender's own]
    #[arg(long = "for", value_name = "ADDRESS", value_parser = williw_chain::address::of_any_chain)]
    pub(crate) beneficiary: Option<Owner>,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Unstake {
    /// How much to take out: in atoms, or on Base as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Restake {
    /// Which entry of the queue, as `williw operator` lists them
    #[arg(long)]
    pub(crate) ticket: u64,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// How many entries of the queue to look at, at most
    #[arg(long, default_value_t = 8)]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Relink {
    #[command(flatten)]
    pub(crate) signer: SignerKey,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Slash {
    /// The two signed statements: a file with their bytes, or with `0x` and hex; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: PathBuf,
    /// Who may collect the bounty [default: the sender]
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::of_any_chain)]
    pub(crate) beneficiary: Option<Owner>,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// Whose bounties [default: the sender's]
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::of_any_chain)]
    pub(crate) beneficiary: Option<Owner>,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        super::Flags::command().debug_assert();
    }
}
