//! Showing a page in the browser on Linux.

use std::process::Stdio;

use anyhow::Context;
use url::Url;

use crate::platform::activation;

/// Shows `url` with whatever opens pages on this desktop. `token` is the desktop's permission to take the
/// focus. Returns when something was started.
///
/// # Errors
/// When nothing was.
pub fn open(url: &Url, token: Option<&str>) -> anyhow::Result<()> {
    let mut outcome = Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    for mut command in open::commands(url.as_str()) {
        activation::give(&mut command, token);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        outcome = command.spawn();
        if outcome.is_ok() {
            break;
        }
    }
    let mut opener = outcome.context("Nothing opens pages")?;
    // It is waited for, so that it does not stay in the list of processes.
    std::thread::spawn(move || opener.wait());
    Ok(())
}
