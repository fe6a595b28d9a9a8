//! Signing in from the window: one attempt in flight, whose callback may come through the browser's
//! loopback request, a second start of the program, another program's ring, or pasted by the user.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::accounts::callback;
use crate::accounts::loopback::CallbackReceived;
use crate::accounts::sign_in::SignInError;
use crate::agent::Agent;
use crate::app::{
    Attempt, BEEMINDER_CLIENT_ID, CallbackWait, Connected, UserError, explained, explained_sign_in,
    sign_in_error,
};
use crate::domain::callback_way::CallbackWay;
use crate::domain::service::Service;
use crate::platform::clock;
use crate::platform::ipc;
use crate::platform::ipc::{Endpoint, NotAnswering};
use crate::services::withings::Application;
use crate::text::{Explained, Message};
use crate::view::agent_state::SignInState;

/// The attempt in flight, and how the last one ended.
#[derive(Debug, Default)]
pub(super) struct SignIns {
    state: Mutex<LastAttempts>,
}

#[derive(Debug, Default)]
struct LastAttempts {
    in_flight: Option<InFlight>,
    failed: Option<(Service, Explained)>,
}

#[derive(Debug)]
struct InFlight {
    service: Service,
    authorize_url: Url,
    callback_tx: mpsc::Sender<CallbackReceived>,
    cancel: CancellationToken,
}

impl SignIns {
    /// The service whose consent page is open.
    pub(super) fn waiting_for(&self) -> Option<Service> {
        self.state().in_flight.as_ref().map(|attempt| attempt.service)
    }

    /// Stops waiting.
    pub(super) fn cancel(&self) {
        if let Some(attempt) = &self.state().in_flight {
            attempt.cancel.cancel();
        }
    }

    /// Makes way for another attempt.
    fn make_way(&self) {
        self.cancel();
        self.state().failed = None;
    }

    pub(super) fn view(&self) -> SignInState {
        let state = self.state();
        match (&state.in_flight, &state.failed) {
            (Some(attempt), _) => SignInState::Waiting {
                service: attempt.service,
                authorize_url: attempt.authorize_url.clone(),
            },
            (None, Some((service, why))) => SignInState::Failed { service: *service, why: why.clone() },
            (None, None) => SignInState::None,
        }
    }

    fn callback_tx(&self) -> Option<mpsc::Sender<CallbackReceived>> {
        self.state().in_flight.as_ref().map(|attempt| attempt.callback_tx.clone())
    }

    fn end(&self, failed: Option<(Service, Explained)>) {
        *self.state() = LastAttempts { in_flight: None, failed };
    }

    fn state(&self) -> MutexGuard<'_, LastAttempts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Agent {
    /// Opens Withings' consent page; the rest happens when the browser comes back. Without an application
    /// the one of the last sign-in is used.
    ///
    /// # Errors
    /// When id or secret are wrong, the keychain cannot keep tokens, or another sign-in is in flight.
    pub async fn sign_in_withings(
        self: &Arc<Self>,
        application: Option<Application>,
        way: CallbackWay,
    ) -> Result<(), SignInError> {
        self.sign_ins.make_way();
        let application = match application {
            Some(application) => application,
            None => self.app.last_application().await.map_err(sign_in_error)?,
        };
        let waiting = CallbackWait::start(&self.app, way).await?;
        let attempt = self.app.begin_withings(application, way, clock::now()).await?;
        self.through_browser(waiting, attempt).await
    }

    /// Opens Beeminder's consent page, through the user's application or the one of this build.
    ///
    /// # Errors
    /// When there is no application, the keychain cannot keep tokens, or another sign-in is in flight.
    pub async fn sign_in_beeminder(
        self: &Arc<Self>,
        client_id: Option<String>,
        way: CallbackWay,
    ) -> Result<(), SignInError> {
        self.sign_ins.make_way();
        let client_id = client_id.or(BEEMINDER_CLIENT_ID.map(str::to_owned)).ok_or_else(|| {
            anyhow::Error::from(UserError::in_field("clientId", Message::error("no_application", [])))
        })?;
        let waiting = CallbackWait::start(&self.app, way).await?;
        let attempt = self.app.begin_beeminder(&client_id, way, clock::now()).await?;
        self.through_browser(waiting, attempt).await
    }

    /// Stops waiting for the browser, and forgets how the last attempt failed.
    pub fn cancel_sign_in(&self) {
        self.sign_ins.make_way();
        self.refresh();
    }

    /// Takes an address that a browser, a second start or the user brought. Says what became of it.
    ///
    /// # Errors
    /// A sentence for the user. An address that nobody asked for changes nothing.
    pub async fn take_callback(&self, address: String) -> Result<Message, Explained> {
        let callback = callback::parse(&address).map_err(|error| error.message())?;
        if let Some(callback_tx) = self.sign_ins.callback_tx() {
            let (reply, outcome) = oneshot::channel();
            if callback_tx.send(CallbackReceived { address, reply }).await.is_ok() {
                let Ok(outcome) = outcome.await else { return Err(explained_sign_in(&SignInError::TooLate)) };
                return outcome;
            }
            return Err(explained_sign_in(&SignInError::TooLate));
        }
        // A sign-in of “bws connect” in a terminal.
        match ipc::ask(&self.app.data_dir, Endpoint::SignIn, &address).await {
            Ok(Some(answer)) => return ipc::read_outcome(&answer).map_err(|error| explained(&error))?,
            Err(error) if error.is::<NotAnswering>() => return Err(explained(&error)),
            Ok(None) | Err(_) => {}
        }
        self.finish_kept(callback.service, &address).await
    }

    /// Finishes the sign-in of an earlier run of this program.
    async fn finish_kept(&self, service: Service, address: &str) -> Result<Message, Explained> {
        let kept = self.app.kept(clock::now()).await.map_err(|error| explained_sign_in(&error))?;
        let Some(attempt) = kept.filter(|attempt| attempt.service() == service) else {
            tracing::warn!("An address that nobody asked for was ignored");
            return Err(explained_sign_in(&SignInError::NotAsked));
        };
        let outcome = self.app.finish(&attempt, address, clock::now()).await;
        if matches!(outcome, Err(SignInError::NotAsked)) {
            tracing::warn!("An address that nobody asked for was ignored");
            return Err(explained_sign_in(&SignInError::NotAsked));
        }
        self.ended(service, outcome).await
    }

    async fn through_browser(
        self: &Arc<Self>,
        waiting: CallbackWait,
        attempt: Attempt,
    ) -> Result<(), SignInError> {
        if let Err(error) = self.app.keep(&attempt).await {
            waiting.finish().await;
            return Err(error);
        }
        let cancel = CancellationToken::new();
        let authorize_url = attempt.authorize_url.clone();
        self.sign_ins.state().in_flight = Some(InFlight {
            service: attempt.service(),
            authorize_url: authorize_url.clone(),
            callback_tx: waiting.callback_tx(),
            cancel: cancel.clone(),
        });
        let agent = Arc::clone(self);
        tokio::spawn(async move { agent.wait(waiting, attempt, cancel).await });
        self.refresh();
        if let Err(error) = self.desktop.open_page(&authorize_url, None) {
            tracing::warn!("No browser could be opened: {error:#}");
        }
        Ok(())
    }

    async fn wait(self: Arc<Self>, mut waiting: CallbackWait, attempt: Attempt, cancel: CancellationToken) {
        let outcome = tokio::select! {
            outcome = waiting.answer(&self.app, &attempt) => Some(outcome),
            () = cancel.cancelled() => None,
        };
        match outcome {
            Some(outcome) => drop(self.ended(attempt.service(), outcome).await),
            None => {
                self.sign_ins.end(None);
                self.forget_kept().await;
            }
        }
        self.refresh();
        waiting.finish().await;
    }

    /// Notes how a sign-in ended.
    async fn ended(
        &self,
        service: Service,
        outcome: Result<Connected, SignInError>,
    ) -> Result<Message, Explained> {
        self.forget_kept().await;
        match outcome {
            Ok(connected) => {
                self.connected();
                Ok(connected.message())
            }
            Err(error) => {
                let why = explained_sign_in(&error);
                self.sign_ins.end(Some((service, why.clone())));
                self.refresh();
                Err(why)
            }
        }
    }

    fn connected(&self) {
        self.sign_ins.end(None);
        self.polling.sync_now();
        self.refresh();
    }

    async fn forget_kept(&self) {
        if let Err(error) = self.app.forget_kept().await {
            // It is of no use after ten minutes.
            tracing::info!("The finished sign-in is still in the keychain: {error}");
        }
    }
}
