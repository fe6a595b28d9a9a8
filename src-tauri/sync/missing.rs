//! Notes what a goal's list lacks. What it lacks is believed when it lacked it some time before as well: then
//! the user has deleted it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::difference::Word;
use crate::domain::goal::GoalId;
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
    let is_believed = stored.word != Word::Remove && believed_at(conn, &stored.goal, since, now)? <= now;
    if is_believed {
        note_absent(conn, &stored, now)?;
    }
    Ok(is_believed)
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
