//! The executables of this program: where they are, and whether an upgrade put another in their place.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::Context;
use tokio::runtime::Runtime;

/// The agent's executable; on Windows and macOS the window's as well.
pub const AGENT: &str = "beeminder-withings-sync";
/// The window's executable on Linux.
pub const WINDOW: &str = "beeminder-withings-sync-window";

/// What Linux puts behind the name of an executable whose file was replaced or removed.
const DELETED: &str = " (deleted)";

/// Where this executable was started from, by its name even when another file has that now.
///
/// # Errors
/// When the system does not say.
pub fn path() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe().context("Failed to find this program")?;
    Ok(undeleted(&path))
}

/// The runtime of a program, with so many threads for what goes on beside each other.
///
/// # Errors
/// When the system gives no thread.
pub fn runtime(threads: usize) -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all().build().context("Failed to start")
}

fn undeleted(path: &Path) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_suffix(DELETED)) {
        Some(text) if !path.exists() => PathBuf::from(text),
        Some(_) | None => path.to_owned(),
    }
}

/// What to start at login: the image the program came in, or the agent itself.
///
/// # Errors
/// When the system does not say where this executable is.
pub fn to_start_at_login() -> anyhow::Result<PathBuf> {
    std::env::var_os("APPIMAGE").map_or_else(|| beside(AGENT), |image| Ok(PathBuf::from(image)))
}

/// The executable called `name` in the folder of this one.
///
/// # Errors
/// When the system does not say where this executable is.
pub fn beside(name: &str) -> anyhow::Result<PathBuf> {
    Ok(path()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Whether this is the packaged program, whose package takes care of its desktop files.
pub fn is_packaged() -> bool {
    path().is_ok_and(|path| path.starts_with("/usr/bin"))
}

/// The file of an executable, to tell when an upgrade replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    path: PathBuf,
    size: u64,
    modified: SystemTime,
}

impl Executable {
    /// The file at `path` as it is.
    ///
    /// # Errors
    /// When it is not there.
    pub fn at(path: &Path) -> anyhow::Result<Executable> {
        let file = std::fs::metadata(path).with_context(|| format!("Failed to read {}", path.display()))?;
        Ok(Executable { path: path.to_owned(), size: file.len(), modified: file.modified()? })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another file has its place. One that is gone was uninstalled, or is being replaced.
    pub fn is_replaced(&self) -> bool {
        Executable::at(&self.path).is_ok_and(|found| found != *self)
    }

    /// Whether another file has its place that can be started; one that is only half there cannot.
    pub fn is_upgraded(&self) -> bool {
        let runs = || {
            let mut command = std::process::Command::new(&self.path);
            command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        self.is_replaced() && runs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_told_from_one_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("program");
        std::fs::write(&path, "one").unwrap();
        let executable = Executable::at(&path).unwrap();
        assert!(!executable.is_replaced());
        std::fs::remove_file(&path).unwrap();
        assert!(!executable.is_replaced(), "gone is not replaced");
        std::fs::write(&path, "another").unwrap();
        assert!(executable.is_replaced());
    }

    #[test]
    fn a_deleted_executable_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sync");
        let deleted = PathBuf::from(format!("{}{DELETED}", path.display()));
        assert_eq!(undeleted(&deleted), path);
        assert_eq!(undeleted(&path), path);
        std::fs::write(&deleted, "").unwrap();
        assert_eq!(undeleted(&deleted), deleted, "a file that is called so");
    }
}
