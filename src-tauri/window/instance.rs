//! One tray program over a data directory. The plugin finds the other one through the session's bus; where
//! there is none, a lock and a socket in the data directory do.

use anyhow::Context;
use beeminder_withings_sync::platform::data_dir::{DataDir, Held, Lock};
use beeminder_withings_sync::platform::environment::Environment;
use beeminder_withings_sync::platform::ipc;
use beeminder_withings_sync::platform::ipc::Door;
use sha2::{Digest, Sha256};

use super::arguments::Arguments;

/// The name on the bus. Each data directory has its own, so that the sandbox never answers for the real one.
pub(crate) fn bus_name(identifier: &str, environment: &Environment) -> String {
    let usual = DataDir::default_path(false).is_ok_and(|path| path == environment.data_dir);
    if usual {
        return identifier.to_owned();
    }
    let hash = hex::encode(Sha256::digest(environment.data_dir.to_string_lossy().as_bytes()));
    format!("{identifier}.d{}", &hash[..12])
}

/// Becomes the only one, or hands `arguments` over to the one there is and returns `None`.
pub(crate) async fn become_the_only_one(
    environment: &Environment,
    arguments: &Arguments,
) -> anyhow::Result<Option<Held>> {
    let dir = DataDir::open(&environment.data_dir)?;
    if let Some(held) = dir.try_lock(Lock::Desktop)? {
        return Ok(Some(held));
    }
    let line = arguments.callback.as_deref().map_or_else(String::new, one_line);
    ipc::ring(&dir, Door::Desktop, &line)
        .await?
        .context("Another copy of this program runs over the same data directory and does not answer")?;
    Ok(None)
}

/// An address without what would end the line.
fn one_line(address: &str) -> String {
    address.split_whitespace().collect()
}
