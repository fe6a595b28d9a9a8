//! The SQLite file: everything this program knows but the tokens. The only folder with SQL in it.
//!
//! One file a table, each with functions that take a connection, so that callers compose transactions
//! and tests use memory. `schema.sql` explains every column.
//!
//! WAL with `synchronous = NORMAL`: a power cut may undo the last commits but never breaks the file. What
//! was undone is fetched and decided again and comes to the same request ids, so nothing is doubled.

pub mod account;
pub mod backfill;
pub mod checkpoint;
pub mod datapoint;
pub mod decision;
pub mod device;
pub mod doubt;
pub mod given_day;
pub mod goal;
pub mod history;
pub mod incident;
pub mod link;
pub mod measurement;
mod migrations;
pub mod outbox;
pub mod reading;
mod recover;
pub mod setting;
pub mod struck;
pub mod trouble;
pub mod verdict;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

pub use recover::Recovery;
pub use rusqlite::Connection as Rows;

use crate::data_dir::DATABASE_FILE;
use crate::text::Said;

/// The open database. Every front end over one data directory has its own.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database in `dir`, making it, migrating it or, when it is damaged, setting it aside.
    ///
    /// # Errors
    /// When a newer program wrote the file, or it cannot be opened or written.
    pub fn open(dir: &Path, now: DateTime<Utc>) -> anyhow::Result<(Store, Option<Recovery>)> {
        let path = dir.join(DATABASE_FILE);
        crate::data_dir::create_private_file(&path)?;
        let (connection, recovery) = match open_file(&path) {
            Ok(connection) => (connection, None),
            Err(error) if is_damaged(&error) => {
                let recovery = recover::set_aside(&path, now)?;
                crate::data_dir::create_private_file(&path)?;
                let mut connection = Connection::open(&path).context("Failed to open the database")?;
                recover::salvage(&mut connection, &recovery)?;
                prepare(&mut connection)?;
                (connection, Some(recovery))
            }
            Err(error) => return Err(error),
        };
        Ok((Store { connection: Mutex::new(connection) }, recovery))
    }

    /// Runs `read` on the database.
    ///
    /// # Errors
    /// What `read` returns.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> anyhow::Result<T>) -> anyhow::Result<T> {
        read(&self.lock())
    }

    /// Runs `write` in one transaction, which is undone when it fails.
    ///
    /// # Errors
    /// What `write` returns, or when the disk is full or the file cannot be written.
    pub fn write<T>(&self, write: impl FnOnce(&Connection) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .context("Failed to begin writing to the database")?;
        let value = write(&transaction)?;
        transaction.commit().context("Failed to write to the database")?;
        Ok(value)
    }

    /// Closes the file, so that it can be deleted. What is asked afterwards is asked of an empty database.
    ///
    /// # Errors
    /// When even that cannot be made.
    pub fn close(&self) -> anyhow::Result<()> {
        let mut empty = Connection::open_in_memory().context("Failed to close the database")?;
        prepare(&mut empty)?;
        *self.lock() = empty;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while holding the lock rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Turns a database error into a sentence that says what the user can do, if there is one.
#[expect(clippy::wildcard_enum_match_arm, reason = "variants of another crate, which may grow")]
pub fn advice(error: &anyhow::Error) -> Option<Said> {
    let code = error.chain().find_map(|cause| match cause.downcast_ref::<rusqlite::Error>()? {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.code),
        _ => None,
    })?;
    let code = match code {
        ErrorCode::DiskFull => "disk_full",
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => "not_writable",
        ErrorCode::SystemIoFailure => "disk_failing",
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => "database_damaged",
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "database_busy",
        _ => return None,
    };
    Some(Said::error(code, []))
}

fn open_file(path: &Path) -> anyhow::Result<Connection> {
    let mut connection = Connection::open(path).context("Failed to open the database")?;
    prepare(&mut connection)?;
    Ok(connection)
}

/// Sets the connection up and brings the schema up to date.
fn prepare(connection: &mut Connection) -> anyhow::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    // A pass uses some forty statements; with rusqlite's sixteen it would compile them each time.
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let check: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .context("Failed to check the database")?;
    anyhow::ensure!(check == "ok", recover::Damaged(check));
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrations::migrate(connection)
}

fn is_damaged(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<recover::Damaged>()
            || cause.downcast_ref::<rusqlite::Error>().is_some_and(|error| {
                matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                )
            })
    })
}

/// Reads a moment.
fn moment(unix: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix, 0).unwrap_or_default()
}

/// A database in memory, for the tests of the tables.
#[cfg(test)]
pub(crate) fn in_memory() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    prepare(&mut connection).unwrap();
    connection
}
