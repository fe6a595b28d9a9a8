//! The overview, read from the store in one go: status, accounts, linked goals, when Withings was last read and
//! when it will be next.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::domain::attention::Attention;
use crate::domain::goal::GoalSlug;
use crate::domain::link::LinkId;
use crate::domain::measure::kind::Source;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::health::attention::{attention, paused};
use crate::health::status::{Status, questions, status};
use crate::store::{self, Connection};
use crate::sync::schedule;
use crate::text::Args;

/// What a front end shows at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The overall program status.
    pub status: Status,
    /// The same as a sentence.
    pub message: String,
    /// What the sentence is about.
    pub status_facts: Args,
    /// What the user should know, most urgent first.
    pub attention: Vec<Attention>,
    /// The account at Withings.
    pub withings: AccountLine,
    /// The account at Beeminder.
    pub beeminder: AccountLine,
    /// The linked goals, the one that derails first in front.
    pub goals: Vec<GoalLine>,
    /// How many links there are.
    pub links: usize,
    /// Datapoints waiting to be sent.
    pub pending: u64,
    /// Datapoints that Beeminder refused.
    pub parked: u64,
    /// Measurements that wait for the user's word.
    pub held: u64,
    /// Datapoints at Beeminder that nothing calls for any more.
    pub stale: u64,
    /// How much waits for the user's word: what is held, refused or stale.
    pub questions: u64,
    /// When the pause ends, if the user paused.
    pub paused_until: Option<DateTime<Utc>>,
    /// Stretches of the past that are being posted.
    pub backfills: Vec<BackfillLine>,
    /// Groups of measurements that are known.
    pub measure_groups: u64,
    /// When the last one was measured.
    pub last_measured: Option<DateTime<Utc>>,
    /// When Withings was last read.
    pub last_sync: Option<DateTime<Utc>>,
    /// When the next pass is due, if anybody polls.
    pub next: DateTime<Utc>,
    /// Where the Beeminder user lives, whose clock all times are shown by.
    pub time_zone: Tz,
}

/// One of the two accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct AccountLine {
    /// Whether its tokens are in the keychain.
    pub connected: bool,
    /// Whether the sign-in that was there is over, so that only the user can bring it back.
    pub lost: bool,
    /// Withings' userid or Beeminder's user name; `None` when it was never connected.
    pub user: Option<String>,
    /// When the user last signed in.
    pub connected_at: Option<DateTime<Utc>>,
    /// When it last did what it was asked: Withings was read, or Beeminder read or written.
    pub last_success: Option<DateTime<Utc>>,
    /// IANA name; empty while unknown.
    pub time_zone: String,
}

/// A linked goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoalLine {
    /// The goal's slug: its name in Beeminder's addresses.
    pub slug: GoalSlug,
    /// Days of safety left; `None` while Beeminder is still working the goal out.
    pub buffer_days: Option<i64>,
    /// The moment it derails if nothing is done.
    pub loses_at: Option<DateTime<Utc>>,
}

/// A stretch of the past that is being posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackfillLine {
    /// The number that `bws` knows it by.
    pub id: i64,
    /// The link it belongs to.
    pub link: LinkId,
    /// How many datapoints were put into the outbox so far.
    pub released: u64,
    /// What was measured before this is posted.
    pub reached: DateTime<Utc>,
    /// The moment it posts up to.
    pub until: DateTime<Utc>,
}

/// Reads it all.
///
/// # Errors
/// When the store cannot be read.
pub fn overview(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Overview> {
    let (status, attention) = (status(conn, now)?, attention(conn, None, now)?);
    let is_refused: BTreeSet<_> = attention.iter().map(|item| item.code.name()).collect();
    let refused = |code: ProblemCode| is_refused.contains(code.name());
    let zone = store::account::time_zone(conn)?;
    let (pending, parked) = store::outbox::counts(conn)?;
    let (measure_groups, _) = store::measurement::summary(conn)?;
    Ok(Overview {
        message: status.sentence(&attention, zone),
        status_facts: status.facts(),
        status,
        attention,
        withings: account(conn, Service::Withings, refused(ProblemCode::SignInWithings))?,
        beeminder: account(conn, Service::Beeminder, refused(ProblemCode::SignInBeeminder))?,
        goals: goals(conn)?,
        links: store::link::load_all(conn)?.len(),
        pending,
        parked,
        held: store::decision::held(conn)?,
        stale: store::datapoint::count_in(conn, store::datapoint::DatapointState::Stale)?,
        questions: questions(conn)?,
        paused_until: paused(conn, now)?,
        backfills: backfills(conn)?,
        measure_groups,
        last_measured: store::measurement::last(conn, now)?,
        last_sync: store::checkpoint::load(conn, Source::Measure)?.map(|checkpoint| checkpoint.read_at),
        next: schedule::next_pass(conn, now)?,
        time_zone: zone,
    })
}

fn backfills(conn: &Connection) -> anyhow::Result<Vec<BackfillLine>> {
    let left = store::backfill::load_all(conn)?.into_iter().filter(|backfill| !backfill.is_done());
    let line = |backfill: store::backfill::Backfill| BackfillLine {
        id: backfill.id,
        link: backfill.link,
        released: backfill.released,
        reached: backfill.reached,
        until: backfill.until,
    };
    Ok(left.map(line).collect())
}

fn account(conn: &Connection, service: Service, refused: bool) -> anyhow::Result<AccountLine> {
    let last_success = match service {
        Service::Withings => store::checkpoint::load(conn, Source::Measure)?.map(|read| read.read_at),
        Service::Beeminder => {
            store::goal::latest_reading(conn)?.max(store::datapoint::latest_confirmation(conn)?)
        }
    };
    Ok(store::account::load(conn, service)?.map_or_else(AccountLine::default, |account| AccountLine {
        connected: account.connected,
        lost: refused || !account.connected,
        user: Some(account.user_id),
        connected_at: Some(account.connected_at),
        last_success,
        time_zone: account.time_zone,
    }))
}

fn goals(conn: &Connection) -> anyhow::Result<Vec<GoalLine>> {
    let mut goals: Vec<_> = store::goal::load_linked(conn)?
        .into_iter()
        .map(|goal| GoalLine { slug: goal.slug, buffer_days: goal.buffer_days, loses_at: goal.loses_at })
        .collect();
    goals.sort_by_key(|goal| goal.loses_at.unwrap_or(DateTime::<Utc>::MAX_UTC));
    Ok(goals)
}
