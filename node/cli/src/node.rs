//! Asking the running node.

use std::time::Duration;

use serde_json::Value;
use williw_daemon::keys::PeerKey;

use crate::exit::{ExitStatus, Failure};
use crate::home::Home;

/// How long the node has for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer in bytes.
const ANSWER_CAP: usize = 256 * 1024 * 1024;

/// What the node of this home answers. That it is this home's is known by `whose`: where the answer says who answers.
pub(crate) async fn ask(home: &Home, path: &str, whose: impl Fn(&Value) -> Option<&str>) -> Result<Value, Failure> {
    let listen = home.read_settings()?.http.listen;
    let own = PeerKey::read(&home.peer())?.peer().to_string();
    let outside = |what: &str| {
        Failure::new(ExitStatus::Outside, format_args!("the node at http://{listen} {what}"))
            .hint("start it with `williw run`, or see `[http] listen` in williw.toml")
    };
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
    let client = client.map_err(|_| Failure::new(ExitStatus::Failed, "the http client cannot be set up"))?;
    let response = client.get(format!("http://{listen}{path}")).send().await;
    let mut response = response.map_err(|_| outside("does not answer"))?;
    if !response.status().is_success() {
        return Err(outside(&format!("answers with status {}", response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| outside("broke off its answer"))? {
        if body.len() + chunk.len() > ANSWER_CAP {
            return Err(outside("answers without an end"));
        }
        body.extend_from_slice(&chunk);
    }
    let answer: Value = serde_json::from_slice(&body).map_err(|_| outside("is no williw node"))?;
    match whose(&answer) {
        None => Err(outside("is no williw node")),
        Some(peer) if peer != own => Err(Failure::usage(format_args!(
            "the node at http://{listen} is {peer}, not the one of {}",
            home.folder().display()
        ))
        .hint("two homes have the same `[http] listen`: change one in its williw.toml")),
        Some(_) => Ok(answer),
    }
}
