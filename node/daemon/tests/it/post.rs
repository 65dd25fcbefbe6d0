//! An endpoint between the outbox and the chain that does with transactions what networks do with them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

use crate::lies::Lie;

/// What becomes of a transaction that is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    /// "Taken", and forgotten.
    Drop,
    /// No answer, and not passed on.
    Lose,
    /// Passed on, and no answer.
    Land,
    /// Passed on, and nobody waits long enough for the answer.
    Late,
    Twice,
    /// "Taken", and passed on when the next one has been, or at the end.
    Hold,
    /// Refused in these words, and not passed on.
    Refuse(&'static str),
    /// Refused in these words, and passed on.
    Deny(&'static str),
}

#[derive(Default)]
struct Sack {
    /// What becomes of the next ones; whatever comes after them is passed.
    fates: VecDeque<Fate>,
    held: Vec<Value>,
    /// What is wrong with what it says, and for how many answers.
    lie: Option<(Lie, u64)>,
}

impl Sack {
    /// What is wrong with the next answer.
    fn next_lie(&mut self) -> Option<Lie> {
        let (lie, left) = self.lie.as_mut()?;
        let lie = *lie;
        *left -= 1;
        if *left == 0 {
            self.lie = None;
        }
        Some(lie)
    }
}

pub(crate) struct Post {
    pub(crate) url: Url,
    sack: Arc<Mutex<Sack>>,
    /// A transaction has met its fate, and is not answered yet.
    pub(crate) arrived: Arc<Notify>,
    target: Url,
    client: reqwest::Client,
}

impl Post {
    pub(crate) async fn before(target: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let (sack, arrived) = (Arc::new(Mutex::new(Sack::default())), Arc::new(Notify::new()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = Self { url, sack, arrived, target: target.clone(), client };
        let (sack, arrived) = (Arc::clone(&post.sack), Arc::clone(&post.arrived));
        let (target, client) = (post.target.clone(), post.client.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sack, arrived) = (Arc::clone(&sack), Arc::clone(&arrived));
                let (target, client) = (target.clone(), client.clone());
                tokio::spawn(async move { serve(stream, &sack, &arrived, &target, &client).await });
            }
        });
        post
    }

    /// Forgets what it holds, and does this with what comes next.
    pub(crate) fn expect(&self, fates: &[Fate]) {
        *self.sack.lock().unwrap() = Sack { fates: fates.iter().copied().collect(), ..Sack::default() };
    }

    /// Lies so many times when it is asked something.
    pub(crate) fn lie(&self, lie: Lie, times: u64) {
        self.sack.lock().unwrap().lie = (times > 0).then_some((lie, times));
    }

    /// Tells the truth from now on.
    pub(crate) fn be_honest(&self) {
        self.sack.lock().unwrap().lie = None;
    }

    /// Passes everything on from now, what it holds first: the latest of it before the earlier.
    pub(crate) async fn release(&self) {
        let held = {
            let mut sack = self.sack.lock().unwrap();
            sack.fates.clear();
            std::mem::take(&mut sack.held)
        };
        for question in held.into_iter().rev() {
            forward(&self.client, &self.target, &question).await;
        }
    }
}

/// Questions of one connection, one after the other.
async fn serve(stream: TcpStream, sack: &Mutex<Sack>, arrived: &Notify, target: &Url, client: &reqwest::Client) {
    let mut stream = BufReader::new(stream);
    while let Some(question) = read_question(&mut stream).await {
        let sends = question["method"] == "eth_sendRawTransaction";
        let body = if sends {
            let answered = hand_in(question, sack, target, client).await;
            arrived.notify_one();
            match answered {
                Reply::Answer(answer) => answer,
                Reply::Cut => return,
                Reply::TooLate => {
                    // Until whoever asked gives up.
                    stream.read_to_end(&mut Vec::new()).await.ok();
                    return;
                }
            }
        } else {
            let lie = sack.lock().unwrap().next_lie();
            match told(lie, question, target, client).await {
                Some(answer) => answer,
                None => return,
            }
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let written = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        if written.is_err() {
            return;
        }
    }
}

/// What it says to a question; nothing if it breaks off.
async fn told(lie: Option<Lie>, question: Value, target: &Url, client: &reqwest::Client) -> Option<Vec<u8>> {
    let Some(lie) = lie else { return Some(forward(client, target, &question).await) };
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": [] });
    let tip: Value = serde_json::from_slice(&forward(client, target, &asked).await).unwrap_or_default();
    let tip = serde_json::from_value(tip["result"].clone()).map_or(0, |tip: alloy::primitives::U64| tip.to());
    let question = lie.question(question, tip);
    let answer = forward(client, target, &question).await;
    lie.answer(&question, answer, tip)
}

/// What whoever hands a transaction in hears of it.
enum Reply {
    Answer(Vec<u8>),
    Cut,
    TooLate,
}

async fn hand_in(question: Value, sack: &Mutex<Sack>, target: &Url, client: &reqwest::Client) -> Reply {
    let (fate, held) = {
        let mut sack = sack.lock().unwrap();
        let fate = sack.fates.pop_front().unwrap_or(Fate::Pass);
        let held = if fate == Fate::Hold { Vec::new() } else { std::mem::take(&mut sack.held) };
        if fate == Fate::Hold {
            sack.held.push(question.clone());
        }
        (fate, held)
    };
    let bytes: alloy::primitives::Bytes = serde_json::from_value(question["params"][0].clone()).unwrap();
    let taken = json!({ "jsonrpc": "2.0", "id": 1, "result": alloy::primitives::keccak256(&bytes) });
    let refused = |words: &str| json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": words } });
    let answer = |answer: Value| Reply::Answer(answer.to_string().into_bytes());
    let reply = match fate {
        Fate::Pass => Reply::Answer(forward(client, target, &question).await),
        Fate::Drop | Fate::Hold => answer(taken),
        Fate::Lose => Reply::Cut,
        Fate::Land => {
            forward(client, target, &question).await;
            Reply::Cut
        }
        Fate::Late => {
            forward(client, target, &question).await;
            Reply::TooLate
        }
        Fate::Twice => {
            let first = forward(client, target, &question).await;
            forward(client, target, &question).await;
            Reply::Answer(first)
        }
        Fate::Refuse(words) => answer(refused(words)),
        Fate::Deny(words) => {
            forward(client, target, &question).await;
            answer(refused(words))
        }
    };
    for question in held {
        forward(client, target, &question).await;
    }
    reply
}

async fn read_question(stream: &mut BufReader<TcpStream>) -> Option<Value> {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    serde_json::from_slice(&body).ok()
}

async fn forward(client: &reqwest::Client, target: &Url, question: &Value) -> Vec<u8> {
    let request = client.post(target.clone()).header("content-type", "application/json").body(question.to_string());
    // The chain of a finished test may be gone already.
    let Ok(reply) = request.send().await else { return Vec::new() };
    reply.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default()
}
