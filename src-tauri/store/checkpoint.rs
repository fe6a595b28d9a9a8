//! Up to where Withings was read.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;

/// Where the next reading starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Withings' clock, in Unix seconds, at the end of the last complete reading.
    pub updated_at: i64,
    /// This computer's clock then.
    pub read_at: DateTime<Utc>,
}

const STREAM: &str = "measure_groups";

/// Loads the checkpoint; `None` before the first complete reading.
pub fn load(rows: &Connection) -> anyhow::Result<Option<Checkpoint>> {
    let checkpoint = rows
        .query_row("SELECT updated_at, read_at FROM checkpoint WHERE stream = ?1", [STREAM], |row| {
            Ok(Checkpoint { updated_at: row.get(0)?, read_at: moment(row.get(1)?) })
        })
        .optional()?;
    Ok(checkpoint)
}

/// Moves the checkpoint.
pub fn save(rows: &Connection, checkpoint: Checkpoint) -> anyhow::Result<()> {
    rows.execute(
        "INSERT INTO checkpoint VALUES (?1, ?2, ?3) ON CONFLICT (stream) DO UPDATE SET
             updated_at = excluded.updated_at, read_at = excluded.read_at",
        params![STREAM, checkpoint.updated_at, checkpoint.read_at.timestamp()],
    )?;
    Ok(())
}
