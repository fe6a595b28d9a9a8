//! Reads what Withings has new, and looks what is gone.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::pace::Spent;
use super::reading::{Broken, PERHAPS_NO_DATA, Reading, ReadingEnd};
use super::trouble::Trouble;
use super::{SyncPass, gone};
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::problem_code::ProblemCode;
use crate::health::announced;
use crate::services::withings;
use crate::services::withings::Range;
use crate::store::checkpoint::{self, Checkpoint};
use crate::store::doubt::{self, About, Answer};
use crate::store::{Connection, measurement, reading, setting, subscription, unreadable};

/// How far behind the checkpoint the next reading starts, in seconds. Whether `lastupdate` includes its
/// own second is not documented, and a reading may be stored a little after the answer that misses it.
const OVERLAP: i64 = 2 * 3600;

/// How many days back is looked for what is gone: Withings leaves no trace of what was deleted. As many
/// ahead, since a device's clock may be wrong.
const WINDOW: u64 = 30;

/// How often, while nothing else gives a reason to.
const WINDOW_AGE: TimeDelta = TimeDelta::hours(24);

/// An answer that may mean nothing must come this often before it is said.
const OFTEN: u64 = 3;

/// How reading a service ended.
#[derive(Debug)]
pub(super) enum FetchOutcome {
    /// As far as it went.
    Read(Fetched),
    /// The user does not share it: Withings said so, and said so again later.
    Refused,
    /// Something is wrong.
    Trouble(Trouble),
}

/// What a reading brought.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Groups that were new or had changed.
    pub(super) changed: u64,
    /// Where to start next time; `None` when this reading does not move it.
    checkpoint: Option<Checkpoint>,
    /// When everything there is was read in one go, by Withings' clock.
    saw_everything_at: Option<DateTime<Utc>>,
    /// Whether Withings answered.
    pub(super) answered: bool,
    /// Whether there was anything at all.
    shows_something: bool,
    /// Whether something changed of which notifications should tell.
    has_news: bool,
    /// What Withings has of the last weeks, where that was read.
    window: Option<Window>,
}

/// All that Withings has of the last weeks.
#[derive(Debug)]
pub(super) struct Window {
    /// When it was read, by Withings' clock.
    pub(super) read_at: DateTime<Utc>,
    /// The first moment it surely covers.
    pub(super) from: DateTime<Utc>,
    /// The moment after the last it surely covers.
    pub(super) until: DateTime<Utc>,
    /// The groups that Withings has of that time.
    pub(super) groups: HashSet<GroupId>,
    /// Whether what is not there is known to be gone: not when a row does not say which group it is.
    pub(super) tells_all: bool,
}

/// Reads everything `source` has since its checkpoint and stores it; once a day, and when something was
/// split, merged or told again, all of the last weeks as well.
///
/// # Errors
/// When the store cannot be used.
pub(super) async fn fetch(pass: &SyncPass<'_>, source: Source) -> anyhow::Result<FetchOutcome> {
    let spent = Spent::begin(pass)?;
    let outcome = match read(pass, &spent, source).await {
        Ok(fetched) => FetchOutcome::Read(fetched),
        Err(Broken::StepError(error)) => FetchOutcome::Trouble(error.into_trouble()?),
        Err(Broken::Refused(error)) => refused(pass, source, error)?,
    };
    spent.note(pass)?;
    Ok(outcome)
}

async fn read(pass: &SyncPass<'_>, spent: &Spent, source: Source) -> Result<Fetched, Broken> {
    let (last, window_read_at) = pass
        .store
        .read(|conn| Ok((checkpoint::load(conn, source)?, checkpoint::window_read_at(conn, source)?)))?;
    let since = last.map_or(0, |last| last.updated_at.saturating_sub(OVERLAP).max(0));
    let mut reading = Reading::new(pass, spent, source, Range::ChangedSince(since)).finish().await?;
    if last.is_some_and(|last| !reading.resumed && reading.was_ahead(last)) {
        reading = Reading::new(pass, spent, source, Range::ChangedSince(0)).finish().await?;
    }
    if reading.end == ReadingEnd::Unknown {
        return perhaps_nothing(pass, source);
    }
    let now = pass.withings.server_time();
    let in_one_go = last.is_none() && !reading.resumed && reading.end == ReadingEnd::Whole;
    // An earlier one that was cut short may have stored what is gone since.
    let saw_all = match now.filter(|_| in_one_go) {
        Some(now) => !lacks_something(pass, source, window_around(source, now)?, &reading.seen)?,
        None => false,
    };
    let mut fetched = Fetched {
        changed: reading.changed.len() as u64,
        checkpoint: reading.checkpoint(),
        saw_everything_at: now.filter(|_| saw_all),
        answered: reading.pages > 0,
        shows_something: !reading.seen.is_empty(),
        has_news: last.is_some() && has_news(pass, &reading.changed)?,
        window: None,
    };
    // By Withings' clock, since this computer's may be wrong.
    let Some(now) = now.filter(|_| last.is_some() && reading.end == ReadingEnd::Whole) else {
        return Ok(fetched);
    };
    let is_stale = window_read_at.is_none_or(|at| now - at >= WINDOW_AGE || at > now);
    // Days of activity that two apps tell under one name: only all of them together show which one counts.
    let is_due = is_stale || reading.has_shrunk || is_told_again(pass, source, &reading.changed)?;
    if is_due && spent.may_begin_window(pass) {
        let (changed, window) = read_window(pass, spent, source, now, window_read_at).await?;
        fetched.changed += changed;
        fetched.window = window;
    }
    Ok(fetched)
}

/// Reads all of the last weeks. Returns what had changed, and what is there if everything could be read.
async fn read_window(
    pass: &SyncPass<'_>,
    spent: &Spent,
    source: Source,
    now: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
) -> Result<(u64, Option<Window>), Broken> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(WINDOW + 2)).unwrap_or(today);
    let end = last_day(source, today);
    let (from, until) = window_around(source, now)?;
    let (mut groups, mut changed, mut nameless) = (HashSet::new(), 0, Vec::new());
    // Pages are cut by place, so what vanishes between two of them makes the next one skip a row. Nothing is
    // gone that was there in either of two readings.
    for _ in 0..2 {
        let reading = Reading::new(pass, spent, source, Range::Days(first, end)).finish().await?;
        changed += reading.changed.len() as u64;
        if reading.end != ReadingEnd::Whole {
            return Ok((changed, None));
        }
        groups.extend(reading.seen);
        nameless.extend(reading.nameless);
        // One answer that lacks something may be a passing one.
        if reading.pages == 1 && !lacks_something(pass, source, (from, until), &groups)? {
            break;
        }
    }
    // A row without a number may be any of those that seem to be gone, unless it came like this the last
    // time already.
    let mut tells_all = nameless.is_empty() || !groups.is_empty();
    for raw in &nameless {
        tells_all &= match last {
            Some(last) => pass.store.read(|conn| unreadable::was_kept(conn, raw, last))?,
            None => false,
        };
    }
    let window = Window { read_at: now, from, until, groups, tells_all };
    Ok((changed, Some(window)))
}

/// The time that a window surely covers.
fn window_around(source: Source, now: DateTime<Utc>) -> anyhow::Result<(DateTime<Utc>, DateTime<Utc>)> {
    let window = TimeDelta::days(i64::try_from(WINDOW)?);
    let until = last_day(source, now.date_naive()).and_time(NaiveTime::MIN).and_utc();
    Ok((now - window, until - TimeDelta::days(2)))
}

/// The last day of a window. A scale whose clock is wrong dates years ahead, as far as Unix seconds of 32 bits
/// reach, which is as far as Withings may be asked.
fn last_day(source: Source, today: NaiveDate) -> NaiveDate {
    let soon = today.checked_add_days(Days::new(WINDOW + 2)).unwrap_or(today);
    match source {
        Source::Measure => NaiveDate::from_ymd_opt(2038, 1, 1).map_or(soon, |last| last.max(soon)),
        Source::Activity | Source::Sleep | Source::Workout => soon,
    }
}

/// Whether something is known of a time that a reading did not bring.
fn lacks_something(
    pass: &SyncPass<'_>,
    source: Source,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    groups: &HashSet<GroupId>,
) -> anyhow::Result<bool> {
    let known = pass.store.read(|conn| measurement::ids_between(conn, source, from, until))?;
    Ok(known.iter().any(|id| !groups.contains(id)))
}

/// Whether something of what changed leaves other rows behind, which are gone now: nights and workouts are
/// split and merged, and a weigh-in may come back under another number.
fn is_told_again(pass: &SyncPass<'_>, source: Source, changed: &[GroupId]) -> anyhow::Result<bool> {
    match source {
        Source::Sleep | Source::Workout => Ok(!changed.is_empty()),
        Source::Activity => Ok(false),
        Source::Measure if changed.is_empty() => Ok(false),
        Source::Measure => pass.store.read(|conn| {
            let changed = measurement::load_these(conn, changed)?;
            let moments: HashSet<_> = changed.iter().map(|group| group.measured_at).collect();
            let mut others = measurement::load_at(conn, &moments)?;
            others.retain(|group| !group.gone && group.device.is_some());
            Ok(changed.iter().any(|group| others.iter().any(|other| are_twins(group, other))))
        }),
    }
}

/// Whether something of what changed is of the kind that Withings notifies of, since this program subscribed to it.
fn has_news(pass: &SyncPass<'_>, changed: &[GroupId]) -> anyhow::Result<bool> {
    pass.store.read(|conn| {
        let subscribed = subscription::load_all(conn)?;
        if subscribed.is_empty() || changed.is_empty() {
            return Ok(false);
        }
        let changed = measurement::load_these(conn, changed)?;
        Ok(changed.iter().any(|group| announced::is_to_be_announced(&subscribed, group)))
    })
}

fn are_twins(one: &MeasureGroup, other: &MeasureGroup) -> bool {
    let act = |group: &MeasureGroup| (group.measured_at, group.device.clone(), group.source);
    one.id != other.id && act(one) == act(other) && values(one) == values(other)
}

fn values(group: &MeasureGroup) -> BTreeSet<(MeasureKind, Option<i64>, Option<Decimal>)> {
    group.measurements.iter().map(|m| (m.kind, m.position, m.value())).collect()
}

/// An answer that may mean that there is nothing, or that something is wrong. It moves nothing.
fn perhaps_nothing(pass: &SyncPass<'_>, source: Source) -> Result<Fetched, Broken> {
    let now = pass.withings.server_time().unwrap_or(pass.now);
    let doubt = pass.store.write(|conn| doubt::note(conn, About::Source(source), Answer::Nothing, now))?;
    if doubt.is_believed() && doubt.count >= OFTEN {
        let error = withings::Error::Unavailable { status: PERHAPS_NO_DATA };
        return Err(error.into());
    }
    tracing::info!(source = source.name(), "Withings' answer may mean that there is nothing");
    Ok(Fetched::default())
}

/// A refusal is trouble at first, and believed when it comes again later.
fn refused(pass: &SyncPass<'_>, source: Source, error: withings::Error) -> anyhow::Result<FetchOutcome> {
    let now = pass.withings.server_time().unwrap_or(pass.now);
    let doubt = pass.store.write(|conn| doubt::note(conn, About::Source(source), Answer::Refused, now))?;
    Ok(match (doubt.is_believed(), source) {
        (false, _) => FetchOutcome::Trouble(Trouble::here(ProblemCode::Unavailable, error.message())),
        // Without measurements there is nothing to go on with.
        (true, Source::Measure) => FetchOutcome::Trouble(error.into()),
        (true, Source::Activity | Source::Sleep | Source::Workout) => FetchOutcome::Refused,
    })
}

/// Moves the checkpoint past what was read, and notes what is gone. In the transaction that plans.
pub(super) fn note(conn: &Connection, source: Source, fetched: &Fetched) -> anyhow::Result<()> {
    if fetched.answered {
        doubt::forget(conn, About::Source(source))?;
    }
    let mut withdrawn = setting::withdrawn(conn)?.contains(&source);
    if withdrawn && fetched.shows_something {
        setting::save_withdrawn(conn, source, false)?;
        withdrawn = false;
    }
    if let Some(new) = fetched.checkpoint {
        let last = checkpoint::load(conn, source)?;
        if let Some(last) = last.filter(|_| fetched.has_news) {
            announced::note_news(conn, source, last.read_at, new.read_at)?;
        }
        let old = last.filter(|_| withdrawn);
        // What is not shown is not read.
        let updated_at = old.map_or(new.updated_at, |old| old.updated_at.min(new.updated_at));
        checkpoint::save(conn, source, Checkpoint { updated_at, ..new })?;
        reading::forget(conn, source)?;
    }
    if let Some(at) = fetched.saw_everything_at {
        checkpoint::save_window(conn, source, at)?;
    }
    fetched.window.as_ref().map_or(Ok(()), |window| gone::note(conn, source, window))
}
