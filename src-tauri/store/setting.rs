//! What the user chose, and the little that must outlast a restart, as names and values.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;

/// When a pause ends, in Unix seconds.
const PAUSED_UNTIL: &str = "paused_until";
/// Where a damaged database was set aside, until the user was told.
const RECOVERED: &str = "recovered";

/// When the pause ends, if there is one.
pub fn paused_until(rows: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    Ok(load(rows, PAUSED_UNTIL)?.and_then(|unix| unix.parse().ok()).map(moment))
}

/// Sets or ends the pause.
pub fn save_pause(rows: &Connection, until: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    save(rows, PAUSED_UNTIL, until.map(|until| until.timestamp().to_string()).as_deref())
}

/// Where a damaged database was set aside.
pub fn recovered(rows: &Connection) -> anyhow::Result<Option<String>> {
    load(rows, RECOVERED)
}

/// Notes where a damaged database was set aside, or that the user knows.
pub fn save_recovered(rows: &Connection, path: Option<&str>) -> anyhow::Result<()> {
    save(rows, RECOVERED, path)
}

fn load(rows: &Connection, name: &str) -> anyhow::Result<Option<String>> {
    Ok(rows.query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| row.get(0)).optional()?)
}

fn save(rows: &Connection, name: &str, value: Option<&str>) -> anyhow::Result<()> {
    match value {
        Some(value) => rows.execute(
            "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?,
        None => rows.execute("DELETE FROM setting WHERE name = ?1", [name])?,
    };
    Ok(())
}
