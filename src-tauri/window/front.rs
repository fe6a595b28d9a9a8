//! The window's back end: the store, and the agent that polls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use beeminder_withings_sync::agent::client::{AgentClient, Watch};
use beeminder_withings_sync::agent::protocol::{AgentRequest, Event, Refusal};
use beeminder_withings_sync::app::{App, UserError};
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::environment::Environment;
use beeminder_withings_sync::view::agent_state::AgentState;
use beeminder_withings_sync::view::pages::View;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tauri::{AppHandle, Manager};

use crate::window::{start, webview};

/// How often a window without an agent looks for one.
const RETRY: Duration = Duration::from_millis(250);

/// An agent that was started answers within this.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// What the window works with: the program's data, once it can be used.
pub(crate) struct Program {
    environment: Environment,
    front: Mutex<Option<Arc<Front>>>,
}

impl Program {
    pub(crate) fn new(environment: Environment) -> Program {
        Program { environment, front: Mutex::default() }
    }

    /// The program's data, opened if need be: what was wrong may be over.
    fn front(&self, agent: Arc<AgentWatch>) -> anyhow::Result<Arc<Front>> {
        let mut front = self.front.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(front) = front.as_ref() {
            return Ok(Arc::clone(front));
        }
        let app = App::open(&self.environment, clock::now())
            .inspect_err(|error| tracing::error!("The window could not open the data: {error:#}"))?;
        let opened = Arc::new(Front { app, sandbox: self.environment.sandbox, agent });
        *front = Some(Arc::clone(&opened));
        Ok(opened)
    }
}

/// The program's data and its agent.
pub(crate) struct Front {
    /// What users ask for.
    pub(crate) app: App,
    sandbox: bool,
    agent: Arc<AgentWatch>,
}

/// The agent as far as it is known.
pub(crate) struct AgentWatch {
    client: AgentClient,
    arguments: Vec<String>,
    /// Whether the window starts an agent where none runs.
    may_start: bool,
    /// Whoever says where the focus is has its turn: the last one says how it is.
    focus: tokio::sync::Mutex<()>,
    state: Mutex<AgentPresence>,
    is_watching: AtomicBool,
    /// Told when the window is gone.
    closed: tokio::sync::Notify,
}

/// What is wrong with the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Missing {
    /// It has ended.
    Gone,
    /// It does not answer.
    Hangs,
}

/// Whether the agent is there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AgentPresence {
    /// It was started, or is looked for.
    Starting,
    /// It said this last.
    Here(Box<AgentState>),
    /// It has ended.
    Gone,
    /// It is there and does not answer.
    Hangs,
}

impl Front {
    /// What the window shows, and what is wrong with the agent, if so.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn view(&self) -> anyhow::Result<(View, Option<Missing>)> {
        let (agent, missing) = match self.agent.presence() {
            AgentPresence::Here(state) => (Some(*state), None),
            AgentPresence::Starting => (None, None),
            AgentPresence::Gone => (None, Some(Missing::Gone)),
            AgentPresence::Hangs => (None, Some(Missing::Hangs)),
        };
        Ok((self.app.window(agent, self.sandbox, clock::now())?, missing))
    }

    /// Asks the agent for something.
    ///
    /// # Errors
    /// Why it came to nothing.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: AgentRequest) -> Result<T, Refusal> {
        self.agent.client.ask(&request).await
    }

    /// Has the agent heed what was changed here. Without one, the next does.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn tell(&self, request: AgentRequest) -> Result<(), Refusal> {
        self.agent.tell(request).await
    }

    /// Has a pass made as soon as may be: something was decided that Beeminder or Withings should know.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub(crate) async fn sync_soon(&self) -> Result<(), Refusal> {
        self.tell(AgentRequest::SyncNow).await
    }

    /// Says that what is stored was changed here.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub(crate) async fn changed(&self) -> Result<(), Refusal> {
        self.tell(AgentRequest::Changed).await
    }
}

impl AgentWatch {
    /// The agent behind `client`; `arguments` start it.
    pub(crate) fn new(client: AgentClient, arguments: Vec<String>, may_start: bool) -> AgentWatch {
        let (state, is_watching) = (Mutex::new(AgentPresence::Starting), AtomicBool::new(false));
        let (focus, closed) = (tokio::sync::Mutex::default(), tokio::sync::Notify::new());
        AgentWatch { client, arguments, may_start, focus, state, is_watching, closed }
    }

    /// Says whether the user works with the window.
    pub(crate) async fn say_focus(&self, app: &AppHandle) {
        let _turn = self.focus.lock().await;
        let focused = webview::has_focus(app);
        if let Err(refusal) = self.tell(AgentRequest::Focus { focused }).await {
            tracing::info!("The agent was not told of the focus: {}", refusal.why);
        }
    }

    /// Says that the window came to the front.
    pub(crate) fn say_shown(self: &Arc<Self>) {
        let watch = Arc::clone(self);
        tauri::async_runtime::spawn(async move {
            if let Err(refusal) = watch.tell(AgentRequest::Shown).await {
                tracing::info!("The agent was not told that the window is in front: {}", refusal.why);
            }
        });
    }

    /// Hangs up: the window is gone.
    pub(crate) fn stop_watching(&self) {
        self.closed.notify_one();
    }

    /// Asks the agent for something that needs none.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn tell(&self, request: AgentRequest) -> Result<(), Refusal> {
        self.client.try_ask::<()>(&request).await.map(drop)
    }

    /// Watches the agent for as long as there is a window, starting it if none runs.
    pub(crate) fn watch(self: &Arc<Self>, app: &AppHandle) {
        if self.is_watching.swap(true, Ordering::SeqCst) {
            return;
        }
        let (watch, app) = (Arc::clone(self), app.clone());
        tauri::async_runtime::spawn(async move {
            watch.keep_watching(&app).await;
            watch.is_watching.store(false, Ordering::SeqCst);
        });
    }

    async fn keep_watching(self: &Arc<Self>, app: &AppHandle) {
        let mut is_first = true;
        while webview::exists(app) {
            match self.client.watch().await {
                Ok(Some(watch)) => {
                    webview::say_focus(app);
                    let end = self.follow(app, watch).await;
                    self.note(app, end);
                }
                Ok(None) if is_first && !self.may_start => self.note(app, AgentPresence::Gone),
                Ok(None) if is_first => {
                    if let Err(error) = self.start(app) {
                        tracing::error!("{error:#}");
                        self.note(app, AgentPresence::Gone);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!("The agent cannot be watched: {error:#}");
                    self.note(app, AgentPresence::Hangs);
                }
            }
            is_first = false;
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Heeds what the agent says, until it ends or the window does. Returns how it is then.
    async fn follow(&self, app: &AppHandle, mut watch: Watch) -> AgentPresence {
        loop {
            let event = tokio::select! {
                event = watch.next() => event,
                () = self.closed.notified() => return AgentPresence::Gone,
            };
            match event {
                Ok(Some(Event::Changed(state))) => self.note(app, AgentPresence::Here(state)),
                Ok(Some(Event::Show(opening))) => webview::show(app, opening),
                Ok(Some(Event::Quit)) => {
                    webview::close_for_good(app);
                    return AgentPresence::Gone;
                }
                Ok(None) => return AgentPresence::Gone,
                Err(error) => {
                    tracing::warn!("The agent is silent: {error:#}");
                    return AgentPresence::Hangs;
                }
            }
            if !webview::exists(app) {
                return AgentPresence::Gone;
            }
        }
    }

    /// Starts the agent, and calls it gone when it does not come.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(self: &Arc<Self>, app: &AppHandle) -> anyhow::Result<()> {
        *self.lock() = AgentPresence::Starting;
        webview::refresh(app);
        let mut agent = start::launch_agent(&self.arguments)?;
        let (watch, app) = (Arc::clone(self), app.clone());
        tauri::async_runtime::spawn(async move {
            tokio::select! {
                _ = agent.wait() => {}
                () = tokio::time::sleep(START_TIMEOUT) => {}
            }
            if watch.presence() == AgentPresence::Starting {
                watch.note(&app, AgentPresence::Gone);
            }
        });
        Ok(())
    }

    fn presence(&self) -> AgentPresence {
        self.lock().clone()
    }

    fn note(&self, app: &AppHandle, presence: AgentPresence) {
        *self.lock() = presence;
        webview::refresh(app);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, AgentPresence> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is behind `app`, once it is there.
///
/// # Errors
/// Why there is nothing.
pub(crate) fn front(app: &AppHandle) -> anyhow::Result<Arc<Front>> {
    match app.try_state::<Program>().as_deref() {
        Some(program) => program.front(agent(app)),
        None => Err(UserError::new("still_starting", []).into()),
    }
}

/// The agent behind `app`, which is there even when the data cannot be used.
pub(crate) fn agent(app: &AppHandle) -> Arc<AgentWatch> {
    Arc::clone(&app.state::<Arc<AgentWatch>>())
}
