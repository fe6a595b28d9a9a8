//! The loopback callback: a port of this computer that listens while a sign-in is in flight.
//!
//! Each address the browser asks for is handed to whoever waits, and the browser is answered with what
//! became of it, so the code is exchanged before anything is shown.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::callback_page::CallbackPage;
use crate::domain::callback_way::LOOPBACK_PORT;
use crate::domain::service::Service;
use crate::text::{Explained, Language, Message};

/// The port that the browser comes back to is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", PortTaken::message(*self))]
pub struct PortTaken;

impl PortTaken {
    /// The sentence for people.
    pub fn message(self) -> Message {
        Message::error("port_taken", [("port", LOOPBACK_PORT.to_string())])
    }
}

/// An address someone callbacks, and where to say what became of it.
#[derive(Debug)]
pub struct CallbackReceived {
    /// The whole address that the browser called, unparsed and not to be trusted.
    pub address: String,
    /// Takes the sentence to show, good news or bad.
    pub reply: oneshot::Sender<Result<Message, Explained>>,
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Loopback {
    connections: TaskTracker,
    _listening: DropGuard,
}

impl Loopback {
    /// Starts to listen; addresses go to `callbacks`, and the browser is answered in `language`.
    ///
    /// # Errors
    /// When the port is taken, by name.
    pub async fn listen(
        callbacks: mpsc::Sender<CallbackReceived>,
        language: Language,
    ) -> anyhow::Result<Loopback> {
        let listener = TcpListener::bind(("127.0.0.1", LOOPBACK_PORT)).await.context(PortTaken)?;
        let (connections, stop) = (TaskTracker::new(), CancellationToken::new());
        let (tracker, stopped) = (connections.clone(), stop.clone());
        tokio::spawn(stopped.run_until_cancelled_owned(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tracker.spawn(serve(stream, callbacks.clone(), language))),
                    Err(error) => tracing::debug!("The loopback callback: {error}"),
                }
            }
        }));
        Ok(Loopback { connections, _listening: stop.drop_guard() })
    }

    /// Stops listening and gives the browser a moment to take its answer.
    pub async fn finish(self) {
        self.connections.close();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.connections.wait()).await;
    }
}

async fn serve(stream: TcpStream, callbacks: mpsc::Sender<CallbackReceived>, language: Language) {
    let answer = hyper::service::service_fn(move |request| answer(request, callbacks.clone(), language));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_buf_size(16 * 1024)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!("The loopback callback: {error}");
    }
}

async fn answer(
    request: Request<Incoming>,
    callbacks: mpsc::Sender<CallbackReceived>,
    language: Language,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // Another page in the browser could reach this port under another name.
    let ours = host == Some(&format!("127.0.0.1:{LOOPBACK_PORT}"));
    let service = service_of(request.uri().path());
    let (true, &hyper::Method::GET, Some(service)) = (ours, request.method(), service) else {
        return Ok(response(StatusCode::NOT_FOUND, CallbackPage::of_nothing(language)));
    };
    let address = format!("http://127.0.0.1:{LOOPBACK_PORT}{}", request.uri());
    let (reply, outcome) = oneshot::channel();
    let sent = callbacks.send(CallbackReceived { address, reply }).await;
    let outcome = match (sent, outcome.await) {
        (Ok(()), Ok(outcome)) => outcome,
        _ => Err(Message::error("nobody_waits", []).into()),
    };
    let status = if outcome.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(response(status, CallbackPage::of_sign_in(service, &outcome, language)))
}

/// The service whose sign-in leads to this path.
fn service_of(path: &str) -> Option<Service> {
    Service::named(path.strip_prefix('/')?.strip_suffix("/auth_callback")?)
}

fn response(status: StatusCode, page: CallbackPage) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page.html)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, page.policy);
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        // The address has the code in it.
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}
