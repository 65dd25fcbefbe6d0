//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use williw_daemon::settings::PeerAddress;

use crate::amount::Typed;

const EXIT_CODES: &str = "\
Exit codes:
  0  it is done
  1  it failed
  2  the command line, the settings, a key or another file is not what it has to be
  3  a chain or the node did not answer, not as it should, or the chain refused";

/// A staking node for Base.
#[derive(Debug, Parser)]
#[command(name = "williw", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Flags {
    /// The folder with the node's settings, keys and database [default: ~/.williw]
    #[arg(long, global = true, env = "WILLIW_HOME", value_name = "DIR", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,

    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
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
    /// End a jail that is over, with a new signer
    Unjail(Relink),
    /// Submit two statements of one signer that contradict each other
    Slash(Slash),
    /// Have bounties paid out
    Collect(Collect),
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What the deployment wrote: contracts/deployments/<chain id>.json
    #[arg(long, value_name = "FILE")]
    pub(crate) deployment: PathBuf,

    /// An endpoint to read Base through; give several, by different operators. An address with a key in it is better given
    /// in the variable, separated by commas, where other users of this machine do not see it
    #[arg(
        long = "rpc",
        value_name = "URL",
        required = true,
        env = "ETH_RPC_URL",
        value_delimiter = ',',
        hide_env_values = true
    )]
    // Taken as text: an error of the parser would quote it.
    pub(crate) rpcs: Vec<String>,

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

/// Who pays and signs.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// The owner's keystore, as `cast wallet import` writes it
    #[arg(long, value_name = "FILE", env = "ETH_KEYSTORE", hide_env_values = true)]
    pub(crate) keystore: Option<PathBuf>,

    /// A file with the keystore's password, mode 0600
    #[arg(long, value_name = "FILE", env = "ETH_PASSWORD", hide_env_values = true)]
    pub(crate) password_file: Option<PathBuf>,

    /// Sign and send nothing, and need no keystore; print what a Safe or a hardware wallet has to send
    #[arg(long, requires = "from")]
    pub(crate) unsigned: bool,

    /// Who will send it, with --unsigned
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::parse)]
    pub(crate) from: Option<williw_core::identity::Account>,
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
    /// How much to lock, in atoms or as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    #[command(flatten)]
    pub(crate) signer: SignerKey,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Stake {
    /// How much to lock, in atoms or as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    /// Whose operator it is for [default: the sender's own]
    #[arg(long = "for", value_name = "ADDRESS", value_parser = williw_chain::address::parse)]
    pub(crate) beneficiary: Option<williw_core::identity::Account>,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Unstake {
    /// How much to take out, in atoms or as in 1000ether
    #[arg(long)]
    pub(crate) amount: Typed,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Restake {
    /// Which entry of the queue
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
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::parse)]
    pub(crate) beneficiary: Option<williw_core::identity::Account>,
    #[command(flatten)]
    pub(crate) account: Account,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// Whose bounties [default: the sender's]
    #[arg(long, value_name = "ADDRESS", value_parser = williw_chain::address::parse)]
    pub(crate) beneficiary: Option<williw_core::identity::Account>,
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
