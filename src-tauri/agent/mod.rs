//! The program that stays: it polls, answers the browser, and tells the desktop what to show.
//!
//! It knows nothing of windows and trays but what [`Desktop`] says, so that all of it can be tested
//! without one, and each system's desktop only translates.

mod sign_ins;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

pub use view::{SignInView, View};

use crate::app::polling::{Event, Polling};
use crate::app::{App, explained};
use crate::domain::goal::GoalSlug;
use crate::platform::{clock, wake};
use crate::store;
use crate::sync::SyncReport;
use crate::text::{Explained, Facts, Language, Said, Voice};
use crate::view::notification;
use crate::view::notification::{Notice, Situation};
use crate::view::overview::{Overview, overview};
use crate::view::tray;
use crate::view::tray::{Activity, Tray, Wish};
use sign_ins::SignIns;

/// What the program wants from the desktop it runs on.
pub trait Desktop: Send + Sync {
    /// Shows the tray.
    fn show_tray(&self, tray: &Tray);
    /// Says that what the window shows may have changed.
    fn refresh_window(&self);
    /// Shows a notification, in place of an earlier one about the same.
    fn notify(&self, notice: &Notice);
    /// Whether the user looks at the window: one behind others, or left open, is not looked at.
    fn is_looked_at(&self) -> bool;
    /// Shows the window, in front.
    fn open_window(&self);
    /// Shows a page in the browser.
    ///
    /// # Errors
    /// When there is no browser.
    fn open_page(&self, url: &Url) -> anyhow::Result<()>;
    /// Takes back what the desktop was told about this program: the start at login, the callback scheme.
    ///
    /// # Errors
    /// When something of it may still be there.
    fn forget(&self) -> anyhow::Result<()>;
    /// Ends the program; everything is settled.
    fn quit(&self);
}

/// When polling failed, for instance because the disk is full, it is tried again after this.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The program that stays.
pub struct Resident {
    /// What users ask for.
    pub app: App,
    desktop: Arc<dyn Desktop>,
    polling: Polling,
    sign_ins: SignIns,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    syncing: bool,
    sandbox: bool,
    /// Why nothing works, if so.
    failure: Option<Explained>,
    /// Whether everything is to be forgotten at the end.
    forget: bool,
    /// The tray as last shown.
    shown: Option<Tray>,
}

impl Resident {
    /// Puts the program on a desktop. Nothing happens until [`Resident::run`].
    pub fn new(app: App, sandbox: bool, desktop: Arc<dyn Desktop>) -> Arc<Resident> {
        let state = Mutex::new(State { sandbox, ..State::default() });
        let (polling, sign_ins) = (Polling::default(), SignIns::default());
        Arc::new(Resident { app, desktop, polling, sign_ins, state })
    }

    /// Polls until the user quits, and then ends the desktop's program. A fault in this program is said,
    /// and does not end it: it would stop in silence.
    pub async fn run(self: &Arc<Self>) {
        loop {
            let resident = Arc::clone(self);
            if tokio::spawn(async move { resident.work().await }).await.is_ok() {
                break;
            }
            self.failed(Said::error("fault", []).into());
            if self.polling.stopped_within(PAUSE_AFTER_FAILURE).await {
                break;
            }
        }
        if self.is_to_forget() {
            self.forget().await;
        }
        // A sign-in in flight stays in the keychain: when the browser comes back, the next start finishes it.
        self.desktop.quit();
    }

    fn is_to_forget(&self) -> bool {
        self.state().forget
    }

    async fn forget(&self) {
        let desktop = self.desktop.forget();
        if let Err(error) = self.app.forget_everything().await.and(desktop) {
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
            self.failed(failure);
            if self.polling.stopped_within(PAUSE_AFTER_FAILURE).await {
                break;
            }
        }
    }

    /// Ends the program once the request under way is answered.
    pub fn quit(&self) {
        self.polling.stop();
    }

    /// Does what the user clicked.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn grant(&self, wish: Wish) -> anyhow::Result<()> {
        let now = clock::now();
        match wish {
            Wish::Open => self.desktop.open_window(),
            Wish::SyncNow => self.polling.sync_now(),
            Wish::OpenGoal(slug) => self.desktop.open_page(&self.goal_page(&slug)?)?,
            Wish::PauseForAnHour => self.app.pause(Some(now + TimeDelta::hours(1)), now)?,
            Wish::PauseUntilTomorrow => self.app.pause(Some(self.app.tomorrow(now)?), now)?,
            Wish::Resume => self.app.pause(None, now)?,
            Wish::CancelSignIn => self.sign_ins.cancel(),
            Wish::Quit => self.quit(),
        }
        self.look();
        Ok(())
    }

    /// Notes that the user is being told about the missing tray. `false` when they were told before.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn note_missing_tray(&self) -> anyhow::Result<bool> {
        self.app.store.write(|rows| {
            let told = store::setting::told_no_tray(rows)?;
            store::setting::save_told_no_tray(rows)?;
            Ok(!told)
        })
    }

    /// Shows a page in the browser.
    ///
    /// # Errors
    /// When there is no browser.
    pub fn open_page(&self, url: &Url) -> anyhow::Result<()> {
        self.desktop.open_page(url)
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
        self.state().forget = true;
        self.quit();
    }

    /// Says that what is stored was changed here.
    pub fn look(&self) {
        self.polling.look();
        self.refresh();
    }

    fn told(&self, event: &Event<'_>) {
        match event {
            Event::Started => self.state().syncing = true,
            Event::Passed(report) => {
                let mut state = self.state();
                state.syncing = false;
                let was_broken = state.failure.take().is_some();
                drop(state);
                if was_broken {
                    self.notify_failure("notice.works_again", &self.plain("notice.goes_on"), false);
                }
                if let Err(error) = self.notify(report) {
                    tracing::error!("Failed to work out what to say: {error:#}");
                }
            }
            Event::Changed => {}
        }
        self.refresh();
    }

    fn notify(&self, report: &SyncReport) -> anyhow::Result<()> {
        let situation = Situation {
            attention: &report.attention,
            parked: report.parked,
            held: report.held,
            delivered: report.delivered,
            voice: self.app.voice()?,
            looked_at: self.desktop.is_looked_at(),
        };
        let notices = self.app.store.write(|rows| {
            let known = store::incident::load_all(rows)?;
            let preferences = store::setting::preferences(rows)?;
            let (notices, after) = notification::notices(&known, situation, preferences, clock::now());
            if after != known {
                store::incident::save_all(rows, &after)?;
            }
            Ok(notices)
        })?;
        for notice in notices {
            self.desktop.notify(&notice);
        }
        Ok(())
    }

    /// Notes that nothing works, loudly, once.
    fn failed(&self, failure: Explained) {
        let message = failure.by(self.language());
        let mut state = self.state();
        state.syncing = false;
        let news = state.failure.is_none();
        state.failure = Some(failure);
        drop(state);
        if news && !self.desktop.is_looked_at() {
            self.notify_failure("notice.does_not_work", &message, true);
        }
        self.refresh();
    }

    fn plain(&self, key: &str) -> String {
        Voice { language: self.language(), zone: chrono_tz::Tz::UTC }.say(key, &Facts::new())
    }

    fn notify_failure(&self, title: &str, body: &str, urgent: bool) {
        let (about, title, body) = ("failure".into(), self.plain(title), body.into());
        self.desktop.notify(&Notice { about, title, body, urgent });
    }

    /// Shows how things are.
    fn refresh(&self) {
        let now = clock::now();
        let mut state = self.state();
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
        self.desktop.refresh_window();
    }

    /// How things are, with what only the one who polls knows.
    fn overview(&self, now: DateTime<Utc>) -> anyhow::Result<Overview> {
        let mut overview = self.app.store.read(|rows| overview(rows, now))?;
        if let Some(due) = self.polling.due() {
            overview.next = due;
        }
        Ok(overview)
    }

    fn activity(&self, state: &State) -> Activity {
        Activity {
            syncing: state.syncing,
            signing_in: self.sign_ins.waiting_for(),
            sandbox: state.sandbox,
            language: self.language(),
        }
    }

    /// The user's language; the desktop's when the store cannot tell.
    fn language(&self) -> Language {
        let settings = self.app.settings().ok();
        Language::chosen(settings.and_then(|settings| settings.language).as_deref())
    }

    fn goal_page(&self, slug: &GoalSlug) -> anyhow::Result<Url> {
        let user = self
            .app
            .store
            .read(|rows| store::account::load(rows, crate::domain::service::Service::Beeminder))?;
        self.app.goal_page(&user.map(|account| account.user_id).unwrap_or_default(), slug)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
