//! A process that sends something, step by step, and can be killed at every one of them.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use url::Url;
use williw_chain::base::Base;
use williw_chain::verb::Call;
use williw_chain::wallet::Wallet;
use williw_core::identity::Account;
use williw_daemon::outbox::{Dispatch, Interrupted, Moment, OutboxError, Sent, Tell};
use williw_store::Outbox;

use crate::chain::{base, open, pace};

/// Where the child finds what it is to do.
pub(crate) const ORDER: &str = "WILLIW_OUTBOX_TEST_ORDER";
const CHILD: &str = "child::a_child_that_sends_until_it_is_killed";

/// What a child is to do.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Order {
    pub(crate) database: PathBuf,
    pub(crate) rpcs: Vec<Url>,
    pub(crate) secret: [u8; 32],
    pub(crate) to: [u8; 20],
    pub(crate) value: u128,
    pub(crate) outbid_ms: u64,
}

impl Order {
    pub(crate) fn wallet(&self) -> Wallet {
        Wallet::from_secret(&self.secret).unwrap()
    }

    pub(crate) fn call(&self) -> Call {
        Call { to: Account::evm(self.to), data: Vec::new(), value: self.value, what: format!("pay {} wei", self.value) }
    }

    /// What `williw stake` does with its calls.
    pub(crate) async fn send(
        &self,
        outbox: &Outbox,
        base: &mut Base,
        tell: &mut Tell<'_>,
    ) -> Result<Sent, Interrupted> {
        let wallet = self.wallet();
        let pace = pace(Duration::from_millis(self.outbid_ms));
        let refused = |why| Interrupted { done: Vec::new(), faults: Default::default(), why: Box::new(why) };
        let claimed = Dispatch::claim(base, outbox, wallet.account(), pace, tell).await;
        let mut dispatch = claimed.map_err(refused)?;
        let sent = match dispatch.send(&wallet, &[self.call()]).await {
            Err(interrupted) => {
                if let OutboxError::AskedBefore { receipt, .. } = &*interrupted.why {
                    dispatch.told(&[*receipt]).await.map_err(refused)?;
                }
                return Err(interrupted);
            }
            Ok(sent) => sent,
        };
        dispatch.told(&sent.receipts).await.map_err(refused)?;
        Ok(sent)
    }
}

/// The name of a step.
pub(crate) fn name(moment: &Moment<'_>) -> &'static str {
    match moment {
        Moment::NotRaised(..) => "not raised",
        Moment::Intended(_) => "intended",
        Moment::Drafted(_) => "drafted",
        Moment::Signed(_) => "signed",
        Moment::Leaving(_) => "leaving",
        Moment::Sent(_) => "sent",
        Moment::Seen(..) => "seen",
        Moment::Noted(..) => "noted",
    }
}

#[tokio::test]
#[ignore = "the other tests start it as a process of its own"]
async fn a_child_that_sends_until_it_is_killed() {
    let Some(order) = std::env::var_os(ORDER) else { return };
    let order: Order = serde_json::from_str(order.to_str().unwrap()).unwrap();
    let outbox = open(&order.database).await;
    // It stands still until it is told to go on, or is killed.
    let mut tell = |moment: Moment<'_>| {
        println!("at {}", name(&moment));
        std::io::stdout().flush().unwrap();
        std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    };
    match order.send(&outbox, &mut base(order.rpcs.clone()), &mut tell).await {
        Ok(_) => println!("done"),
        Err(Interrupted { why, .. }) => match *why {
            OutboxError::AskedBefore { .. } => println!("asked before"),
            why => println!("not done {why}"),
        },
    }
}

/// A child at work.
pub(crate) struct Sender {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a child says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    At(String),
    Done,
    NotDone(String),
}

impl Sender {
    pub(crate) fn start(order: &Order) -> Self {
        Self::spawn(CHILD, order)
    }

    /// One of this test's own functions, as a process.
    pub(crate) fn spawn(function: &str, order: &impl Serialize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", function, "--nocapture", "--test-threads=1"])
            .env(ORDER, serde_json::to_string(order).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, lines: BufReader::new(stdout).lines() }
    }

    /// The next thing it says.
    pub(crate) async fn says(&mut self) -> Said {
        loop {
            let line = self.lines.next_line().await.unwrap().expect("the child says how it ended");
            if let Some((_, at)) =
                line.split_once("at ").filter(|(before, _)| before.is_empty() || before.ends_with(' '))
            {
                return Said::At(at.to_owned());
            }
            if line.ends_with("asked before") || line.ends_with("done") && !line.contains("not done") {
                return Said::Done;
            }
            if let Some((_, why)) = line.split_once("not done ") {
                return Said::NotDone(why.to_owned());
            }
        }
    }

    pub(crate) async fn go_on(&mut self) {
        self.stdin.write_all(b"\n").await.unwrap();
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn end(mut self) {
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// A folder where nothing waits for a disk: a killed process loses nothing that it wrote, wherever it wrote it.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
