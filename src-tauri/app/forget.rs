//! Forgetting everything: tokens, rows, files. Beeminder keeps what was posted.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::{App, UserError};
use crate::domain::service::Service;
use crate::platform::data_dir::{DataDir, Lock};

/// How long a pass of another program may go on before forgetting gives up.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

impl App {
    /// Removes tokens and everything this program has in the data directory. Nobody may be polling; the
    /// program is good for nothing afterwards.
    ///
    /// # Errors
    /// When something may still be there, by name.
    pub async fn forget_everything(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let held = self.data_dir.try_lock(Lock::Poller)?;
        anyhow::ensure!(held.is_some(), UserError::new("other_program", []));
        // A pass under way would write down again what is deleted here.
        let pass = self.data_dir.lock(Lock::Pass, LOCK_TIMEOUT).await?;
        self.tokens.ask_again();
        // Without them Withings would call an address where nobody is any more, and end them after some weeks.
        if let Err(error) = self.end_subscriptions(now).await {
            tracing::warn!("The subscriptions at Withings could not be ended: {error:#}");
        }
        self.tokens
            .forget_notifications()
            .await
            .context("Failed to delete the secrets of notifications from the keychain")?;
        for service in Service::ALL {
            self.tokens
                .delete(service)
                .await
                .with_context(|| format!("Failed to delete the {service} sign-in from the keychain"))?;
        }
        self.forget_kept().await.context("Failed to delete the sign-in in flight from the keychain")?;
        self.forget_application().await.context("Failed to delete the application from the keychain")?;
        // The database must be closed before its file can go on every system.
        self.store.close()?;
        drop((held, pass));
        let path = self.data_dir.path();
        match std::fs::remove_dir_all(self.data_dir.web_folder()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!("What the window kept is left until you log out: {error}");
            }
            _ => {}
        }
        for entry in std::fs::read_dir(path).context("Failed to read the data directory")? {
            let file = entry.context("Failed to read the data directory")?;
            if DataDir::is_ours(&file.file_name().to_string_lossy()) {
                std::fs::remove_file(file.path())
                    .with_context(|| format!("Failed to delete {}", file.path().display()))?;
            }
        }
        Ok(())
    }
}
