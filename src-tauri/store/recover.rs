//! Recovers from a damaged database: it is set aside, never deleted, and a new one takes its place.
//!
//! Accounts, links, what Beeminder confirmed and what the user decided are copied over where they can still
//! be read. Measurements are fetched again and come to the same request ids, so nothing is posted twice.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::migrations;

/// What became of a damaged database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The file that the damaged database was moved to.
    pub set_aside: PathBuf,
}

/// A file that SQLite opens but finds inconsistent.
#[derive(Debug, thiserror::Error)]
#[error("the database is damaged: {0}")]
pub(super) struct Damaged(pub(super) String);

/// What is copied. Measurements are not: they are fetched again, which is surer than reading them from a
/// damaged file. Not every version has every table.
const TABLES: [&str; 13] = [
    "account",
    "goal",
    "link",
    "backfill",
    "setting",
    "device",
    "decision",
    "verdict",
    "datapoint",
    "outbox",
    "struck",
    "made_of",
    "given_day",
];

/// Moves the file and its journals out of the way.
pub(super) fn set_aside(path: &Path, now: DateTime<Utc>) -> anyhow::Result<Recovery> {
    let mut name = path.to_path_buf().into_os_string();
    name.push(format!(".damaged-{}", now.format("%Y%m%d-%H%M%S")));
    let set_aside = PathBuf::from(name);
    for journal in ["-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.to_path_buf().into_os_string();
            name.push(journal);
            PathBuf::from(name)
        };
        if with(path).exists() {
            std::fs::rename(with(path), with(&set_aside))
                .context("Failed to set the damaged database aside")?;
        }
    }
    std::fs::rename(path, &set_aside).context("Failed to set the damaged database aside")?;
    Ok(Recovery { set_aside })
}

/// Fills a new database with what can still be read of the damaged one, in the format that one has, and
/// brings it up to date. A table that cannot be read is left out: the user is told in any case.
pub(super) fn salvage(connection: &mut Connection, recovery: &Recovery) -> anyhow::Result<()> {
    // What is copied may refer to what is not.
    connection.pragma_update(None, "foreign_keys", false)?;
    let path = recovery.set_aside.to_string_lossy();
    if let Err(error) = connection.execute("ATTACH DATABASE ?1 AS damaged", [path]) {
        tracing::warn!("The damaged database gives nothing back: {error:#}");
        return migrations::migrate(connection);
    }
    let version = connection.pragma_query_value(Some("damaged"), "user_version", |row| row.get(0));
    migrations::migrate_to(connection, version.unwrap_or(usize::MAX))?;
    for table in TABLES {
        if let Err(error) = copy(connection, table) {
            tracing::warn!(table, "The damaged database does not give this table back: {error:#}");
        }
    }
    connection.execute("DETACH DATABASE damaged", [])?;
    migrations::migrate(connection)?;
    // What refers to measurements is worked out anew once they are fetched, and so is all a link concerns.
    connection.execute_batch(
        "DELETE FROM decision;
         DELETE FROM outbox WHERE datapoint_id NOT IN (SELECT id FROM datapoint);
         DELETE FROM datapoint WHERE goal_id NOT IN (SELECT id FROM goal)
             OR link_id NOT IN (SELECT id FROM link);
         DELETE FROM struck WHERE goal_id NOT IN (SELECT id FROM goal);
         DELETE FROM made_of WHERE goal_id NOT IN (SELECT id FROM goal);
         DELETE FROM given_day WHERE goal_id NOT IN (SELECT id FROM goal);
         DELETE FROM backfill WHERE link_id NOT IN (SELECT id FROM link);
         DELETE FROM link WHERE goal_id NOT IN (SELECT id FROM goal);
         UPDATE link SET changed = 1;",
    )?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

/// Copies as many rows of a table as can be read, one by one: a page that is damaged costs its own rows.
fn copy(connection: &mut Connection, table: &str) -> anyhow::Result<()> {
    let transaction = connection.transaction()?;
    // An earlier version's table lacks columns, which have defaults.
    let columns: Option<String> = transaction.query_row(
        "SELECT group_concat(name, ', ') FROM pragma_table_info(?1, 'damaged')",
        [table],
        |row| row.get(0),
    )?;
    let Some(columns) = columns else {
        return Ok(());
    };
    let whole = transaction.execute(
        &format!("INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {columns} FROM damaged.{table}"),
        [],
    );
    if let Err(error) = whole {
        tracing::warn!(table, "Some of this table cannot be read: {error}");
        copy_rows(&transaction, table, &columns)?;
    }
    transaction.commit()?;
    Ok(())
}

fn copy_rows(connection: &Connection, table: &str, columns: &str) -> anyhow::Result<()> {
    let mut read = connection.prepare(&format!("SELECT {columns} FROM damaged.{table}"))?;
    let places: Vec<String> = (1..=read.column_count()).map(|place| format!("?{place}")).collect();
    let mut write = connection
        .prepare(&format!("INSERT OR IGNORE INTO main.{table} ({columns}) VALUES ({})", places.join(", ")))?;
    let count = read.column_count();
    let mut conn = read.query([])?;
    // The first row that cannot be read ends it: what comes after is behind the damaged page.
    while let Ok(Some(row)) = conn.next() {
        let values: Vec<rusqlite::types::Value> =
            (0..count).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        write.execute(rusqlite::params_from_iter(values))?;
    }
    Ok(())
}
