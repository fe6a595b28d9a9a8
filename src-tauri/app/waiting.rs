//! Waiting for the browser: every way in which a callback can come, open while one sign-in is in flight.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::{App, Attempt, Connected, explained_sign_in};
use crate::accounts::loopback::{Brought, Loopback};
use crate::accounts::sign_in::{PATIENCE, SignInError};
use crate::domain::callback_way::CallbackWay;
use crate::platform::clock;
use crate::platform::data_dir::{Held, Lock};
use crate::platform::ipc::{self, Endpoint, Listener, Request};
use crate::text::{Explained, Said};

/// How long one that was just cancelled may take to leave.
const LEAVING: Duration = Duration::from_secs(2);

/// Everything through which a callback can come. One at a time over a data directory.
#[derive(Debug)]
pub struct Waiting {
    bringer: mpsc::Sender<Brought>,
    brought: mpsc::Receiver<Brought>,
    rings: mpsc::Receiver<Request>,
    loopback: Option<Loopback>,
    doorbell: Listener,
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
            CallbackWay::Loopback => Some(Loopback::listen(bringer.clone(), app.voice()?.language).await?),
            CallbackWay::Scheme => None,
        };
        let doorbell = Listener::listen(&app.data_dir, Endpoint::SignIn, ringer, None)?;
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
                Some(brought) = self.brought.recv() => (brought.address, Reply::Page(brought.reply)),
                Some(ring) = self.rings.recv() => (ring.line, Reply::Line(ring.reply)),
            };
            match app.finish(attempt, &address, clock::now()).await {
                Ok(connected) => {
                    reply.send(Ok(connected.said()));
                    return Ok(connected);
                }
                Err(error @ SignInError::NotAsked) => {
                    tracing::warn!("An address that nobody asked for was ignored");
                    reply.send(Err(explained_sign_in(&error)));
                }
                Err(error) => {
                    reply.send(Err(explained_sign_in(&error)));
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

/// Who brought an address, to be told what became of it.
enum Reply {
    Page(oneshot::Sender<Result<Said, Explained>>),
    Line(mpsc::UnboundedSender<String>),
}

impl Reply {
    fn send(self, outcome: Result<Said, Explained>) {
        // They may be gone.
        match self {
            Reply::Page(reply) => drop(reply.send(outcome)),
            Reply::Line(reply) => match ipc::write_outcome(&outcome) {
                Ok(line) => drop(reply.send(line)),
                Err(error) => tracing::error!("{error:#}"),
            },
        }
    }
}
