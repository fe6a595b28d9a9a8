//! What happens to a damaged database: it is set aside, never deleted, and a new one takes its place.
//!
//! Links and accounts are copied over where they can still be read. Measurements are fetched again and
//! come to the same request ids, so nothing is posted twice.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use rusqlite::Connection;

/// What became of a damaged database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Where it is now.
    pub set_aside: PathBuf,
}

/// A file that SQLite opens but finds inconsistent.
#[derive(Debug, thiserror::Error)]
#[error("the database is damaged: {0}")]
pub(super) struct Damaged(pub(super) String);

/// Copied in this order, so that what is referred to comes first. Measurements are not: they are
/// fetched again, which is surer than reading them from a damaged file.
const TABLES: [&str; 5] = ["account", "goal", "link", "backfill", "setting"];

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

/// Copies what can still be read. A table that cannot is left out: the user is told in any case.
pub(super) fn salvage(connection: &mut Connection, recovery: &Recovery) {
    for table in TABLES {
        if let Err(error) = copy(connection, table, &recovery.set_aside) {
            tracing::warn!(table, "The damaged database does not give this table back: {error:#}");
        }
    }
}

fn copy(connection: &mut Connection, table: &str, from: &Path) -> anyhow::Result<()> {
    connection.execute("ATTACH DATABASE ?1 AS damaged", [from.to_string_lossy()])?;
    let copied = connection.transaction().and_then(|transaction| {
        // An earlier version's table lacks columns, which have defaults.
        let columns: String = transaction.query_row(
            "SELECT group_concat(name, ', ') FROM pragma_table_info(?1, 'damaged')",
            [table],
            |row| row.get(0),
        )?;
        transaction.execute_batch(&format!(
            "INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {columns} FROM damaged.{table}"
        ))?;
        // Everything a link concerns is gone through again.
        if table == "link" {
            transaction.execute("UPDATE main.link SET changed = 1", [])?;
        }
        transaction.commit()
    });
    connection.execute("DETACH DATABASE damaged", [])?;
    Ok(copied?)
}
