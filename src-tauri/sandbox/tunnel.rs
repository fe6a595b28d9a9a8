//! The stand-in for a tunnel: a small proxy that leads from an address of its own to a port of this computer, until it
//! is told to break, to answer for itself, to move or to end.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use crate::services::http::Http;

/// The largest request that it passes on.
const PLENTY: usize = 1024 * 1024;

/// What the proxy does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Passes them on.
    Passing,
    /// Answers that nobody is behind it.
    Broken,
    /// Answers with a page of its own.
    Greeting,
    /// Passes on all but HEAD, with which it does not know what to do.
    WithoutHead,
}

/// What it is told over its own address, below `/tunnel/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To end.
    Die,
    /// To listen at another address.
    Move,
}

/// A proxy; it stops when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: Arc<Mutex<Mode>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Way {
    port: u16,
    mode: Arc<Mutex<Mode>>,
    told: mpsc::UnboundedSender<Told>,
}

impl Proxy {
    /// Starts one that leads to `port`; what it is told goes to `told`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(port: u16, told: mpsc::UnboundedSender<Told>) -> anyhow::Result<Proxy> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, mode) = (listener.local_addr()?, Arc::new(Mutex::new(Mode::Passing)));
        let way = Way { port, mode: Arc::clone(&mode), told };
        let router = Router::new().fallback(pass).with_state(way);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("The tunnel stopped: {error}");
            }
        });
        Ok(Proxy { address, mode, task })
    }

    /// Its address, without an end.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has it do something else with requests.
    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(way): State<Way>, request: Request) -> Response {
    let told = match request.uri().path() {
        "/tunnel/die" => Some(Told::Die),
        "/tunnel/move" => Some(Told::Move),
        _ => None,
    };
    if let Some(told) = told {
        // Whoever listened may have ended already.
        let _ = way.told.send(told);
        return StatusCode::OK.into_response();
    }
    let mode = *way.mode.lock().unwrap_or_else(PoisonError::into_inner);
    match mode {
        Mode::Broken => StatusCode::BAD_GATEWAY.into_response(),
        Mode::Greeting => "Welcome to nginx!".into_response(),
        Mode::WithoutHead if request.method() == Method::HEAD => {
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
        Mode::Passing | Mode::WithoutHead => {
            forward(way.port, request).await.unwrap_or_else(|| StatusCode::BAD_GATEWAY.into_response())
        }
    }
}

/// Passes a request on; `None` when nobody answers.
async fn forward(port: u16, request: Request) -> Option<Response> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = Url::parse(&format!("http://127.0.0.1:{port}{path}")).ok()?;
    let http = Http::new(&url).ok()?;
    let method = request.method().clone();
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let body: Bytes = axum::body::to_bytes(request.into_body(), PLENTY).await.ok()?;
    let mut onward = if method == Method::HEAD {
        http.head(url)
    } else if method == Method::POST {
        http.post(url).body(body)
    } else {
        http.get(url)
    };
    if let Some(kind) = kind {
        onward = onward.header(header::CONTENT_TYPE, kind);
    }
    let answer = http.send(onward).await.ok()?;
    Some((answer.status, Body::from(answer.body)).into_response())
}
