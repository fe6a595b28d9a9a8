//! The receiver of Withings' notifications: a small HTTP server on a port of the user's.
//!
//! It has a thread to itself, since Withings wants its answer at once whatever a pass is doing. Nothing of what comes
//! is believed: it only marks what is to be read. Everybody but those who know an address gets one and the same
//! answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::inbox::Inbox;
use super::key::{Key, Knock};
use crate::text::Message;

/// At most so many connections at a time; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 16;

/// How long a connection may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// No notification is larger.
const LARGEST_BODY: usize = 4096;

/// The least that hyper takes.
const LARGEST_HEAD: usize = 8192;

/// The port is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct CannotListen {
    address: SocketAddr,
}

impl CannotListen {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        Message::error("cannot_listen", [("address", self.address.to_string())])
    }
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    thread: JoinHandle<()>,
    listening: DropGuard,
}

/// What a connection is answered by.
struct Answerer {
    key: Key,
    /// Whose notifications are taken.
    user: String,
    inbox: Arc<Inbox>,
}

impl Receiver {
    /// Starts to listen for what is about `user`; what comes is marked in `inbox`.
    ///
    /// # Errors
    /// [`CannotListen`] when the port is taken.
    pub fn start(listen: SocketAddr, key: Key, user: String, inbox: Arc<Inbox>) -> anyhow::Result<Receiver> {
        let listener =
            std::net::TcpListener::bind(listen).with_context(|| CannotListen { address: listen })?;
        listener.set_nonblocking(true)?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (answerer, stopped) = (Arc::new(Answerer { key, user, inbox }), stop.clone());
        let listen = async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => accept(listener, answerer).await,
                Err(error) => tracing::error!("Withings' notifications cannot be received: {error}"),
            }
        };
        let thread = std::thread::Builder::new()
            .name("receiver".into())
            .spawn(move || {
                runtime.block_on(stopped.run_until_cancelled(listen));
            })
            .context("Failed to start")?;
        Ok(Receiver { address, thread, listening: stop.drop_guard() })
    }

    /// Stops listening, and returns once the port is free.
    pub async fn finish(self) {
        drop(self.listening);
        let ended = tokio::task::spawn_blocking(move || self.thread.join().is_ok()).await;
        if !ended.unwrap_or_default() {
            tracing::error!("The receiver of Withings' notifications failed");
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, answerer: Arc<Answerer>) {
    let free = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answerer = Arc::clone(&answerer);
                tokio::spawn(async move {
                    let served = tokio::time::timeout(TIMEOUT, serve(stream, answerer)).await;
                    tracing::trace!(in_time = served.is_ok(), "A connection ended");
                    drop(place);
                });
            }
            Err(error) => {
                // Too many open files, for instance, which ends by itself.
                tracing::debug!("The receiver: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, answerer: Arc<Answerer>) {
    let answer = hyper::service::service_fn(move |request| {
        let answerer = Arc::clone(&answerer);
        async move { Ok::<_, Infallible>(answerer.answer(request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(TIMEOUT)
        .max_buf_size(LARGEST_HEAD)
        // A proxy that kept it could send the next one just when its time is over.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!("The receiver: {error}");
    }
}

impl Answerer {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // Proxies hand the path on with the base before it, or without.
        let end = request.uri().path().rsplit('/').next().unwrap_or_default();
        let said = match (self.key.knock(end), request.method()) {
            (Some(Knock::Challenge(answer)), &Method::GET) => Some(answer),
            (Some(_), &Method::GET | &Method::HEAD) => Some(String::new()),
            (Some(Knock::Notification(appli)), &Method::POST) => {
                let is_ours = self.is_about_the_user(request).await;
                is_ours.then(|| {
                    self.inbox.mark(appli);
                    String::new()
                })
            }
            _ => None,
        };
        match said {
            Some(text) => response(StatusCode::OK, text),
            None => {
                self.inbox.refuse();
                response(StatusCode::NOT_FOUND, String::new())
            }
        }
    }

    /// Whether a notification names the user; the rest of what it says is not gone by.
    async fn is_about_the_user(&self, request: Request<Incoming>) -> bool {
        let Ok(body) = Limited::new(request.into_body(), LARGEST_BODY).collect().await else {
            return false;
        };
        let body = body.to_bytes();
        let mut named = url::form_urlencoded::parse(&body).filter(|(name, _)| name == "userid");
        match (named.next(), named.next()) {
            (Some((_, user)), None) => bool::from(user.as_bytes().ct_eq(self.user.as_bytes())),
            _ => false,
        }
    }
}

fn response(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}
