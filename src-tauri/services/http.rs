//! The HTTP client, through which every request leaves this program: TLS, time-outs, no redirects, bounded
//! answers.

mod obstacle;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use reqwest::{RequestBuilder, StatusCode, header};
use url::Url;

use crate::platform::environment::is_loopback;
use crate::text::Message;
pub(crate) use obstacle::Obstacle;

/// Both services answer in well under a second; one token request is on record with 134 s, and
/// waiting that long would hold up everything else. A time-out is safe: requests can be repeated.
const TIMEOUT: Duration = Duration::from_secs(30);

/// No answer may be larger. A page of 2,000 groups takes about 2 MB.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// A client for one service.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    sent: AtomicU64,
    /// What its clock said, and how many requests had been sent by then.
    heard: Mutex<Option<(u64, DateTime<Utc>)>>,
}

/// What came back, read whole.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    /// `Retry-After`, when it was given in seconds.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing usable came back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection, no answer in time, or an answer that broke off.
    Unreachable(reqwest::Error),
    /// More than [`LARGEST_ANSWER`].
    TooLarge,
}

impl Http {
    /// Makes a client for `base`. Plain HTTP is refused for anything but this computer.
    ///
    /// # Errors
    /// When the system's certificates cannot be loaded.
    pub(crate) fn new(base: &Url) -> anyhow::Result<Http> {
        // Fails only when a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("beeminder-withings-sync/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if is_loopback(base) {
            builder = builder.no_proxy();
        } else {
            builder = builder.https_only(true);
        }
        let client = builder.build().context("Failed to prepare for TLS connections")?;
        Ok(Http { client, sent: AtomicU64::new(0), heard: Mutex::new(None) })
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    pub(crate) fn head(&self, url: Url) -> RequestBuilder {
        self.client.head(url)
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    pub(crate) fn put(&self, url: Url) -> RequestBuilder {
        self.client.put(url)
    }

    pub(crate) fn delete(&self, url: Url) -> RequestBuilder {
        self.client.delete(url)
    }

    /// Sends a request and reads the answer whole. Nothing is retried here.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<HttpAnswer, Failure> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let unreachable = |error: reqwest::Error| {
            let error = error.without_url();
            tracing::info!(cause = ?std::error::Error::source(&error), "No answer: {error}");
            Failure::Unreachable(error)
        };
        let mut response = request.send().await.map_err(unreachable)?;
        self.note_server_time(response.headers());
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer { status, retry_after, body })
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The service's clock at its last answer.
    pub(crate) fn server_time(&self) -> Option<DateTime<Utc>> {
        self.server_time_since(0)
    }

    /// The service's clock at its last answer to one of the requests after the first `sent`.
    pub(crate) fn server_time_since(&self, sent: u64) -> Option<DateTime<Utc>> {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.filter(|(by, _)| *by > sent).map(|(_, server)| server)
    }

    fn note_server_time(&self, headers: &header::HeaderMap) {
        let date = headers.get(header::DATE).and_then(|value| value.to_str().ok());
        if let Some(date) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) {
            let heard = Some((self.sent(), date.with_timezone(&Utc)));
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
        }
    }
}

/// Why a service was not reached, for people.
pub(crate) fn unreachable(service: &str, error: &reqwest::Error) -> Message {
    let plain = || Message::error("unreachable", [("service", service.to_owned())]);
    Obstacle::of(error).map_or_else(plain, |obstacle| obstacle.message(service))
}

/// The first characters of an answer, fit for one line of an error message.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).chars().take(120).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_computer_are_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/", true),
            ("http://localhost/", false),
            ("http://127.0.0.1.example.com/", false),
            ("https://www.beeminder.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
