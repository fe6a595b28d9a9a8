//! The folder everything is kept in, readable by its user alone, and the locks that let several
//! programs share it. What differs between systems about files is here and nowhere else.

use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::text::Message;

/// The database.
pub const DATABASE_FILE: &str = "measurements.db";
/// What the tray program writes its log to.
pub const LOG_FILE: &str = "log.txt";
/// The log before that one.
pub const OLD_LOG_FILE: &str = "log-old.txt";

/// Grows whenever a sign-in is saved or deleted, so that other programs notice.
const SIGN_INS_FILE: &str = "sign-ins.count";

/// A data directory that exists and is private.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Opens `path`, making it if need be.
    ///
    /// # Errors
    /// When it cannot be made or is not a folder.
    pub fn open(path: &Path) -> anyhow::Result<DataDir> {
        create_private_dir(path).with_context(|| Unusable::folder(path))?;
        let path = std::path::absolute(path).context("Failed to find the data directory")?;
        Ok(DataDir { path })
    }

    /// Where a user's data is kept unless they say otherwise. The sandbox has a place of its own.
    ///
    /// # Errors
    /// When the user has no home directory.
    pub fn default_path(sandbox: bool) -> anyhow::Result<PathBuf> {
        let name = if sandbox { "beeminder-withings-sync-sandbox" } else { "beeminder-withings-sync" };
        let dirs = directories::ProjectDirs::from("", "", name)
            .context("Failed to find your home directory; say where with --data-dir")?;
        Ok(dirs.data_dir().to_path_buf())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the window's web engine keeps what it needs. It writes there until the program has ended, so
    /// that nobody could clean up after it; where the system has a folder that is emptied when the user logs
    /// out, it is in there.
    pub fn web_folder(&self) -> PathBuf {
        let runtime = directories::BaseDirs::new().and_then(|dirs| dirs.runtime_dir().map(Path::to_owned));
        let Some(runtime) = runtime.filter(|runtime| runtime.is_dir()) else {
            return self.path.join("window");
        };
        let mut hasher = DefaultHasher::new();
        self.path.hash(&mut hasher);
        runtime.join(format!("beeminder-withings-sync-{:x}", hasher.finish()))
    }

    /// Opens a file to write at its end, private and made if need be.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn append_to(&self, name: &str) -> anyhow::Result<File> {
        let path = self.path.join(name);
        private(OpenOptions::new().append(true).create(true))
            .open(&path)
            .with_context(|| Unusable::folder_of(&path))
    }

    /// Which sign-in the keychain has by now: another number whenever one was saved or deleted. `None` before
    /// the first, and after everything was forgotten.
    pub fn sign_in_number(&self) -> Option<u64> {
        std::fs::metadata(self.path.join(SIGN_INS_FILE)).ok().map(|file| file.len())
    }

    /// Notes that a sign-in was saved or deleted.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn count_sign_in(&self) -> anyhow::Result<()> {
        let mut file = self.append_to(SIGN_INS_FILE)?;
        std::io::Write::write_all(&mut file, b".").context("Failed to write in the data directory")
    }

    /// Whether a file of the data directory is this program's; a user may have chosen a folder with others.
    pub fn is_ours(name: &str) -> bool {
        name.starts_with(DATABASE_FILE)
            || name.ends_with(".lock")
            || name.ends_with(".sock")
            || [LOG_FILE, OLD_LOG_FILE, SIGN_INS_FILE].contains(&name)
    }

    /// Takes a lock, waiting up to `timeout` for whoever holds it.
    ///
    /// # Errors
    /// When it is still held after that.
    pub async fn lock(&self, name: Lock, timeout: Duration) -> anyhow::Result<LockGuard> {
        const STEP: Duration = Duration::from_millis(25);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(held) = self.try_lock(name)? {
                return Ok(held);
            }
            anyhow::ensure!(waited < timeout, "{}", name.held_by_another());
            tokio::time::sleep(STEP).await;
            waited += STEP;
        }
    }

    /// Takes a lock if nobody holds it.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn try_lock(&self, name: Lock) -> anyhow::Result<Option<LockGuard>> {
        let path = self.path.join(name.file());
        create_private_file(&path)?;
        let file = File::options().write(true).open(&path).with_context(|| Unusable::folder_of(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(LockGuard { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| Unusable::no_locks(&self.path)),
        }
    }
}

/// Why a folder cannot be the data directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Unusable {
    code: &'static str,
    path: PathBuf,
}

impl Unusable {
    /// It cannot be made, or not be written in.
    fn folder(path: &Path) -> Unusable {
        Unusable { code: "data_dir", path: path.to_owned() }
    }

    fn folder_of(file: &Path) -> Unusable {
        Unusable::folder(file.parent().unwrap_or(file))
    }

    /// It is on a disk on which programs cannot be kept apart.
    pub(crate) fn no_locks(path: &Path) -> Unusable {
        Unusable { code: "no_locks", path: path.to_owned() }
    }

    /// The sentence for people.
    pub fn message(&self) -> Message {
        Message::error(self.code, [("path", self.path.display().to_string())])
    }
}

/// Whether files in `dir` can be locked, found out on one that nobody else uses.
pub(crate) fn can_lock(dir: &Path) -> bool {
    let path = dir.join(format!("try-{}.lock", std::process::id()));
    let locked = private(OpenOptions::new().write(true).create(true))
        .open(&path)
        .and_then(|file| file.try_lock().map_err(std::io::Error::from));
    // It is empty, and gone when everything is forgotten.
    let _ = std::fs::remove_file(&path);
    locked.is_ok()
}

/// Whether somebody worked with the data in `dir` before: each of these locks is taken after the database
/// was made.
pub(crate) fn was_used(dir: &Path) -> bool {
    [Lock::Pass, Lock::Token, Lock::Poller, Lock::SignIn].iter().any(|lock| dir.join(lock.file()).exists())
}

/// What only one program at a time may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Make a pass.
    Pass,
    /// Refresh a token.
    Token,
    /// Poll.
    Poller,
    /// Wait for a sign-in.
    SignIn,
    /// Be the agent.
    Agent,
    /// Be the window.
    Window,
}

impl Lock {
    fn file(self) -> &'static str {
        match self {
            Lock::Pass => "pass.lock",
            Lock::Token => "token.lock",
            Lock::Poller => "poller.lock",
            Lock::SignIn => "sign-in.lock",
            Lock::Agent => "agent.lock",
            Lock::Window => "window.lock",
        }
    }

    fn held_by_another(self) -> &'static str {
        match self {
            Lock::Pass => "Another program is in the middle of a pass. Try again in a minute.",
            Lock::Token => "Another program is renewing the sign-in. Try again in a minute.",
            Lock::Poller => "Another program is polling this data directory already.",
            Lock::Agent => "The program runs already.",
            Lock::Window => "The window is open already.",
            Lock::SignIn => "Another sign-in is waiting for the browser. Finish or cancel it first.",
        }
    }
}

/// A lock; it ends when this is dropped, and when the process dies.
#[derive(Debug)]
pub struct LockGuard {
    _file: File,
}

/// Makes an empty file that only its user can read, unless it exists.
pub(crate) fn create_private_file(path: &Path) -> anyhow::Result<()> {
    private(OpenOptions::new().append(true).create(true))
        .open(path)
        .with_context(|| Unusable::folder_of(path))?;
    Ok(())
}

/// Writes a file that only its user can read, all of it or nothing.
pub(crate) fn write_private_file(path: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let new = path.with_extension("new");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(unix)]
fn create_private_dir(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        // Someone else's folder, a home or a shared one, is not ours to close.
        if std::fs::read_dir(path)?.next().is_some() && !path.join(DATABASE_FILE).exists() {
            return Err(std::io::Error::other(
                "others can read it and it has other files in it; choose a new or empty folder",
            ));
        }
        permissions.set_mode(0o700);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// On Windows a user's application data is private by inheritance.
#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn create_private_dir(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_folder_and_its_files_are_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/b");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let dir = DataDir::open(&path).unwrap();
        let _held = dir.try_lock(Lock::Pass).unwrap();
        write_private_file(&path.join("x.json"), b"{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("pass.lock")), 0o600);
        assert_eq!(mode(&path.join("x.json")), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_with_other_files_is_not_closed_to_others_but_refused() {
        use std::os::unix::fs::PermissionsExt;
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("letter.txt"), "").unwrap();
        std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let error = format!("{:#}", DataDir::open(outer.path()).unwrap_err());
        assert!(error.contains("choose a new or empty folder"), "{error}");
        assert_eq!(std::fs::metadata(outer.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_lock_is_held_by_one_and_ends_with_it() {
        let outer = tempfile::tempdir().unwrap();
        let dir = DataDir::open(outer.path()).unwrap();
        let held = dir.try_lock(Lock::Token).unwrap();
        assert!(held.is_some());
        assert!(dir.try_lock(Lock::Token).unwrap().is_none());
        assert!(dir.try_lock(Lock::Pass).unwrap().is_some());
        drop(held);
        assert!(dir.try_lock(Lock::Token).unwrap().is_some());
    }
}
