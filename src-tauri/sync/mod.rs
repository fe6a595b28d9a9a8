//! One pass: fetch what Withings has new, plan what that calls for, deliver it to Beeminder.
//!
//! Pages are stored as they come, marked as not yet planned, so memory stays flat and nothing fetched is
//! lost when the checkpoint moves. Then the plan goes through what is marked, a part at a time, and fills the
//! outbox. Only then is anything sent, and only from the outbox. A crash anywhere leaves a state from which
//! the next pass goes on. Trouble is noted at the smallest place it is about, and holds up that alone.

pub mod backfill;
mod comparison;
mod deliver;
mod devices;
mod fetch;
mod goals;
mod gone;
mod listing;
mod missing;
pub(crate) mod ownership;
mod pace;
mod planning;
pub mod poller;
mod read_again;
mod reading;
pub mod retry;
pub mod schedule;
mod step_error;
mod trouble;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::accounts::scope;
use crate::accounts::tokens::Tokens;
use crate::domain::appli::Sources;
use crate::domain::arrival::{self, Arrival};
use crate::domain::attention::Attention;
use crate::domain::goal::GoalId;
use crate::domain::measure::kind::Source;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::health::announced;
use crate::health::attention::attention;
use crate::platform::data_dir::{DataDir, Lock};
use crate::services::{beeminder, withings};
use crate::store::{self, Connection, Store};

use deliver::Delivered;
use fetch::{FetchOutcome, Fetched};
pub(crate) use goals::{save as save_goal, save_user};
pub(crate) use planning::{context_for, heights_for, is_about};
pub(crate) use read_again::read_again;
pub(crate) use reading::PERHAPS_NO_DATA;

/// Who asked for a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The user, now. Back-off and pause do not hold it up.
    Hand,
    /// The computer woke up, or is connected again: what could not be reached is asked at once.
    Wake,
    /// The schedule.
    Timer,
    /// Withings, which told of changes of these services: they alone are read.
    Notified(Sources),
}

impl Trigger {
    /// Whether a service of Withings is to be read.
    fn concerns(self, source: Source) -> bool {
        match self {
            Trigger::Notified(sources) => sources.contains(source),
            Trigger::Hand | Trigger::Wake | Trigger::Timer => true,
        }
    }
}

/// What a pass did, and how things stand after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Whether the user asked for it.
    pub by_hand: bool,
    /// Measure groups that were new or had changed.
    pub fetched: u64,
    /// Datapoints that were put into the outbox.
    pub planned: u64,
    /// Datapoints that Beeminder confirmed.
    pub delivered: u64,
    /// The datapoints that are there by it.
    pub arrived: Vec<Arrival>,
    /// Datapoints still waiting.
    pub pending: u64,
    /// Those of them that were never tried: a pass sends a part of a long queue.
    pub unsent: u64,
    /// Datapoints that need the user.
    pub parked: u64,
    /// Measure groups that wait for the user's word.
    pub held: u64,
    /// How many requests each service was sent.
    pub requests: Requests,
    /// What the user should know.
    pub attention: Vec<Attention>,
    /// When the next pass is due, if anybody polls.
    pub next: DateTime<Utc>,
}

impl SyncReport {
    /// This pass and the next one, as if they were one.
    #[must_use]
    pub fn and_then(mut self, next: SyncReport) -> SyncReport {
        for arrival in next.arrived {
            arrival::add(&mut self.arrived, arrival);
        }
        SyncReport {
            fetched: self.fetched + next.fetched,
            planned: self.planned + next.planned,
            delivered: self.delivered + next.delivered,
            arrived: self.arrived,
            requests: Requests {
                withings: self.requests.withings + next.requests.withings,
                beeminder: self.requests.beeminder + next.requests.beeminder,
            },
            ..next
        }
    }
}

/// Requests sent in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Requests to Withings.
    pub withings: u64,
    /// Requests to Beeminder.
    pub beeminder: u64,
}

impl Requests {
    fn since(self, before: Requests) -> Requests {
        Requests { withings: self.withings - before.withings, beeminder: self.beeminder - before.beeminder }
    }
}

/// Services of Withings in a row that cannot be reached, after which it is taken not to be there.
const MOST_UNREACHABLE: u32 = 2;

/// Parts of a plan, of 500 groups each: nobody measures so often.
const MOST_PARTS: u32 = 100_000;

/// A pass takes minutes when there is a lot to deliver.
const LOCK_TIMEOUT: Duration = Duration::from_secs(300);

/// One pass: who asked for it, when, and what it works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyncPass<'a> {
    pub(crate) data_dir: &'a DataDir,
    pub(crate) store: &'a Store,
    pub(crate) withings: &'a withings::Client,
    pub(crate) beeminder: &'a beeminder::Client,
    pub(crate) tokens: &'a Tokens,
    pub(crate) trigger: Trigger,
    pub(crate) now: DateTime<Utc>,
    /// Ends the pass after the request under way.
    pub(crate) stop: &'a CancellationToken,
}

impl SyncPass<'_> {
    /// Makes the pass. Trouble with a service is noted in the store and in the report; it is not an
    /// error.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn make(&self) -> anyhow::Result<SyncReport> {
        let _held = self.data_dir.lock(Lock::Pass, LOCK_TIMEOUT).await?;
        let before = self.requests();
        let sources = self.store.read(|conn| needed(conn, self.now))?;
        self.store.write(|conn| {
            planning::note_first_days(conn)?;
            announced::judge(conn, self.now)?;
            trouble::end_idle(conn, &sources, self.now)
        })?;
        // Who changed a link saw what it takes away of what was known then; of what is read since they are asked.
        let mut planned =
            if self.store.read(store::link::is_any_changed_by_user)? { self.plan().await? } else { 0 };
        let fetched = self.fetch_if_due(&sources).await?;
        // Taken at once: the longer a pass lasts, the less an answer's date says about `now`.
        let server_time = self.server_time(before);
        self.store.write(|conn| self.note(conn, &fetched, server_time))?;
        if self.may_ask(&Place::Goals)? && goals::are_stale(self)? {
            // What came of it is noted; what is known goes on meanwhile.
            if let Err(error) = goals::refresh(self).await {
                error.into_trouble()?;
            }
        }
        if let Some(at) = self.beeminder.server_time_since(before.beeminder).filter(|_| server_time.is_none())
        {
            // While Withings does not answer, its clock stands still.
            self.store.write(|conn| store::checkpoint::save_clock(conn, at, self.now))?;
        }
        planned += self.plan().await?;
        let mut delivered = Delivered::default();
        // What is due within minutes does not wait until all other goals are compared.
        let due = self.store.read(|conn| deliver::due(conn, self.now))?;
        for is_due in [true, false] {
            let turn = |goal: &GoalId| due.contains(goal) == is_due;
            // By now it is known what was measured since, and may stand for what the user deleted.
            comparison::compare(self, turn).await?;
            if !self.store.read(store::measurement::all_planned)? {
                planned += self.plan().await?;
            }
            delivered.add(self.deliver(turn).await?);
        }
        if !self.store.read(store::measurement::all_planned)? {
            // What was learnt of a goal's days on the way is gone by at once.
            planned += self.plan().await?;
            delivered.add(self.deliver(|_| true).await?);
        }
        self.store.read(|conn| {
            let (pending, parked) = store::outbox::counts(conn)?;
            Ok(SyncReport {
                by_hand: self.trigger == Trigger::Hand,
                fetched: fetched.iter().map(|(_, fetched)| fetched.changed).sum(),
                planned,
                delivered: delivered.confirmed,
                arrived: delivered.arrived,
                pending,
                unsent: store::outbox::unsent(conn)?,
                parked,
                held: store::decision::held(conn)?,
                requests: self.requests().since(before),
                attention: attention(conn, server_time, self.now)?,
                next: schedule::next_pass(conn, self.now)?,
            })
        })
    }

    /// Fetches without planning or delivering, for a preview.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn fetch_only(&self, source: Source) -> anyhow::Result<()> {
        let _held = self.data_dir.lock(Lock::Pass, LOCK_TIMEOUT).await?;
        let before = self.requests();
        let fetched = self.fetch_if_due(&[Source::Measure, source]).await?;
        // What was fetched stays marked for the plan, so nothing is skipped by moving on.
        self.store.write(|conn| self.note(conn, &fetched, self.server_time(before)))
    }

    /// Moves the checkpoints, and notes what is gone and what Withings' clock says.
    fn note(
        &self,
        conn: &Connection,
        fetched: &[(Source, Fetched)],
        server_time: Option<DateTime<Utc>>,
    ) -> anyhow::Result<()> {
        if let Some(server) = server_time {
            store::checkpoint::save_clock(conn, server, self.now)?;
        }
        fetched.iter().try_for_each(|(source, fetched)| fetch::note(conn, *source, fetched))
    }

    /// What Withings' clock said in an answer since `before`.
    fn server_time(&self, before: Requests) -> Option<DateTime<Utc>> {
        self.withings.server_time_since(before.withings)
    }

    /// Sends what can be sent to the goals whose `turn` it is.
    async fn deliver(&self, turn: impl Fn(&GoalId) -> bool) -> anyhow::Result<Delivered> {
        if self.may_ask(&Place::Account(Service::Beeminder))? {
            deliver::deliver(self, turn).await
        } else {
            Ok(Delivered::default())
        }
    }

    /// Plans all that has changed, a part in each transaction.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) async fn plan(&self) -> anyhow::Result<u64> {
        let mut planned = 0;
        for _ in 0..MOST_PARTS {
            let (enqueued, is_left) = self.store.write(|conn| planning::plan_part(conn, self.now))?;
            planned += enqueued;
            if !is_left || self.stop.is_cancelled() {
                return Ok(planned);
            }
            // Whoever asks how far it is must be answered.
            tokio::task::yield_now().await;
        }
        anyhow::bail!("Planning does not come to an end")
    }

    /// Reads `sources` one after the other. One that fails holds up none of the others, unless it is about
    /// the account, or two in a row cannot be reached.
    async fn fetch_if_due(&self, sources: &[Source]) -> anyhow::Result<Vec<(Source, Fetched)>> {
        let (mut all, mut unreachable) = (Vec::new(), 0);
        let distinct: BTreeSet<Source> =
            sources.iter().copied().filter(|source| self.trigger.concerns(*source)).collect();
        for source in distinct {
            let place = Place::Source(source);
            if !self.may_ask(&place)? {
                continue;
            }
            match fetch::fetch(self, source).await? {
                FetchOutcome::Read(fetched) => {
                    if fetched.answered {
                        unreachable = 0;
                        self.store.write(|conn| trouble::end(conn, &place))?;
                    }
                    all.push((source, fetched));
                }
                FetchOutcome::Refused => {
                    // The user does not share this, which is said at the goals; what they share goes on.
                    unreachable = 0;
                    self.store.write(|conn| store::trouble::end(conn, &place))?;
                }
                FetchOutcome::Trouble(trouble) => {
                    trouble.note(self, &place)?;
                    unreachable = if trouble.is_unreachable() { unreachable + 1 } else { 0 };
                    if trouble.is_of_account || unreachable == MOST_UNREACHABLE {
                        return Ok(all);
                    }
                }
            }
        }
        if !matches!(self.trigger, Trigger::Notified(_)) && self.may_ask(&Place::Devices)? {
            match devices::read_if_due(self).await {
                Ok(true) => self.store.write(|conn| trouble::end(conn, &Place::Devices))?,
                Ok(false) => {}
                Err(error) => error.into_trouble()?.note(self, &Place::Devices)?,
            }
        }
        Ok(all)
    }

    /// Whether a place may be asked: its account is connected, and neither is being left alone.
    fn may_ask(&self, place: &Place) -> anyhow::Result<bool> {
        self.store.read(|conn| trouble::may_ask(conn, place, self.trigger, self.now))
    }

    /// Beeminder's clock at its last answer; this computer's may jump.
    fn beeminder_now(&self) -> DateTime<Utc> {
        self.beeminder.server_time().unwrap_or(self.now)
    }

    fn requests(&self) -> Requests {
        Requests { withings: self.withings.sent(), beeminder: self.beeminder.sent() }
    }
}

/// The services of Withings that the links in force need, and that the user shares.
fn needed(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Vec<Source>> {
    let mut sources = vec![Source::Measure];
    for link in store::link::load_all(conn)? {
        let source = link.feed.source();
        if scope::is_worth_asking(conn, source, now)? {
            sources.push(source);
        }
    }
    Ok(sources)
}
