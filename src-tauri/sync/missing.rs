//! Notes what a goal's list lacks. What it lacks is believed when it lacked it some time before as well: then
//! the user has deleted it.

use chrono::{DateTime, TimeDelta, Utc};

use super::deliver::told;
use crate::domain::datapoint::Datapoint;
use crate::domain::difference::Word;
use crate::domain::goal::GoalId;
use crate::services::beeminder::StoredDatapoint;
use crate::store::datapoint::{self, Stored};
use crate::store::outbox;
use crate::store::{self, Connection};

/// What a goal's list lacks is believed when it lacked it so long ago as well.
pub(super) const APART: TimeDelta = TimeDelta::minutes(10);

/// The same when a deadline is so near that it would pass meanwhile.
const APART_WHEN_DUE: TimeDelta = TimeDelta::minutes(4);

/// Whether a goal is lost before long.
pub(super) fn is_due(conn: &Connection, goal: &GoalId, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let loses_at = store::goal::load(conn, goal)?.and_then(|goal| goal.loses_at);
    Ok(loses_at.is_some_and(|at| at >= now && at - now <= APART * 2))
}

/// When it is believed that a goal lacks what its list first lacked at `since`.
pub(super) fn believed_at(
    conn: &Connection,
    goal: &GoalId,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<DateTime<Utc>> {
    Ok(since + if is_due(conn, goal, now)? { APART_WHEN_DUE } else { APART })
}

/// How long it takes until what a list lacks is believed.
pub(super) fn until_believed(conn: &Connection, id: i64, now: DateTime<Utc>) -> anyhow::Result<TimeDelta> {
    let Some(stored) = datapoint::load_number(conn, id)? else {
        return Ok(APART);
    };
    let at = believed_at(conn, &stored.goal, stored.missing_since.unwrap_or(now), now)?;
    Ok((at - now).clamp(TimeDelta::seconds(30), APART))
}

/// Notes that a list which proved itself lacks a datapoint. The second time, apart from the first, the user
/// has deleted it at Beeminder, and it stays deleted. Returns whether that is so.
pub(super) fn note(conn: &Connection, id: i64, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let Some(stored) = datapoint::load_number(conn, id)? else {
        return Ok(true);
    };
    let Some(since) = stored.missing_since.filter(|since| *since <= now) else {
        datapoint::save_missing(conn, id, Some(now))?;
        return Ok(false);
    };
    // What became of what is to be removed is found out by removing it.
    let is_believed = !stored.word.removes() && believed_at(conn, &stored.goal, since, now)? <= now;
    if is_believed {
        note_absent(conn, &stored, now)?;
    }
    Ok(is_believed)
}

/// Whether what a goal has under a datapoint's key is another one than was known.
pub(super) fn is_another(stored: &Stored, found: &StoredDatapoint) -> bool {
    let known = stored.confirmed.beeminder_id.as_ref();
    known.is_some_and(|known| found.confirmation.id.as_ref().is_some_and(|id| id != known))
}

/// Notes that a goal has a datapoint, in whatever form. In the place of the one that was known the user deleted
/// that, and another computer made one anew: what it was made of stays deleted.
pub(super) fn note_found(
    conn: &Connection,
    id: i64,
    found: &StoredDatapoint,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let Some(stored) = datapoint::load_number(conn, id)? else {
        return Ok(());
    };
    if is_another(&stored, found) && !stored.word.removes() && !is_the_same_again(&stored, found) {
        note_deleted_readings(conn, &stored)?;
    }
    datapoint::save_found(conn, id, told(&found.confirmation), now)?;
    outbox::settle(conn, id, now).map(drop)
}

/// Whether what is there says what was sent or is to be: then nobody meant to take anything out of it.
fn is_the_same_again(stored: &Stored, found: &StoredDatapoint) -> bool {
    let is_of = |form: &Datapoint| found.is_of(form, None);
    is_of(&stored.datapoint) || stored.confirmed.form.as_ref().is_some_and(is_of)
}

/// Notes what is known to have been deleted with a datapoint that another one took the place of.
fn note_deleted_readings(conn: &Connection, stored: &Stored) -> anyhow::Result<()> {
    let (goal, key) = (&stored.goal, &stored.datapoint.request_id);
    if store::struck::confirmed_readings(conn, goal, key)?.is_empty() {
        return Ok(());
    }
    tracing::info!(goal = %stored.slug, request_id = %key, "Deleted at Beeminder, and made anew elsewhere");
    store::struck::save_confirmed(conn, goal, key, Word::Deleted)?;
    store::struck::save_made_of(conn, goal, key, &[])
}

/// Notes that a datapoint is not there any more: the user has deleted it, and it stays deleted.
pub(super) fn note_absent(conn: &Connection, stored: &Stored, now: DateTime<Utc>) -> anyhow::Result<()> {
    if stored.confirmed.beeminder_id.is_none() {
        // It was never seen there, only said to be: it is sent again.
        datapoint::save_absent(conn, stored.id)?;
        return outbox::settle(conn, stored.id, now).map(drop);
    }
    tracing::info!(goal = %stored.slug, request_id = %stored.datapoint.request_id, "Deleted at Beeminder");
    store::struck::save_confirmed(conn, &stored.goal, &stored.datapoint.request_id, Word::Deleted)?;
    datapoint::save_absent(conn, stored.id)?;
    outbox::unwant(conn, stored, Word::Deleted, now).map(drop)
}
