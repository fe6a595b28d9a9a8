//! Faults, at the next request or at every one.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::domain::service::Service;

/// The largest answer the sandbox itself gives.
const PLENTY: usize = 64 * 1024 * 1024;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The service answers this and does nothing.
    Answer {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// The service does what was asked, then answers this.
    AnswerAfter {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The service does what was asked, and the answer is lost on the way.
    LoseAnswer,
    /// The connection breaks before the service sees the request.
    Drop,
    /// The answer breaks off in the middle, though it looks whole.
    Truncate,
    /// The answer is this many bytes of nothing.
    Huge(usize),
    /// The answer is a redirect to another host.
    Redirect,
    /// The answer never comes.
    Hang,
}

impl Fault {
    /// Withings' way to report an error: HTTP 200 with a status inside.
    pub fn withings(status: i64, error: &str) -> Fault {
        let body = serde_json::json!({"status": status, "body": {}, "error": error}).to_string();
        Fault::Answer { status: 200, body, retry_after: None }
    }

    /// An HTTP error with a body.
    pub fn http(status: u16, body: &str) -> Fault {
        Fault::Answer { status, body: body.to_owned(), retry_after: None }
    }

    /// Too many requests, with a wish.
    pub fn limited(seconds: u64) -> Fault {
        Fault::Answer { status: 429, body: "Retry later\n".into(), retry_after: Some(seconds) }
    }

    pub(super) async fn apply(self, request: Request, next: Next) -> Response {
        match self {
            Fault::Answer { status, body, retry_after } => {
                let mut response = answer(status, body);
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                }
                response
            }
            Fault::AnswerAfter { status, body } => {
                next.run(request).await;
                answer(status, body)
            }
            Fault::LoseAnswer => {
                next.run(request).await;
                broken()
            }
            Fault::Drop => broken(),
            Fault::Truncate => {
                let body = next.run(request).await.into_body();
                let whole = axum::body::to_bytes(body, PLENTY).await.unwrap_or_default();
                Bytes::slice(&whole, ..whole.len() / 2).into_response()
            }
            Fault::Huge(size) => vec![b' '; size].into_response(),
            Fault::Redirect => {
                (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "http://192.0.2.1/elsewhere")])
                    .into_response()
            }
            Fault::Hang => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                broken()
            }
        }
    }
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, body).into_response()
}

/// A body that fails at once, which makes the server cut the connection.
fn broken() -> Response {
    struct Broken;
    impl axum::body::HttpBody for Broken {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
            std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
        }
    }
    Response::new(Body::new(Broken))
}

/// Faults waiting to happen.
#[derive(Debug, Default)]
pub struct Faults {
    next: VecDeque<(Service, &'static str, usize, Fault)>,
    every: Vec<(Service, &'static str, Fault)>,
}

impl Faults {
    /// Makes the next request to `service` whose path contains `path` go wrong. Several queue up.
    pub fn next(&mut self, service: Service, path: &'static str, fault: Fault) {
        self.after(0, service, path, fault);
    }

    /// The same, but `spared` such requests go well first.
    pub fn after(&mut self, spared: usize, service: Service, path: &'static str, fault: Fault) {
        self.next.push_back((service, path, spared, fault));
    }

    /// Makes every such request go wrong until [`Faults::clear`].
    pub fn every(&mut self, service: Service, path: &'static str, fault: Fault) {
        self.every.push((service, path, fault));
    }

    /// How many wait for a request.
    pub fn waiting(&self) -> usize {
        self.next.len() + self.every.len()
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        *self = Faults::default();
    }

    pub(super) fn take(&mut self, service: Service, path: &str) -> Option<Fault> {
        let fits = |at: Service, part: &str| at == service && path.contains(part);
        if let Some(index) = self.next.iter().position(|(at, part, ..)| fits(*at, part)) {
            let (_, _, spared, _) = &mut self.next[index];
            if let Some(left) = spared.checked_sub(1) {
                *spared = left;
                return None;
            }
            return self.next.remove(index).map(|(.., fault)| fault);
        }
        self.every.iter().find(|(at, part, _)| fits(*at, part)).map(|(.., fault)| fault.clone())
    }
}
