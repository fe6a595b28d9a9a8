//! What the user chose, and the little that must outlast a restart, as names and values.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;
use crate::notification::Preferences;

/// When a pause ends, in Unix seconds.
const PAUSED_UNTIL: &str = "paused_until";
/// Where a damaged database was set aside, until the user was told.
const RECOVERED: &str = "recovered";

/// How much the user wants to be told, by its name.
const NOTIFY: &str = "notify";
/// Until when the user wants to be told nothing, in Unix seconds.
const SNOOZED_UNTIL: &str = "snoozed_until";
/// Set once the user was told that this desktop has no tray.
const TOLD_NO_TRAY: &str = "told_no_tray";

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

/// How the user wants to be notified.
pub fn preferences(rows: &Connection) -> anyhow::Result<Preferences> {
    let level = load(rows, NOTIFY)?.and_then(|name| name.parse().ok()).unwrap_or_default();
    let snoozed_until = load(rows, SNOOZED_UNTIL)?.and_then(|unix| unix.parse().ok()).map(moment);
    Ok(Preferences { level, snoozed_until })
}

/// Sets how the user wants to be notified.
pub fn save_preferences(rows: &Connection, preferences: Preferences) -> anyhow::Result<()> {
    save(rows, NOTIFY, Some(preferences.level.into()))?;
    let until = preferences.snoozed_until.map(|until| until.timestamp().to_string());
    save(rows, SNOOZED_UNTIL, until.as_deref())
}

/// Whether the user was told that this desktop has no tray.
pub fn told_no_tray(rows: &Connection) -> anyhow::Result<bool> {
    Ok(load(rows, TOLD_NO_TRAY)?.is_some())
}

/// Notes that the user was told.
pub fn save_told_no_tray(rows: &Connection) -> anyhow::Result<()> {
    save(rows, TOLD_NO_TRAY, Some("1"))
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
