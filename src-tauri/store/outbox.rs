//! The queue of datapoints that Beeminder has not confirmed. A row leaves it when Beeminder has the
//! datapoint or the user decides against it, and never otherwise.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::datapoint::Stored;
use super::moment;
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::goal::{GoalId, GoalSlug};
use crate::link::LinkId;

/// One datapoint waiting to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The datapoint's number.
    pub id: i64,
    /// Its goal.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// Its key within the goal.
    pub request_id: RequestId,
    /// The link that called for it.
    pub link: LinkId,
    /// Its value, for showing.
    pub value: String,
    /// The request as it is sent, without the token.
    pub form: String,
    /// Beeminder's id of the datapoint to change, or nothing to create one.
    pub updates: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
    /// Automatic passes leave it alone until then.
    pub wait_until: DateTime<Utc>,
    /// Why it needs the user.
    pub parked: Option<String>,
    /// When what it is about happened; for a day, its noon.
    pub moment: DateTime<Utc>,
    /// When it was decided on.
    pub queued_at: DateTime<Utc>,
    /// Whether the datapoint is to be deleted at Beeminder.
    pub removes: bool,
}

/// Puts a datapoint into the outbox, in place of an earlier form of it.
pub fn enqueue(
    rows: &Connection,
    id: i64,
    goal: &GoalId,
    datapoint: &Datapoint,
    updates: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let form = if updates.is_some() { datapoint.update_form() } else { datapoint.create_form() };
    let moment = moment_of(datapoint);
    rows.prepare_cached(
        "INSERT INTO outbox VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, NULL, ?6, 0)
         ON CONFLICT (datapoint_id) DO UPDATE SET
             moment = excluded.moment, form = excluded.form, updates = excluded.updates,
             wait_until = 0, parked = NULL, removes = 0",
    )?
    .execute(params![id, goal.0, moment, form, updates, now.timestamp()])?;
    Ok(())
}

/// What "oldest" goes by.
fn moment_of(datapoint: &Datapoint) -> i64 {
    match datapoint.moment {
        Moment::At(moment) => moment.timestamp(),
        Moment::On(day) => day.0.and_hms_opt(12, 0, 0).map_or(0, |noon| noon.and_utc().timestamp()),
    }
}

/// Puts the removal of a datapoint into the outbox, in place of whatever was to be sent.
pub fn enqueue_removal(
    rows: &Connection,
    known: &Stored,
    goal: &GoalId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let moment = moment_of(&known.datapoint);
    rows.prepare_cached(
        "INSERT INTO outbox VALUES (?1, ?2, ?3, '', ?4, 0, 0, NULL, ?5, 1)
         ON CONFLICT (datapoint_id) DO UPDATE SET
             form = '', updates = excluded.updates, wait_until = 0, parked = NULL, removes = 1",
    )?
    .execute(params![known.id, goal.0, moment, known.beeminder_id, now.timestamp()])?;
    super::datapoint::save_state(rows, known.id, super::datapoint::State::Removing)
}

/// Loads everything, oldest first within each goal.
pub fn load_all(rows: &Connection) -> anyhow::Result<Vec<OutboxEntry>> {
    let entries = rows
        .prepare_cached(&format!("{SELECT} ORDER BY o.goal_id, o.moment, o.datapoint_id"))?
        .query_map([], read)?
        .collect::<Result<_, _>>()?;
    Ok(entries)
}

/// Loads one entry.
pub fn load(rows: &Connection, id: i64) -> anyhow::Result<Option<OutboxEntry>> {
    let query = format!("{SELECT} WHERE o.datapoint_id = ?1");
    Ok(rows.prepare_cached(&query)?.query_row([id], read).optional()?)
}

/// Counts an attempt, before it is made. Returns whether the entry is still there to be sent.
pub fn count_attempt(rows: &Connection, id: i64) -> anyhow::Result<bool> {
    let counted = rows
        .prepare_cached(
            "UPDATE outbox SET attempts = attempts + 1 WHERE datapoint_id = ?1 AND parked IS NULL",
        )?
        .execute([id])?;
    Ok(counted == 1)
}

/// Leaves an entry alone for a while.
pub fn save_wait(rows: &Connection, id: i64, until: DateTime<Utc>) -> anyhow::Result<()> {
    rows.execute(
        "UPDATE outbox SET wait_until = ?2 WHERE datapoint_id = ?1",
        params![id, until.timestamp()],
    )?;
    Ok(())
}

/// Sets an entry aside until the user decides.
pub fn park(rows: &Connection, id: i64, reason: &str) -> anyhow::Result<()> {
    rows.execute("UPDATE outbox SET parked = ?2 WHERE datapoint_id = ?1", params![id, reason])?;
    Ok(())
}

/// Lets an entry be sent again, at once.
pub fn unpark(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.execute("UPDATE outbox SET parked = NULL, wait_until = 0 WHERE datapoint_id = ?1", [id])?;
    Ok(())
}

/// Takes an entry out.
pub fn remove(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.prepare_cached("DELETE FROM outbox WHERE datapoint_id = ?1")?.execute([id])?;
    Ok(())
}

/// How many can be sent, and how many are parked.
pub fn counts(rows: &Connection) -> anyhow::Result<(u64, u64)> {
    Ok(rows.query_row(
        "SELECT count(*) FILTER (WHERE parked IS NULL), count(parked) FROM outbox",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The same for one link.
pub fn counts_of(rows: &Connection, link: LinkId) -> anyhow::Result<(u64, u64)> {
    Ok(rows
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE o.parked IS NULL), count(o.parked)
             FROM outbox o JOIN datapoint d ON d.id = o.datapoint_id WHERE d.link_id = ?1",
        )?
        .query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

const SELECT: &str = "SELECT o.datapoint_id, o.goal_id, g.slug, d.request_id, d.link_id, d.value, o.form,
            o.updates, o.attempts, o.wait_until, o.parked, o.queued_at, o.removes, o.moment
     FROM outbox o JOIN datapoint d ON d.id = o.datapoint_id JOIN goal g ON g.id = o.goal_id";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    Ok(OutboxEntry {
        id: row.get(0)?,
        goal: GoalId(row.get(1)?),
        slug: GoalSlug(row.get(2)?),
        request_id: RequestId(row.get(3)?),
        link: LinkId(row.get(4)?),
        value: row.get(5)?,
        form: row.get(6)?,
        updates: row.get(7)?,
        attempts: row.get(8)?,
        wait_until: moment(row.get(9)?),
        parked: row.get(10)?,
        queued_at: moment(row.get(11)?),
        removes: row.get(12)?,
        moment: moment(row.get(13)?),
    })
}
