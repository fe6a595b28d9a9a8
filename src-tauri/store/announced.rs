//! Whether Withings' notifications arrive, for each of its services.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use strum::VariantArray;

use super::{checkpoint, moment};
use crate::domain::measure::kind::Source;

/// What is known of the notifications about one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Announced {
    /// When the last one came.
    pub notified_at: Option<DateTime<Utc>>,
    /// How many changes in a row were announced.
    pub in_a_row: u32,
    /// When a change was read that none has announced yet.
    pub unannounced_since: Option<DateTime<Utc>>,
    /// When one was last found to be missing.
    pub missed_at: Option<DateTime<Utc>>,
}

/// Loads what is known; nothing is while no notification came and none was missed.
pub fn load(conn: &Connection, source: Source) -> anyhow::Result<Announced> {
    let at = |unix: Option<i64>| unix.map(moment);
    let announced = conn
        .prepare_cached(
            "SELECT notified_at, in_a_row, unannounced_since, missed_at FROM announced WHERE stream = ?1",
        )?
        .query_row([checkpoint::stream(source)], |row| {
            Ok(Announced {
                notified_at: at(row.get(0)?),
                in_a_row: row.get(1)?,
                unannounced_since: at(row.get(2)?),
                missed_at: at(row.get(3)?),
            })
        })
        .optional()?;
    Ok(announced.unwrap_or_default())
}

/// Loads what is known of each service.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<(Source, Announced)>> {
    Source::VARIANTS.iter().map(|source| Ok((*source, load(conn, *source)?))).collect()
}

/// Saves what is known.
pub fn save(conn: &Connection, source: Source, announced: Announced) -> anyhow::Result<()> {
    let unix = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
    conn.execute(
        "INSERT INTO announced VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (stream) DO UPDATE SET
             notified_at = excluded.notified_at, in_a_row = excluded.in_a_row,
             unannounced_since = excluded.unannounced_since, missed_at = excluded.missed_at",
        params![
            checkpoint::stream(source),
            unix(announced.notified_at),
            announced.in_a_row,
            unix(announced.unannounced_since),
            unix(announced.missed_at)
        ],
    )?;
    Ok(())
}

/// Forgets all that is known: other addresses have to prove themselves.
pub fn forget_all(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("DELETE FROM announced", [])?;
    Ok(())
}
