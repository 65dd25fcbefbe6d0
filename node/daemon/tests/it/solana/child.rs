//! A process that adds to a stake, step by step, and can be killed at every one of them.

use std::io::{BufRead as _, Write as _};

use williw_daemon::outbox::{Interrupted, Moment, OutboxError};

use super::story::Order;
use crate::child::{self, ORDER, name};

const CHILD: &str = "solana::child::a_child_that_sends_until_it_is_killed";

#[tokio::test]
#[ignore = "the other tests start it as a process of its own"]
async fn a_child_that_sends_until_it_is_killed() {
    let Some(order) = std::env::var_os(ORDER) else { return };
    let order: Order = serde_json::from_str(order.to_str().unwrap()).unwrap();
    let outbox = order.open().await;
    // It stands still until it is told to go on, or is killed.
    let mut tell = |moment: Moment<'_>| {
        println!("at {}", name(&moment));
        std::io::stdout().flush().unwrap();
        std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    };
    match order.send(&outbox, &mut tell).await {
        Ok(_) => println!("done"),
        Err(Interrupted { why, .. }) => match *why {
            OutboxError::AskedBefore { .. } => println!("asked before"),
            why => println!("not done {why}"),
        },
    }
}

/// Such a process at work.
pub(crate) struct Sender;

impl Sender {
    pub(crate) fn start(order: &Order) -> child::Sender {
        child::Sender::spawn(CHILD, order)
    }
}
