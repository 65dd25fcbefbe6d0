//! Solana's websocket: notifications of what happens, as the endpoint shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{Sink, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::rpc::Fault;
use crate::rpc::params::Params;
use crate::server::{Localnet, REQUEST_CAP, failed, succeeded};

mod topic;

use topic::Topic;

/// Subscriptions of one connection.
const SUBSCRIPTIONS_CAP: usize = 1_000;

/// One connection, until the other side goes away.
pub(crate) async fn serve(localnet: Arc<Localnet>, face: usize, stream: TcpStream) {
    let settings = WebSocketConfig::default().max_message_size(Some(REQUEST_CAP)).max_frame_size(Some(REQUEST_CAP));
    let Ok(socket) = tokio_tungstenite::accept_async_with_config(stream, Some(settings)).await else { return };
    let (mut outgoing, mut incoming) = socket.split();
    let mut changes = localnet.changes();
    let mut listener = Listener { face, topics: BTreeMap::new(), next: 0 };
    loop {
        let messages = tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(Message::Text(words))) => vec![listener.answer(&localnet, &words)],
                // The library answers pings itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => Vec::new(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            changed = changes.changed() => match changed {
                Ok(()) => listener.news(&localnet),
                Err(_) => return,
            },
        };
        if send(&mut outgoing, messages).await.is_err() {
            return;
        }
    }
}

async fn send(outgoing: &mut (impl Sink<Message, Error = Error> + Unpin), messages: Vec<Value>) -> Result<(), Error> {
    for message in messages {
        outgoing.feed(Message::text(message.to_string())).await?;
    }
    outgoing.flush().await
}

struct Listener {
    face: usize,
    topics: BTreeMap<u64, Topic>,
    next: u64,
}

impl Listener {
    fn answer(&mut self, localnet: &Localnet, words: &str) -> Value {
        let Ok(mut call) = serde_json::from_str::<Value>(words) else {
            return failed(&Value::Null, &Fault::new(-32700, "Parse error"));
        };
        let (id, params) = (call["id"].take(), call["params"].take());
        let method = call["method"].as_str().unwrap_or_default();
        match Params::new(params).and_then(|params| self.subscribe(localnet, method, &params)) {
            Ok(result) => succeeded(&id, result),
            Err(fault) => failed(&id, &fault),
        }
    }

    fn subscribe(&mut self, localnet: &Localnet, method: &str, params: &Params) -> Result<Value, Fault> {
        if let Some(topic) = method.strip_suffix("Unsubscribe") {
            let gone = self.topics.get(&params.u64(0)?).is_some_and(|known| known.name() == topic);
            if !gone {
                return Err(Fault::params("Invalid subscription id."));
            }
            self.topics.remove(&params.u64(0)?);
            return Ok(json!(true));
        }
        if self.topics.len() >= SUBSCRIPTIONS_CAP {
            return Err(Fault::new(-32000, format!("a connection has at most {SUBSCRIPTIONS_CAP} subscriptions")));
        }
        let network = localnet.network();
        let topic = Topic::wanted(&network, self.face, method, params)?;
        let number = self.next;
        self.next += 1;
        self.topics.insert(number, topic);
        Ok(json!(number))
    }

    /// What there is to tell since the last time.
    fn news(&mut self, localnet: &Localnet) -> Vec<Value> {
        let network = localnet.network();
        let mut messages = Vec::new();
        self.topics.retain(|number, topic| {
            let news = topic.news(&network, self.face);
            let method = format!("{}Notification", topic.name());
            messages.extend(news.results.into_iter().map(|result| {
                json!({ "jsonrpc": "2.0", "method": method, "params": { "result": result, "subscription": number } })
            }));
            !news.last
        });
        messages
    }
}
