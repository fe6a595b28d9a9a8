//! The agent's end of the local socket: does what windows and further starts ask for.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::agent::protocol::{AgentRequest, Event, Opening, Refusal, Repair};
use crate::agent::windows::Windows;
use crate::agent::{Agent, Desktop, checks};
use crate::app::Check;
use crate::platform::clock;
use crate::platform::data_dir::DataDir;
use crate::platform::ipc;
use crate::platform::ipc::{Endpoint, Listener, Request};
use crate::services::withings::Application;
use crate::text::{Explained, Message};
use crate::view::agent_state::{AgentState, SignInState};

/// The requests that come over the socket.
pub type Requests = mpsc::Receiver<Request>;

/// Starts to listen. The caller holds [`crate::platform::data_dir::Lock::Agent`].
///
/// # Errors
/// When the socket cannot be made.
pub fn listen(dir: &DataDir) -> anyhow::Result<(Listener, Requests)> {
    let (sender, requests) = mpsc::channel(8);
    Ok((Listener::listen(dir, Endpoint::Agent, sender, None)?, requests))
}

/// Answers requests for as long as there are any.
pub async fn serve(agent: Arc<Agent>, mut requests: Requests) {
    while let Some(request) = requests.recv().await {
        // A sign-in may take a while; nothing else waits for it.
        tokio::spawn(answer(Arc::clone(&agent), request));
    }
}

async fn answer(agent: Arc<Agent>, Request { line, reply }: Request) {
    let request: AgentRequest = match serde_json::from_str(&line) {
        Ok(request) => request,
        Err(error) => {
            // Not its words: it may carry a secret.
            tracing::warn!("A request of another version was not understood: {:?}", error.classify());
            return send(
                &reply,
                &Err::<(), _>(Refusal::from(Explained::from(Message::error("other_version", [])))),
            );
        }
    };
    // One that ends leaves requests to the next.
    if agent.is_ending() {
        return;
    }
    if matches!(request, AgentRequest::Watch) {
        agent.watch(reply).await;
    } else if matches!(request, AgentRequest::Check) {
        send(&reply, &agent.checks().await);
    } else if let AgentRequest::Callback { address, token } = request {
        send(&reply, &agent.callback(address, token).await);
    } else {
        send(&reply, &agent.handle(request).await);
    }
}

/// The client may have disconnected.
fn send<T: Serialize>(reply: &mpsc::UnboundedSender<String>, outcome: &Result<T, Refusal>) {
    match ipc::write_outcome(outcome) {
        Ok(line) => drop(reply.send(line)),
        Err(error) => tracing::error!("{error:#}"),
    }
}

impl Agent {
    /// Tells a window what happens until it closes, and opens another if it was wanted again meanwhile.
    async fn watch(&self, window: mpsc::UnboundedSender<String>) {
        let first = Event::Changed(Box::new(self.state()));
        if let Ok(line) = serde_json::to_string(&first) {
            // It may have closed already.
            let _ = window.send(line);
        }
        self.windows.add(window.clone());
        // A window that an upgrade brought meets the agent from before it.
        if !self.is_syncing() {
            self.leave_if_replaced();
        }
        tokio::select! {
            () = window.closed() => self.window_closed(clock::now()),
            // This end of it is hung up then.
            () = self.polling.stopped() => return,
        }
        if let Some(opening) = self.windows.take_unanswered(clock::now())
            && let Err(error) = self.show(&opening)
        {
            tracing::error!("The window could not be opened again: {error:#}");
        }
    }

    /// Takes an address that a browser brought, and shows the window that waited for it.
    async fn callback(&self, address: String, token: Option<String>) -> Result<Message, Refusal> {
        match self.take_callback(address).await {
            Ok(said) => {
                tracing::info!("{said}");
                self.windows.show(&Opening { token, page: None }, clock::now());
                Ok(said)
            }
            Err(why) => {
                // It came from outside, so it is no more than a line in the log.
                tracing::warn!("A callback came to nothing: {why}");
                Err(why.into())
            }
        }
    }

    /// Other programs are asked, which may take a while.
    async fn checks(&self) -> Result<Vec<Check>, Refusal> {
        let desktop = Arc::clone(&self.desktop);
        let checks = tokio::task::spawn_blocking(move || checks::checks(desktop.as_ref())).await;
        Ok(checks.map_err(anyhow::Error::from)?)
    }

    async fn repair(&self, what: Repair) -> Result<(), Refusal> {
        let desktop = Arc::clone(&self.desktop);
        let repaired = tokio::task::spawn_blocking(move || checks::repair(desktop.as_ref(), what)).await;
        Ok(repaired.map_err(anyhow::Error::from)??)
    }

    async fn handle(self: &Arc<Self>, request: AgentRequest) -> Result<(), Refusal> {
        match request {
            AgentRequest::Watch | AgentRequest::Check | AgentRequest::Callback { .. } => {}
            AgentRequest::Focus { focused } => self.focus(focused, clock::now())?,
            AgentRequest::Show(opening) => self.show(&opening)?,
            AgentRequest::Shown => self.windows.note_shown(),
            AgentRequest::SyncNow => self.sync_soon(),
            AgentRequest::Changed => self.changed()?,
            AgentRequest::CancelPass => self.cancel_pass(),
            AgentRequest::SignInWithings { application, way } => {
                let application =
                    application.map(|given| Application { client_id: given.client_id, secret: given.secret });
                self.sign_in_withings(application, way).await?;
            }
            AgentRequest::SignInBeeminder { client_id, way } => {
                self.sign_in_beeminder(client_id, way).await?;
            }
            AgentRequest::CancelSignIn => self.cancel_sign_in(),
            AgentRequest::Repair { what } => self.repair(what).await?,
            AgentRequest::StartAtLogin { on } => self.desktop.set_start_at_login(on)?,
            AgentRequest::Forget => self.forget_at_the_end(),
            AgentRequest::Quit => self.quit(),
        }
        Ok(())
    }
}

/// Answers requests while nothing works because of `why`: what can be seen and ended can still be asked for.
pub(super) async fn serve_failure(
    why: &Explained,
    desktop: &Arc<dyn Desktop>,
    requests: &mut Requests,
    windows: &Windows,
    stop: &CancellationToken,
) {
    while let Some(Request { line, reply }) = requests.recv().await {
        let outcome = match serde_json::from_str(&line) {
            Ok(AgentRequest::Watch) => {
                let event = Event::Changed(Box::new(failed(why, desktop.as_ref())));
                windows.add(reply);
                windows.tell(&event);
                continue;
            }
            Ok(AgentRequest::Show(opening)) => {
                let is_told = windows.show(&opening, clock::now());
                if is_told { Ok(()) } else { desktop.open_window(&opening).map_err(Refusal::from) }
            }
            Ok(AgentRequest::Shown) => {
                windows.note_shown();
                Ok(())
            }
            Ok(AgentRequest::Quit) => {
                stop.cancel();
                Ok(())
            }
            Ok(_) | Err(_) => Err(Refusal::from(why.clone())),
        };
        send(&reply, &outcome);
    }
}

fn failed(why: &Explained, desktop: &dyn Desktop) -> AgentState {
    AgentState {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        syncing: false,
        last_pass: None,
        failure: Some(why.clone()),
        sign_in: SignInState::None,
        due: None,
        has_tray: desktop.has_tray(),
        start_at_login: checks::start_at_login(desktop),
    }
}
