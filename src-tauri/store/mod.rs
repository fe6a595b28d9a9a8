//! The SQLite file: everything this program knows but the tokens. The only folder with SQL in it.
//!
//! One file a table, each with functions that take a connection, so that callers compose transactions
//! and tests use memory. `schema.sql` explains every column.
//!
//! WAL with `synchronous = NORMAL`: a power cut may undo the last commits but never breaks the file. What
//! was undone is fetched and decided again and comes to the same request ids, so nothing is doubled.

pub mod account;
pub mod announced;
pub mod awaited;
pub mod backfill;
pub(crate) mod beside;
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
pub mod notifications;
mod open_file;
pub mod outbox;
pub mod ownership;
pub mod person;
pub mod reading;
mod recover;
pub mod red_line;
pub mod replacement;
pub mod setting;
pub mod struck;
pub mod subscription;
pub mod trouble;
pub mod unreadable;
pub mod warned;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use rusqlite::{ErrorCode, TransactionBehavior};

pub use recover::Recovery;
pub use rusqlite::Connection;

use open_file::OpenFile;

use crate::platform::data_dir::{DATABASE_FILE, Unusable};
use crate::text::Message;

/// The open database. Every front end over one data directory has its own.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    /// The file that is open, where it is a file.
    file: Mutex<Option<OpenFile>>,
    /// For tests: the commit at which the program is taken to be killed.
    #[cfg(feature = "sandbox")]
    crash: Mutex<Option<Crash>>,
}

/// For tests: a crash around a commit.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// How many commits go well before it.
    pub spared: u32,
    /// Whether the commit it falls on is done.
    pub is_done: bool,
}

impl Store {
    /// Opens the database in `dir`, making it, migrating it or, when it is damaged, setting it aside.
    ///
    /// # Errors
    /// When a newer program wrote the file, or it cannot be opened or written.
    pub fn open(dir: &Path, now: DateTime<Utc>) -> anyhow::Result<(Store, Option<Recovery>)> {
        let path = dir.join(DATABASE_FILE);
        crate::platform::data_dir::create_private_file(&path)?;
        let was_lost = is_lost(dir, &path);
        let opened =
            if was_lost { Err(recover::Damaged("it is empty".into()).into()) } else { open_file(&path) };
        let (connection, recovery) = match opened {
            Ok(connection) => (connection, None),
            Err(error) if is_damaged(&error) => {
                let recovery = recover::set_aside(&path, now)?;
                crate::platform::data_dir::create_private_file(&path)?;
                let mut connection = Connection::open(&path).context("Failed to open the database")?;
                if !was_lost {
                    recover::salvage(&mut connection, &recovery)?;
                }
                prepare(&mut connection)?;
                (connection, Some(recovery))
            }
            // SQLite says the same of a disk without locks as of another program that writes.
            Err(error) if lacks_locks(&error, || crate::platform::data_dir::can_lock(dir)) => {
                return Err(error.context(Unusable::no_locks(dir)));
            }
            Err(error) => return Err(error),
        };
        let store = Store {
            connection: Mutex::new(connection),
            file: Mutex::new(OpenFile::at(&path)),
            #[cfg(feature = "sandbox")]
            crash: Mutex::new(None),
        };
        Ok((store, recovery))
    }

    /// Runs `read` on the database.
    ///
    /// # Errors
    /// What `read` returns.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let connection = self.lock();
        self.refuse_replaced()?;
        refuse_another(&connection)?;
        let outcome = read(&connection);
        if outcome.is_err() {
            // The schema may have been changed in the middle, and that is then the reason.
            refuse_another(&connection)?;
        }
        outcome
    }

    /// Runs `write` in one transaction, which is undone when it fails.
    ///
    /// # Errors
    /// What `write` returns, or when the disk is full or the file cannot be written.
    pub fn write<T>(&self, write: impl FnOnce(&Connection) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut connection = self.lock();
        self.refuse_replaced()?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .context("Failed to begin writing to the database")?;
        refuse_another(&transaction)?;
        let value = write(&transaction)?;
        #[cfg(feature = "sandbox")]
        let crash = self.crashes_here();
        #[cfg(feature = "sandbox")]
        anyhow::ensure!(crash.is_none_or(|crash| crash.is_done), "killed before a commit");
        transaction.commit().context("Failed to write to the database")?;
        #[cfg(feature = "sandbox")]
        anyhow::ensure!(crash.is_none(), "killed after a commit");
        Ok(value)
    }

    /// For tests: ends the program at a commit; from then on nothing is written any more.
    #[cfg(feature = "sandbox")]
    pub fn crash_at(&self, crash: Crash) {
        *self.crash.lock().unwrap_or_else(PoisonError::into_inner) = Some(crash);
    }

    /// The crash, if it falls on this commit.
    #[cfg(feature = "sandbox")]
    fn crashes_here(&self) -> Option<Crash> {
        let mut crash = self.crash.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = crash.as_mut()?;
        if let Some(left) = planned.spared.checked_sub(1) {
            planned.spared = left;
            return None;
        }
        // Only the first commit can be done; after it the program is gone.
        let here = *planned;
        planned.is_done = false;
        Some(here)
    }

    /// Opens the database anew if another file has taken its place, as when another copy of this program set a
    /// damaged one aside. Returns what became of the one that is there, if it was opened.
    ///
    /// # Errors
    /// When that cannot be opened either.
    pub fn reopen_if_replaced(
        &self,
        dir: &Path,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Option<Recovery>>> {
        if self.refuse_replaced().is_ok() {
            return Ok(None);
        }
        // A file that is gone may come back; an empty one in its place would be taken for the truth.
        anyhow::ensure!(dir.join(DATABASE_FILE).exists(), Replaced);
        let (store, recovery) = Store::open(dir, now)?;
        let opened = store.connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        let file = store.file.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.lock() = opened;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(Some(recovery))
    }

    /// Refuses to go on with a file that has lost its place: what is written to it nobody reads.
    fn refuse_replaced(&self) -> anyhow::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        anyhow::ensure!(file.as_ref().is_none_or(OpenFile::is_in_place), Replaced);
        Ok(())
    }

    /// Closes the file, so that it can be deleted. What is asked afterwards is asked of an empty database.
    ///
    /// # Errors
    /// When even that cannot be made.
    pub fn close(&self) -> anyhow::Result<()> {
        let mut empty = Connection::open_in_memory().context("Failed to close the database")?;
        prepare(&mut empty)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
pub fn advice(error: &anyhow::Error) -> Option<Message> {
    if error.downcast_ref::<Unusable>().is_some() {
        return None;
    }
    if error.chain().any(<dyn std::error::Error>::is::<recover::Damaged>) {
        return Some(Message::error("database_damaged", []));
    }
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
    Some(Message::error(code, []))
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

/// Another file has taken the place of the database while this program ran.
#[derive(Debug, thiserror::Error)]
#[error("{}", Replaced::message())]
pub struct Replaced;

impl Replaced {
    /// The sentence for people.
    pub fn message() -> Message {
        Message::error("database_replaced", [])
    }
}

/// A newer program has taken the database over while this one ran.
#[derive(Debug, thiserror::Error)]
#[error("{}", Newer::message())]
pub struct Newer;

impl Newer {
    /// The sentence for people.
    pub fn message() -> Message {
        Message::error("newer_version", [])
    }
}

/// The database does not say which format it has, so it may be another program's.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct NotOurs {
    /// Where it is.
    pub path: String,
}

impl NotOurs {
    fn at(connection: &Connection) -> NotOurs {
        NotOurs { path: connection.path().unwrap_or_default().to_owned() }
    }

    /// The sentence for people.
    pub fn message(&self) -> Message {
        Message::error("not_our_database", [("path", self.path.clone())])
    }
}

/// Refuses to go on with a schema that is not the one this program knows.
fn refuse_another(connection: &Connection) -> anyhow::Result<()> {
    let version: i64 = connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    match usize::try_from(version) {
        Ok(migrations::VERSION) => Ok(()),
        Ok(version) if version > migrations::VERSION => Err(Newer.into()),
        // Nobody takes a schema back: the file was emptied under this program.
        Ok(_) => Err(recover::Damaged("it was emptied".into()).into()),
        Err(_) => Err(NotOurs::at(connection).into()),
    }
}

/// Whether the database was there once and has nothing in it any more.
fn is_lost(dir: &Path, path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0) && crate::platform::data_dir::was_used(dir)
}

/// Whether the database failed because files on its disk cannot be locked or shared.
fn lacks_locks(error: &anyhow::Error, can_lock: impl Fn() -> bool) -> bool {
    use rusqlite::ffi;
    const LOCKING: [i32; 5] = [
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_IOERR_RDLOCK,
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_SHMLOCK,
        ffi::SQLITE_IOERR_SHMMAP,
    ];
    let failed_so = |cause: &rusqlite::Error| matches!(cause, rusqlite::Error::SqliteFailure(failure, _) if LOCKING.contains(&failure.extended_code));
    let is_busy = has_code(error, |code| matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
    error.chain().any(|cause| cause.downcast_ref().is_some_and(failed_so))
        || has_code(error, |code| code == ErrorCode::FileLockingProtocolFailed)
        || is_busy && !can_lock()
}

fn has_code(error: &anyhow::Error, is_it: impl Fn(ErrorCode) -> bool) -> bool {
    error.chain().any(|cause| {
        let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        code.is_some_and(&is_it)
    })
}

fn is_damaged(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<recover::Damaged>)
        || has_code(error, |code| matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Reads a moment. An earlier version kept some from the ends of the calendar, where reckoning fails.
fn moment(unix: i64) -> DateTime<Utc> {
    // From 1970 to the year 3000.
    DateTime::from_timestamp(unix.clamp(0, 32_503_680_000), 0).unwrap_or_default()
}

/// A database in memory, for the tests of the tables.
#[cfg(test)]
pub(crate) fn in_memory() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    prepare(&mut connection).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_locks_is_not_another_program() {
        use rusqlite::ffi;
        let error = |code| anyhow::Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for (code, can_lock, expected) in [
            (ffi::SQLITE_BUSY, false, true),
            (ffi::SQLITE_BUSY, true, false),
            (ffi::SQLITE_IOERR_LOCK, true, true),
            (ffi::SQLITE_IOERR_SHMMAP, true, true),
            (ffi::SQLITE_PROTOCOL, true, true),
            (ffi::SQLITE_IOERR_WRITE, false, false),
            (ffi::SQLITE_FULL, false, false),
        ] {
            let error = error(code).context("Failed to open the database");
            assert_eq!(lacks_locks(&error, || can_lock), expected, "{code}");
            let said = crate::app::explained(&error.context(Unusable::no_locks(Path::new("/data"))));
            assert_eq!(said.sentence.key, "error.no_locks");
            assert!(
                said.message.contains("/data") && said.message.contains("--data-dir"),
                "{}",
                said.message
            );
        }
    }
}
