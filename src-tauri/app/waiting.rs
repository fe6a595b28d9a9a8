//! Waiting for the browser: every way in which a callback can come, open while one sign-in is in flight.

use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{App, Attempt, Connected, explained_sign_in};
use crate::accounts::loopback::{Brought, Loopback};
use crate::accounts::sign_in::{PATIENCE, SignInError};
use crate::domain::callback_way::CallbackWay;
use crate::platform::clock;
use crate::platform::data_dir::{Held, Lock};
use crate::platform::ipc::{Door, Doorbell, Ring};
use crate::text::{Explained, Facts, Said};

/// How long one that was just cancelled may take to leave.
const LEAVING: Duration = Duration::from_secs(2);

/// Everything through which a callback can come. One at a time over a data directory.
#[derive(Debug)]
pub struct Waiting {
    bringer: mpsc::Sender<Brought>,
    brought: mpsc::Receiver<Brought>,
    rings: mpsc::Receiver<Ring>,
    loopback: Option<Loopback>,
    doorbell: Doorbell,
    _lock: Held,
}

impl Waiting {
    /// Opens the ways, before the browser is opened.
    ///
    /// # Errors
    /// When another sign-in waits over this data directory, or the loopback port is taken.
    pub async fn start(app: &App, way: CallbackWay) -> anyhow::Result<Waiting> {
        let lock = app.data_dir.lock(Lock::SignIn, LEAVING).await?;
        let (bringer, brought) = mpsc::channel(4);
        let (ringer, rings) = mpsc::channel(4);
        let loopback = match way {
            CallbackWay::Loopback => Some(Loopback::listen(bringer.clone()).await?),
            CallbackWay::Scheme => None,
        };
        let doorbell = Doorbell::answer(&app.data_dir, Door::SignIn, ringer, None)?;
        Ok(Waiting { bringer, brought, rings, loopback, doorbell, _lock: lock })
    }

    /// Where an address can be brought by other means.
    pub fn bringer(&self) -> mpsc::Sender<Brought> {
        self.bringer.clone()
    }

    /// Takes addresses until one is the answer to `attempt`. Those nobody asked for change nothing.
    ///
    /// # Errors
    /// [`SignInError::TooLate`] when none comes; otherwise why the sign-in came to nothing.
    pub async fn answer(&mut self, app: &App, attempt: &Attempt) -> Result<Connected, SignInError> {
        let patience = PATIENCE.to_std().unwrap_or_default();
        tokio::time::timeout(patience, self.answered(app, attempt)).await.unwrap_or(Err(SignInError::TooLate))
    }

    async fn answered(&mut self, app: &App, attempt: &Attempt) -> Result<Connected, SignInError> {
        loop {
            let (address, reply) = tokio::select! {
                Some(brought) = self.brought.recv() => (brought.address, Reply::Words(brought.reply)),
                Some(ring) = self.rings.recv() => (ring.line, Reply::Line(ring.reply)),
            };
            match app.finish(attempt, &address, clock::now()).await {
                Ok(connected) => {
                    reply.send(app, Ok(connected.said()));
                    return Ok(connected);
                }
                Err(error @ SignInError::NotAsked) => {
                    tracing::warn!("An address that nobody asked for was ignored");
                    reply.send(app, Err(explained_sign_in(&error)));
                }
                Err(error) => {
                    reply.send(app, Err(explained_sign_in(&error)));
                    return Err(error);
                }
            }
        }
    }

    /// Closes the ways, and gives whoever brought an address a moment to take the answer.
    pub async fn finish(self) {
        if let Some(loopback) = self.loopback {
            loopback.finish().await;
        }
        self.doorbell.finish().await;
    }
}

/// Whoever brought an address wants to know what became of it; they may be gone, which is no matter.
enum Reply {
    Words(oneshot::Sender<Result<String, String>>),
    Line(oneshot::Sender<String>),
}

impl Reply {
    fn send(self, app: &App, outcome: Result<Said, Explained>) {
        match self {
            Reply::Words(reply) => {
                let language = app.voice().map(|voice| voice.language).unwrap_or_default();
                let connected = |said| {
                    let close = Said { key: "notice.close_page".into(), facts: Facts::new() };
                    format!("{} {}", Explained::from(said).by(language), Explained::from(close).by(language))
                };
                drop(reply.send(outcome.map(connected).map_err(|why| why.by(language))));
            }
            Reply::Line(reply) => {
                let (ok, message) = match outcome {
                    Ok(said) => (true, said.to_string()),
                    Err(why) => (false, why.message),
                };
                drop(reply.send(json!({"ok": ok, "message": message}).to_string()));
            }
        }
    }
}
