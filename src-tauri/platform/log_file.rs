//! The log of a program without a terminal: standard error, and a file in the data directory.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::platform::data_dir::{DataDir, LOG_FILE, OLD_LOG_FILE};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Two files of this size are kept at most.
const LARGEST: u64 = 1024 * 1024;

/// Logs to standard error and to a file in `data_dir`: what is worth knowing later, or what `RUST_LOG`
/// asks for.
///
/// # Panics
/// When it is called twice.
pub fn start(data_dir: &Path) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,beeminder_withings_sync=info"));
    let file = DataDir::open(data_dir).and_then(|dir| LogFile::open(dir.path()));
    let (file, trouble) = match file {
        Ok(file) => (Some(file), None),
        Err(error) => (None, Some(error)),
    };
    let to_file = file.map(|file| fmt::layer().with_ansi(false).with_writer(Mutex::new(file)));
    let to_stderr = fmt::layer().with_ansi(false).without_time().with_writer(io::stderr);
    tracing_subscriber::registry().with(filter).with(to_stderr).with(to_file).init();
    if let Some(error) = trouble {
        tracing::warn!("There is no log file: {error:#}");
    }
}

/// A file that is set aside when it is full.
struct LogFile {
    dir: PathBuf,
    file: File,
    size: u64,
}

impl LogFile {
    fn open(dir: &Path) -> anyhow::Result<LogFile> {
        let file = DataDir::open(dir)?.append_to(LOG_FILE)?;
        let size = file.metadata()?.len();
        Ok(LogFile { dir: dir.to_owned(), file, size })
    }

    fn set_aside(&mut self) -> anyhow::Result<()> {
        std::fs::rename(self.dir.join(LOG_FILE), self.dir.join(OLD_LOG_FILE))?;
        *self = LogFile::open(&self.dir)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= LARGEST {
            self.set_aside().map_err(io::Error::other)?;
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Logs what a panic says, which would otherwise be lost.
pub fn log_panics() {
    let usual = std::panic::take_hook();
    let once = Mutex::new(usual);
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        once.lock().unwrap_or_else(PoisonError::into_inner)(panic);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_set_aside_and_two_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(dir.path()).unwrap();
        for round in 0..3 {
            log.write_all(format!("{round}").repeat(usize::try_from(LARGEST).unwrap()).as_bytes()).unwrap();
        }
        log.write_all(b"last").unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join(LOG_FILE)).unwrap(), "last");
        assert!(std::fs::read_to_string(dir.path().join(OLD_LOG_FILE)).unwrap().starts_with('2'));
        let mut names: Vec<_> =
            dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [OLD_LOG_FILE, LOG_FILE]);
    }
}
