//! The network behind its ports: who may change it at a time, and JSON-RPC over HTTP.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::rpc::{self, Fault, Network, Refusal};

/// The longest request.
pub(crate) const REQUEST_CAP: usize = 1 << 20;
/// Calls in one request.
const BATCH_CAP: usize = 100;
/// Connections at all ports. Whoever comes when it is full waits.
const CONNECTIONS_CAP: usize = 1_024;

/// Everything that the ports share.
pub(crate) struct Localnet {
    network: Mutex<Network>,
    /// Counts changes, for those who wait for one.
    changed: watch::Sender<u64>,
    /// Which faces break their connections.
    down: Vec<watch::Sender<bool>>,
    places: Arc<Semaphore>,
}

impl Localnet {
    pub(crate) fn new(network: Network) -> Arc<Self> {
        let down = network.faces.iter().map(|_| watch::Sender::new(false)).collect();
        let places = Arc::new(Semaphore::new(CONNECTIONS_CAP));
        Arc::new(Self { network: Mutex::new(network), changed: watch::Sender::new(0), down, places })
    }

    pub(crate) fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().expect("a panic ends this program")
    }

    /// Tells everybody that something may be different now.
    pub(crate) fn announce(&self) {
        let downs: Vec<bool> = self.network().faces.iter().map(crate::face::Face::is_down).collect();
        for (sender, down) in self.down.iter().zip(downs) {
            sender.send_if_modified(|before| std::mem::replace(before, down) != down);
        }
        self.changed.send_modify(|count| *count += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn call(&self, face: usize, method: &str, params: Value) -> Result<Value, Refusal> {
        let answer = rpc::answer(&mut self.network(), face, method, params);
        if !method.starts_with("get") {
            self.announce();
        }
        answer
    }
}

/// Takes connections at one port until the program ends, and gives each to `serve` until its face goes down.
pub(crate) async fn listen<S: Future<Output = ()> + Send + 'static>(
    localnet: Arc<Localnet>,
    face: usize,
    listener: TcpListener,
    serve: impl Fn(Arc<Localnet>, usize, TcpStream) -> S,
) {
    loop {
        let place = localnet.places.clone().acquire_owned().await.expect("it is never closed");
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut down = localnet.down[face].subscribe();
        if *down.borrow_and_update() {
            continue;
        }
        let served = serve(localnet.clone(), face, stream);
        tokio::spawn(async move {
            tokio::select! {
                () = served => {}
                _ = down.wait_for(|down| *down) => {}
            }
            drop(place);
        });
    }
}

/// One HTTP connection.
pub(crate) async fn serve_http(localnet: Arc<Localnet>, face: usize, stream: TcpStream) {
    let answer = hyper::service::service_fn(move |request| answer(localnet.clone(), face, request));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    // It ends in an error whenever the other side goes away, and when it is to be left without an answer.
    let _ = connection.await;
}

/// The connection is to break instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct Broken;

async fn answer(
    localnet: Arc<Localnet>,
    face: usize,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    if request.method() == Method::GET && request.uri().path() == "/health" {
        return Ok(Response::new(Full::from("ok")));
    }
    if request.method() != Method::POST {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "POST is needed"));
    }
    let body = match Limited::new(request.into_body(), REQUEST_CAP).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long"));
        }
        Err(_) => return Err(Broken),
    };
    let slowness = localnet.network().faces[face].slowness_ms();
    if slowness > 0 {
        tokio::time::sleep(Duration::from_millis(slowness)).await;
    }
    // Executing takes a while, which others should not have to wait for.
    let answered = tokio::task::spawn_blocking(move || answer_body(&localnet, face, &body));
    let words = answered.await.expect("a panic ends this program")?;
    let mut response = Response::new(Full::from(words));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn plain(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(words));
    *response.status_mut() = status;
    response
}

fn answer_body(localnet: &Localnet, face: usize, body: &[u8]) -> Result<String, Broken> {
    let answer = match serde_json::from_slice(body) {
        Err(_) => failed(&Value::Null, &Fault::new(-32700, "Parse error")),
        Ok(Value::Array(calls)) if calls.is_empty() || calls.len() > BATCH_CAP => {
            failed(&Value::Null, &Fault::new(-32600, format!("a batch has between 1 and {BATCH_CAP} calls")))
        }
        Ok(Value::Array(calls)) => {
            calls.into_iter().map(|call| answer_call(localnet, face, call)).collect::<Result<Value, _>>()?
        }
        Ok(call) => answer_call(localnet, face, call)?,
    };
    Ok(answer.to_string())
}

fn answer_call(localnet: &Localnet, face: usize, mut call: Value) -> Result<Value, Broken> {
    let id = call["id"].take();
    let params = call["params"].take();
    let Some(method) = call["method"].as_str() else {
        return Ok(failed(&id, &Fault::new(-32600, "Invalid request")));
    };
    match localnet.call(face, method, params) {
        Ok(result) => Ok(succeeded(&id, result)),
        Err(Refusal::Fault(fault)) => Ok(failed(&id, &fault)),
        Err(Refusal::Silence) => Err(Broken),
    }
}

pub(crate) fn succeeded(id: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

pub(crate) fn failed(id: &Value, fault: &Fault) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": fault.to_json() })
}

/// Lets slots pass by themselves, as long as it is awaited.
pub(crate) async fn pass_time(localnet: Arc<Localnet>, slot: Duration) -> Infallible {
    // Slots that were missed are made up for, so that the Clock stays with the time of day.
    let mut slots = tokio::time::interval(slot);
    slots.tick().await;
    loop {
        slots.tick().await;
        let localnet = localnet.clone();
        let ticked = tokio::task::spawn_blocking(move || {
            localnet.network().tick();
            localnet.announce();
        });
        ticked.await.expect("a panic ends this program");
    }
}
