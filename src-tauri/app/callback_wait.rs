//! Waits for the browser: every way in which a callback can come, open while one sign-in is in flight.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::{App, Attempt, Connected, explained_sign_in};
use crate::accounts::loopback::{CallbackReceived, Loopback};
use crate::accounts::sign_in::{SIGN_IN_TIMEOUT, SignInError};
use crate::domain::callback_way::CallbackWay;
use crate::platform::clock;
use crate::platform::data_dir::{Lock, LockGuard};
use crate::platform::ipc::{self, Endpoint, Listener, Request};
use crate::text::{Explained, Message};

/// How long one that was just cancelled may take to leave.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// Everything through which a callback can come. One at a time over a data directory.
#[derive(Debug)]
pub struct CallbackWait {
    callback_tx: mpsc::Sender<CallbackReceived>,
    callbacks: mpsc::Receiver<CallbackReceived>,
    requests: mpsc::Receiver<Request>,
    loopback: Option<Loopback>,
    listener: Listener,
    _lock: LockGuard,
}

impl CallbackWait {
    /// Opens the ways, before the browser is opened.
    ///
    /// # Errors
    /// When another sign-in waits over this data directory, or the loopback port is taken.
    pub async fn start(app: &App, way: CallbackWay) -> anyhow::Result<CallbackWait> {
        let lock = app.data_dir.lock(Lock::SignIn, CANCEL_GRACE).await?;
        let (callback_tx, callbacks) = mpsc::channel(4);
        let (sender, requests) = mpsc::channel(4);
        let loopback = match way {
            CallbackWay::Loopback => {
                Some(Loopback::listen(callback_tx.clone(), app.locale()?.language).await?)
            }
            CallbackWay::Scheme => None,
        };
        let listener = Listener::listen(&app.data_dir, Endpoint::SignIn, sender, None)?;
        Ok(CallbackWait { callback_tx, callbacks, requests, loopback, listener, _lock: lock })
    }

    /// Where an address can be callbacks by other means.
    pub fn callback_tx(&self) -> mpsc::Sender<CallbackReceived> {
        self.callback_tx.clone()
    }

    /// Takes addresses until one is the answer to `attempt`. Those nobody asked for change nothing.
    ///
    /// # Errors
    /// [`SignInError::TooLate`] when none comes; otherwise why the sign-in came to nothing.
    pub async fn answer(&mut self, app: &App, attempt: &Attempt) -> Result<Connected, SignInError> {
        let timeout = SIGN_IN_TIMEOUT.to_std().unwrap_or_default();
        tokio::time::timeout(timeout, self.answered(app, attempt)).await.unwrap_or(Err(SignInError::TooLate))
    }

    async fn answered(&mut self, app: &App, attempt: &Attempt) -> Result<Connected, SignInError> {
        loop {
            let (address, reply) = tokio::select! {
                Some(callbacks) = self.callbacks.recv() => (callbacks.address, Reply::Page(callbacks.reply)),
                Some(request) = self.requests.recv() => (request.line, Reply::Line(request.reply)),
            };
            match app.finish(attempt, &address, clock::now()).await {
                Ok(connected) => {
                    reply.send(Ok(connected.message()));
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

    /// Closes the ways, and gives whoever callbacks an address a moment to take the answer.
    pub async fn finish(self) {
        if let Some(loopback) = self.loopback {
            loopback.finish().await;
        }
        self.listener.finish().await;
    }
}

/// Who callbacks an address, to be told what became of it.
enum Reply {
    Page(oneshot::Sender<Result<Message, Explained>>),
    Line(mpsc::UnboundedSender<String>),
}

impl Reply {
    fn send(self, outcome: Result<Message, Explained>) {
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
