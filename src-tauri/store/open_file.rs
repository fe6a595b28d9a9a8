//! Tells whether the database's path still leads to the file that is open. Where a file in use can be renamed, a
//! program may go on with one that no other sees.

use std::path::{Path, PathBuf};

/// The file that is open.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl OpenFile {
    /// The file at `path`, which was just opened. `None` where files in use keep their place.
    pub(super) fn at(path: &Path) -> Option<OpenFile> {
        identity(path).map(|identity| OpenFile { path: path.to_owned(), identity })
    }

    /// Whether the path still leads to it.
    pub(super) fn is_in_place(&self) -> bool {
        identity(&self.path) == Some(self.identity)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<(u64, u64)> {
    None
}
