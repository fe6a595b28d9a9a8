//! Operations that users ask for: connect, link, preview, sync, pause, forget. Window, tray and `bws` do them
//! through here.

mod application;
mod backfill;
mod callback_wait;
mod change;
mod conflict;
mod connect;
mod credential;
pub mod first;
mod forget;
mod goals;
mod held;
mod known;
mod links;
mod notifications;
pub mod polling;
mod preview;
pub(crate) mod red_line;
mod restore;
mod self_test;
mod settings;
mod stale;
mod user_error;

use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use backfill::{BackfillDay, BackfillPreview, Risk};
pub use callback_wait::CallbackWait;
pub use change::{Change, Existing};
pub use connect::{Attempt, BEEMINDER_CLIENT_ID, Connected, sign_in_error};
pub use credential::check_client_id;
pub use held::{HeldMeasurement, Remembered};
pub use links::{Added, Since};
pub use notifications::{NewWay, Tried};
pub use polling::Polling;
pub use preview::Preview;
pub use self_test::{Check, Finding};
pub use user_error::{UserError, explained, explained_sign_in, told};

use crate::accounts::keychain::{Keychain, SystemKeychain};
use crate::accounts::tokens::Tokens;
use crate::domain::day::Daystamp;
use crate::domain::difference::{Action, Word};
use crate::domain::goal::GoalSlug;
use crate::domain::public_address::Reach;
use crate::domain::trouble::Place;
use crate::platform::data_dir::DataDir;
use crate::platform::environment::{Endpoints, Environment, KeychainChoice, is_loopback};
use crate::services::beeminder;
use crate::services::withings;
use crate::store::{self, Store};
use crate::subscriptions::upkeep::Upkeep;
use crate::sync::{SyncPass, SyncReport, Trigger};

/// The program over one data directory.
#[derive(Debug)]
pub struct App {
    /// The folder of database, log and locks.
    pub data_dir: DataDir,
    /// The database in that folder.
    pub store: Store,
    pub(crate) withings: withings::Client,
    pub(crate) beeminder: beeminder::Client,
    pub(crate) tokens: Tokens,
    pub(crate) endpoints: Endpoints,
    cached: tokio::sync::Mutex<Option<preview::CachedGoal>>,
}

impl App {
    /// Opens the program as `environment` says.
    ///
    /// # Errors
    /// When the data directory or the database cannot be used.
    pub fn open(environment: &Environment, now: DateTime<Utc>) -> anyhow::Result<App> {
        let dir = DataDir::open(&environment.data_dir)?;
        let keychain = keychain(environment, &dir)?;
        App::with_keychain(environment.endpoints.clone(), dir, keychain, now)
    }

    /// Opens the program with a keychain of the caller's.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub fn with_keychain(
        endpoints: Endpoints,
        data_dir: DataDir,
        keychain: Arc<dyn Keychain>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<App> {
        let (store, recovery) = Store::open(data_dir.path(), now)?;
        note_recovery(&store, recovery)?;
        crate::sync::read_again(&store)?;
        Ok(App {
            tokens: Tokens::new(keychain, data_dir.clone()),
            withings: withings::Client::new(endpoints.withings_api.clone())?,
            beeminder: beeminder::Client::new(endpoints.beeminder.clone())?,
            store,
            data_dir,
            endpoints,
            cached: tokio::sync::Mutex::default(),
        })
    }

    /// Makes a pass.
    ///
    /// # Errors
    /// When the store cannot be used; trouble with a service is in the report.
    pub async fn sync(
        &self,
        trigger: Trigger,
        now: DateTime<Utc>,
        stop: &CancellationToken,
    ) -> anyhow::Result<SyncReport> {
        if let Some(recovery) = self.store.reopen_if_replaced(self.data_dir.path(), now)? {
            tracing::warn!("Another file took the place of the database");
            note_recovery(&self.store, recovery)?;
        }
        if trigger == Trigger::Hand {
            self.tokens.ask_again();
        }
        self.pass(trigger, now, stop).make().await
    }

    fn pass<'a>(&'a self, trigger: Trigger, now: DateTime<Utc>, stop: &'a CancellationToken) -> SyncPass<'a> {
        SyncPass {
            data_dir: &self.data_dir,
            store: &self.store,
            withings: &self.withings,
            beeminder: &self.beeminder,
            tokens: &self.tokens,
            trigger,
            now,
            stop,
        }
    }

    /// What keeps Withings' notifications coming.
    pub fn upkeep(&self) -> Upkeep<'_> {
        let is_here = is_loopback(&self.endpoints.withings_api);
        let reach = if is_here { Reach::Loopback } else { Reach::Public };
        Upkeep { store: &self.store, withings: &self.withings, tokens: &self.tokens, reach }
    }

    /// The page of a goal at Beeminder.
    ///
    /// # Errors
    /// When the names make no address.
    pub fn goal_page(&self, user: &str, goal: &GoalSlug) -> anyhow::Result<Url> {
        let mut url = self.endpoints.beeminder.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("Beeminder's address cannot be extended"))?
            .pop_if_empty()
            .extend([user, &goal.0]);
        Ok(url)
    }

    /// Pauses automatic passes. Ends the pause when `until` is `None`.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn pause(&self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| store::setting::save_pause(conn, until, now))
    }

    /// When "tomorrow" begins for the Beeminder user.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn tomorrow(&self, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
        let time_zone = self.store.read(store::account::time_zone)?;
        let rule = crate::domain::day::DayRule::new(time_zone, 0);
        let day = rule.day_of(now).0.checked_add_days(Days::new(1)).context("The end of time")?;
        // A day may have 25 hours, and a pause two days at most.
        Ok(rule.start_of(Daystamp(day)).min(now + TimeDelta::days(2)))
    }

    /// Sets at what time of day the user wants to be reminded to measure, if at all.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn remind_at(&self, time: Option<NaiveTime>) -> anyhow::Result<()> {
        self.store.write(|conn| store::setting::save_remind_at(conn, time))
    }

    /// Lets a datapoint be sent again that Beeminder refused, or that the user deleted or decided against.
    ///
    /// # Errors
    /// When there is none with this number, or no link is about it.
    pub fn retry(&self, id: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let stored = store::datapoint::load_number(conn, id)?;
            if let Some(stored) = stored.filter(|stored| !stored.word.removes()) {
                let (goal, key) = (&stored.goal, &stored.datapoint.request_id);
                let is_decided = !stored.wanted && stored.word != Word::None && stored.word != Word::Left;
                let is_struck =
                    store::outbox::load(conn, id)?.is_none() && store::struck::is_any(conn, goal, key)?;
                if is_decided || is_struck {
                    if !stored.confirmed.is_there() && !is_called_for(conn, &stored)? {
                        anyhow::bail!(UserError::new("not_called_for", []));
                    }
                    store::struck::forget(conn, goal, key)?;
                    return if stored.wanted {
                        Ok(())
                    } else {
                        store::outbox::unwant(conn, &stored, Word::None, now).map(drop)
                    };
                }
            }
            let entry = known_entry(conn, id)?;
            store::trouble::end(conn, &Place::Goal(entry.goal))?;
            store::outbox::unpark(conn, id)
        })
    }

    /// Decides against a datapoint that waits to be sent: it is not sent, or what is at Beeminder stays as it
    /// is.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn discard(&self, id: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let entry = known_entry(conn, id)?;
            let stored = store::datapoint::load_number(conn, id)?.context("The datapoint is gone")?;
            let is_there = stored.confirmed.is_there();
            if matches!(entry.action, Action::Create | Action::Update(_)) {
                store::struck::save_wanted(conn, &stored.goal, &entry.request_id, Word::Discarded)?;
            }
            store::struck::save_kept(conn, &stored.goal, &entry.request_id)?;
            let word = if is_there { Word::Keep } else { Word::Discarded };
            store::outbox::unwant(conn, &stored, word, now).map(drop)
        })
    }

    /// Forgets what the user has seen: renamed goals, a database set aside.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn mark_seen(&self) -> anyhow::Result<()> {
        self.store.write(|conn| {
            store::goal::forget_renamings(conn)?;
            store::setting::save_recovered(conn, None)
        })
    }
}

/// Notes for the user that a damaged database was set aside.
fn note_recovery(store: &Store, recovery: Option<store::Recovery>) -> anyhow::Result<()> {
    let Some(recovery) = recovery else {
        return Ok(());
    };
    let path = recovery.set_aside.display().to_string();
    tracing::error!("The database was damaged and set aside as {path}");
    store.write(|conn| store::setting::save_recovered(conn, Some(&path)))
}

/// Whether a link in force is about what a datapoint says.
fn is_called_for(conn: &store::Connection, stored: &store::datapoint::Stored) -> anyhow::Result<bool> {
    let Some(goal) = store::goal::load(conn, &stored.goal)? else {
        return Ok(false);
    };
    let rule = goal.day_rule(store::account::time_zone(conn)?);
    let links = store::link::load_all(conn)?;
    let mut of_goal = links.iter().filter(|link| link.goal == stored.goal);
    Ok(of_goal.any(|link| {
        link.feed.names(&stored.datapoint.request_id) && crate::sync::is_about(link, rule, stored)
    }))
}

fn known_entry(conn: &store::Connection, id: i64) -> anyhow::Result<store::outbox::OutboxEntry> {
    store::outbox::load(conn, id)?
        .ok_or_else(|| UserError::new("not_in_outbox", [("id", id.to_string())]).into())
}

/// The keychain `environment` asks for. Each data directory has its own entries; those of the sandbox
/// never meet the real ones.
fn keychain(environment: &Environment, dir: &DataDir) -> anyhow::Result<Arc<dyn Keychain>> {
    let usual = DataDir::default_path(environment.sandbox).is_ok_and(|usual| usual == dir.path());
    let suffix = if usual { String::new() } else { format!(" in {}", dir.path().display()) };
    let label =
        if environment.sandbox { "beeminder-withings-sync sandbox" } else { "beeminder-withings-sync" };
    match environment.keychain {
        KeychainChoice::System => Ok(Arc::new(SystemKeychain::new(label, &suffix))),
        #[cfg(feature = "sandbox")]
        KeychainChoice::File => Ok(Arc::new(crate::accounts::keychain::FileKeychain::new(dir.path()))),
        #[cfg(not(feature = "sandbox"))]
        KeychainChoice::File => anyhow::bail!("Only sandbox builds keep tokens in a file"),
    }
}
