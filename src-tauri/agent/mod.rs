//! The background agent behind tray and window: it polls, answers the browser, tells the desktop what to
//! show, and does what windows ask for.
//!
//! It knows nothing of windows and trays but what [`Desktop`] says, so that all of it can be tested
//! without one, and each system's desktop only translates.

mod checks;
pub mod client;
#[cfg(all(target_os = "linux", feature = "desktop"))]
pub mod desktop;
mod notices;
pub mod protocol;
pub mod server;
mod sign_ins;
pub mod start;
mod windows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::agent::protocol::{Event, Opening, Page};
use crate::app::polling::{self, Polling};
use crate::app::{App, explained};
use crate::platform::program::Executable;
use crate::platform::{autostart, clock, wake};
use crate::store;
use crate::sync::SyncReport;
use crate::text::{Explained, Language, Message};
use crate::view::agent_state::{AgentState, PassResult};
use crate::view::arrivals;
use crate::view::notification::Notice;
use crate::view::overview::{Overview, overview};
use crate::view::tray;
use crate::view::tray::{Activity, Click, MenuAction, Tray};
use notices::Glimpsed;
use sign_ins::SignIns;
use windows::Windows;

/// What the agent wants from the desktop it runs on.
pub trait Desktop: Send + Sync {
    /// Shows the tray.
    fn show_tray(&self, tray: &Tray);
    /// Shows a notification, in place of an earlier one about the same.
    fn notify(&self, notice: &Notice);
    /// Opens a window where none is open.
    ///
    /// # Errors
    /// When none can be opened.
    fn open_window(&self, opening: &Opening) -> anyhow::Result<()>;
    /// Shows a page in the browser. `token` is the desktop's permission to take the focus.
    ///
    /// # Errors
    /// When there is no browser.
    fn open_page(&self, url: &Url, token: Option<&str>) -> anyhow::Result<()>;
    /// Whether the user can see an icon in the tray.
    fn has_tray(&self) -> bool;
    /// Whether the program starts at login.
    ///
    /// # Errors
    /// When the desktop cannot be asked.
    fn start_at_login(&self) -> anyhow::Result<autostart::AutostartState>;
    /// Switches the start at login.
    ///
    /// # Errors
    /// When it stays as it is.
    fn set_start_at_login(&self, on: bool) -> anyhow::Result<()>;
    /// Whether browsers hand callbacks to this program.
    ///
    /// # Errors
    /// When the desktop cannot be asked.
    fn takes_callbacks(&self) -> anyhow::Result<bool>;
    /// Makes this program the one that browsers hand callbacks to.
    ///
    /// # Errors
    /// When the desktop does not take it.
    fn take_callbacks(&self) -> anyhow::Result<()>;
    /// Takes back what the desktop was told about this program: the start at login, the callback scheme.
    ///
    /// # Errors
    /// When something of it may still be there.
    fn forget(&self) -> anyhow::Result<()>;
}

/// When polling failed, for instance because the disk is full, it is tried again after this.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// How the agent's work came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The user quit.
    Quit,
    /// An upgrade put another executable in the place of this one, which is to be started.
    Replaced,
}

/// The background agent.
pub struct Agent {
    /// What users ask for.
    pub app: App,
    desktop: Arc<dyn Desktop>,
    polling: Polling,
    sign_ins: SignIns,
    windows: Windows,
    /// The file that this process was started from; `None` where upgrades start the program again themselves.
    executable: Option<Executable>,
    state: Mutex<PassState>,
}

#[derive(Debug, Default)]
struct PassState {
    syncing: bool,
    sandbox: bool,
    /// Why nothing works, if so.
    failure: Option<Explained>,
    /// Whether everything is to be forgotten at the end.
    forget: bool,
    /// The last pass.
    last: Option<SyncReport>,
    /// What it came to, as windows show it.
    result: Option<PassResult>,
    /// Whether notifications said since the start what no icon shows.
    said_without_tray: bool,
    /// What the user may not have seen, because the window lost the focus.
    glimpsed: Glimpsed,
    /// Whether the executable was replaced.
    replaced: bool,
    /// The tray as last shown.
    shown: Option<Tray>,
}

impl Agent {
    /// Puts the program on a desktop. Nothing happens until [`Agent::run`]. With an `executable` it ends when
    /// that is replaced, to be started again.
    pub fn new(
        app: App,
        sandbox: bool,
        desktop: Arc<dyn Desktop>,
        executable: Option<Executable>,
    ) -> Arc<Agent> {
        let state = Mutex::new(PassState { sandbox, ..PassState::default() });
        let (polling, sign_ins, windows) = (Polling::default(), SignIns::default(), Windows::default());
        Arc::new(Agent { app, desktop, polling, sign_ins, windows, executable, state })
    }

    /// Polls until the user quits, or an upgrade wants to start. A fault in this program is said, and does not
    /// end it: it would stop in silence.
    pub async fn run(self: &Arc<Self>) -> End {
        loop {
            let agent = Arc::clone(self);
            if tokio::spawn(async move { agent.work().await }).await.is_ok() {
                break;
            }
            self.failed(&Message::error("fault", []).into(), clock::now());
            if self.polling.stopped_within(PAUSE_AFTER_FAILURE).await {
                break;
            }
        }
        // A sign-in in flight stays in the keychain: when the browser comes back, the next start finishes it.
        if self.lock().replaced && !self.is_to_forget() {
            self.windows.hang_up();
            return End::Replaced;
        }
        self.windows.close().await;
        if self.is_to_forget() {
            self.forget().await;
        }
        End::Quit
    }

    fn is_to_forget(&self) -> bool {
        self.lock().forget
    }

    async fn forget(&self) {
        let desktop = Arc::clone(&self.desktop);
        // Other programs are asked, which may take a while.
        let desktop = tokio::task::spawn_blocking(move || desktop.forget()).await;
        let desktop = desktop.unwrap_or_else(|error| Err(error.into()));
        if let Err(error) = self.app.forget_everything(clock::now()).await.and(desktop) {
            tracing::error!("Not everything was forgotten: {error:#}");
            let message = explained(&error).by(self.language());
            self.notify_failure("notice.not_forgotten", &message, true);
        }
    }

    async fn work(&self) {
        self.refresh();
        tokio::select! {
            () = self.poll() => {}
            () = wake::listen(|| self.polling.wake()) => {}
        }
    }

    async fn poll(&self) {
        while let Err(error) = self.polling.run(&self.app, &|event| self.told(&event)).await {
            let failure = explained(&error);
            tracing::error!("Syncing failed: {failure}");
            self.failed(&failure, clock::now());
            if self.polling.stopped_within(PAUSE_AFTER_FAILURE).await {
                break;
            }
        }
    }

    /// Whether a pass is being made.
    fn is_syncing(&self) -> bool {
        self.lock().syncing
    }

    /// Whether it was told to end.
    fn is_ending(&self) -> bool {
        self.polling.is_stopped()
    }

    /// Ends the program once the request under way is answered.
    pub fn quit(&self) {
        self.polling.stop();
    }

    /// Does what the user clicked.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn perform(&self, Click { action, token }: Click) -> anyhow::Result<()> {
        let now = clock::now();
        match action {
            MenuAction::Open => self.show(&Opening { token, page: None })?,
            MenuAction::Answer => self.show(&Opening { token, page: Some(Page::Questions) })?,
            MenuAction::AnswerHeld { group, mine } => {
                let answered = self.app.answer(group, mine, false, now);
                if let Err(error) = &answered {
                    self.notify_failure("notice.not_answered", &explained(error).by(self.language()), false);
                }
                answered?;
                self.polling.sync_now();
            }
            MenuAction::SyncNow => self.polling.sync_now(),
            MenuAction::OpenGoal(slug) => {
                self.desktop.open_page(&self.app.page_of_goal(&slug)?, token.as_deref())?;
            }
            MenuAction::PauseForAnHour => self.app.pause(Some(now + TimeDelta::hours(1)), now)?,
            MenuAction::PauseUntilTomorrow => self.app.pause(Some(self.app.tomorrow(now)?), now)?,
            MenuAction::Resume => self.app.pause(None, now)?,
            MenuAction::CancelSignIn => self.sign_ins.cancel(),
            MenuAction::Quit => self.quit(),
        }
        // The schedule depends on a pause.
        self.polling.nudge();
        self.refresh();
        Ok(())
    }

    /// Brings the window to the front, or opens one.
    ///
    /// # Errors
    /// When none can be opened.
    pub fn show(&self, opening: &Opening) -> anyhow::Result<()> {
        if self.windows.show(opening, clock::now()) {
            return Ok(());
        }
        let opened = self.desktop.open_window(opening);
        if let Err(error) = &opened {
            self.notify_failure("notice.no_window", &explained(error).by(self.language()), true);
        }
        opened
    }

    /// Whether the user can see an icon in the tray.
    pub fn has_tray(&self) -> bool {
        self.desktop.has_tray()
    }

    /// Notes that the user is being told about the missing tray. `false` when they were told before.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn note_missing_tray(&self) -> anyhow::Result<bool> {
        self.app.store.write(|conn| {
            let told = store::setting::told_no_tray(conn)?;
            store::setting::save_told_no_tray(conn)?;
            Ok(!told)
        })
    }

    /// Makes a pass as soon as may be: something was decided that Beeminder or Withings should know.
    pub fn sync_soon(&self) {
        self.polling.sync_now();
        self.refresh();
    }

    /// Ends the pass under way. What it has read stays, and the next pass goes on.
    pub fn cancel_pass(&self) {
        self.polling.cancel_pass();
    }

    /// Has everything forgotten when the program has ended its work, which it is told to do.
    pub fn forget_at_the_end(&self) {
        self.lock().forget = true;
        self.quit();
    }

    /// Heeds what was changed in the store: the schedule may depend on it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changed(&self) -> anyhow::Result<()> {
        self.polling.reckon_again(&self.app)?;
        self.refresh();
        Ok(())
    }

    fn told(&self, event: &polling::PollEvent<'_>) {
        match event {
            polling::PollEvent::Started => self.lock().syncing = true,
            polling::PollEvent::Passed(report) => {
                if self.note(report) {
                    self.notify_failure("notice.works_again", &self.plain("notice.goes_on"), false);
                }
                if let Err(error) = self.notify(report, clock::now()) {
                    tracing::error!("Failed to work out what to say: {error:#}");
                }
                self.leave_if_replaced();
            }
            polling::PollEvent::Changed => {}
        }
        self.refresh();
    }

    /// Notes that a pass has ended and what it came to, at once. Returns whether nothing worked before.
    fn note(&self, report: &SyncReport) -> bool {
        let locale = self.app.locale();
        let words = |locale| self.app.store.read(|conn| arrivals::words(conn, &report.arrived, locale));
        let arrived = locale.and_then(words).unwrap_or_else(|error| {
            tracing::error!("Failed to work out what to say: {error:#}");
            None
        });
        let mut state = self.lock();
        let number = state.result.as_ref().map_or(0, |result| result.number) + 1;
        state.syncing = false;
        state.result = Some(PassResult { number, by_hand: report.by_hand, arrived });
        state.last = Some(report.clone());
        state.failure.take().is_some()
    }

    /// Ends the work when an upgrade wants to start, right after a pass.
    fn leave_if_replaced(&self) {
        let is_replaced = self.executable.as_ref().is_some_and(Executable::is_upgraded);
        if is_replaced && self.sign_ins.waiting_for().is_none() {
            tracing::info!("This program was upgraded and starts again");
            self.lock().replaced = true;
            self.polling.stop();
        }
    }

    /// Shows how things are.
    fn refresh(&self) {
        let now = clock::now();
        let mut state = self.lock();
        let overview = self.overview(now);
        let tray = match (&state.failure, &overview) {
            (Some(failure), _) => tray::failed(failure, self.language()),
            (None, Err(error)) => tray::failed(&explained(error), self.language()),
            (None, Ok(overview)) => tray::tray(overview, &self.activity(&state), now),
        };
        if state.shown.as_ref() != Some(&tray) {
            self.desktop.show_tray(&tray);
            state.shown = Some(tray);
        }
        drop(state);
        self.windows.tell(&Event::Changed(Box::new(self.state())));
    }

    /// What windows show and only this knows.
    pub fn state(&self) -> AgentState {
        let state = self.lock();
        AgentState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            syncing: state.syncing,
            last_pass: state.result.clone(),
            failure: state.failure.clone(),
            sign_in: self.sign_ins.view(),
            due: self.polling.due(),
            has_tray: self.desktop.has_tray(),
            start_at_login: checks::start_at_login(self.desktop.as_ref()),
        }
    }

    /// How things are, with what only the one who polls knows.
    fn overview(&self, now: DateTime<Utc>) -> anyhow::Result<Overview> {
        let mut overview = self.app.store.read(|conn| overview(conn, now))?;
        if let Some(due) = self.polling.due() {
            overview.next = due;
        }
        Ok(overview)
    }

    fn activity(&self, state: &PassState) -> Activity {
        Activity {
            syncing: state.syncing,
            signing_in: self.sign_ins.waiting_for(),
            sandbox: state.sandbox,
            language: self.language(),
            here: clock::zone(),
        }
    }

    /// The user's language; the desktop's when the store cannot tell.
    fn language(&self) -> Language {
        let settings = self.app.settings().ok();
        Language::chosen(settings.and_then(|settings| settings.language).as_deref())
    }

    fn lock(&self) -> MutexGuard<'_, PassState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
