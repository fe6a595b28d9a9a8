//! Up to where Withings was read, for each of its services, and when a window of the past was last read
//! again.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use strum::VariantArray;

use super::moment;
use crate::domain::measure::kind::Source;

/// Where the next reading starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Withings' clock, in Unix seconds, at the end of the last complete reading.
    pub updated_at: i64,
    /// This computer's clock then.
    pub read_at: DateTime<Utc>,
}

pub(super) fn stream(source: Source) -> &'static str {
    match source {
        Source::Measure => "measure_groups",
        Source::Activity => "activity",
        Source::Sleep => "sleep",
        Source::Workout => "workouts",
    }
}

fn window(source: Source) -> String {
    format!("{} again", stream(source))
}

/// Loads the checkpoint; `None` before the first complete reading.
pub fn load(conn: &Connection, source: Source) -> anyhow::Result<Option<Checkpoint>> {
    load_row(conn, stream(source))
}

/// Moves the checkpoint.
pub fn save(conn: &Connection, source: Source, checkpoint: Checkpoint) -> anyhow::Result<()> {
    save_row(conn, stream(source), checkpoint)
}

/// The row of the services' clock.
const CLOCK: &str = "clock";

/// Notes what a service's clock said when this computer's said `now`.
pub fn save_clock(conn: &Connection, server: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<()> {
    save_row(conn, CLOCK, Checkpoint { updated_at: server.timestamp(), read_at: now })
}

/// What the services' clock last said: what is dated later lies in the future. This computer's clock may be
/// off by years either way, and counts only while neither of them ever answered.
pub fn clock(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let read: Option<i64> =
        conn.prepare_cached("SELECT max(updated_at) FROM checkpoint")?.query_row([], |row| row.get(0))?;
    Ok(read.map_or(now, moment))
}

/// When the last weeks were last read again, to see what is gone.
pub fn window_read_at(conn: &Connection, source: Source) -> anyhow::Result<Option<DateTime<Utc>>> {
    Ok(load_row(conn, &window(source))?.map(|row| row.read_at))
}

/// Notes that the last weeks were read.
pub fn save_window(conn: &Connection, source: Source, now: DateTime<Utc>) -> anyhow::Result<()> {
    save_row(conn, &window(source), Checkpoint { updated_at: 0, read_at: now })
}

/// Moves the checkpoint back to where all was surely read: what came since may not have been shown. Never
/// forward.
pub fn hold_back(
    conn: &Connection,
    source: Source,
    surely_read: Option<DateTime<Utc>>,
) -> anyhow::Result<()> {
    let surely_read = surely_read.map_or(0, |at| at.timestamp());
    conn.execute(
        "UPDATE checkpoint SET updated_at = min(updated_at, ?2) WHERE stream = ?1",
        params![stream(source), surely_read],
    )?;
    Ok(())
}

/// Has the last weeks read again with the next pass.
pub fn forget_windows(conn: &Connection) -> anyhow::Result<()> {
    for source in Source::VARIANTS {
        conn.execute("DELETE FROM checkpoint WHERE stream = ?1", [window(*source)])?;
    }
    Ok(())
}

fn load_row(conn: &Connection, stream: &str) -> anyhow::Result<Option<Checkpoint>> {
    let checkpoint = conn
        .prepare_cached("SELECT updated_at, read_at FROM checkpoint WHERE stream = ?1")?
        .query_row([stream], |row| Ok(Checkpoint { updated_at: row.get(0)?, read_at: moment(row.get(1)?) }))
        .optional()?;
    Ok(checkpoint)
}

fn save_row(conn: &Connection, stream: &str, checkpoint: Checkpoint) -> anyhow::Result<()> {
    conn.execute(
        "INSERT INTO checkpoint VALUES (?1, ?2, ?3) ON CONFLICT (stream) DO UPDATE SET
             updated_at = excluded.updated_at, read_at = excluded.read_at",
        params![stream, checkpoint.updated_at, checkpoint.read_at.timestamp()],
    )?;
    Ok(())
}
