//! The keychain of each desktop: locked, prompted for, and used for the first time.

use tokio::process::Child;

use super::super::until;
use super::shell::Shell;
use super::{Real, wallet};

impl Real {
    /// Locks the keychain.
    pub(super) async fn lock_keychain(&mut self) {
        if let Shell::Plasma(_) = &self.shell {
            wallet::close(&self.session).await;
        }
        self.session.stop_keychain().await;
        match &self.shell {
            Shell::Plasma(_) => wallet::start(&mut self.session, false).await,
            Shell::Gnome(_) | Shell::Sway(_) => self.session.start_locked_keychain().await,
        }
    }

    /// A keychain that was never used.
    pub(super) async fn start_first_keychain(&mut self) {
        match &self.shell {
            Shell::Plasma(_) => wallet::start_empty(&mut self.session).await,
            Shell::Gnome(_) | Shell::Sway(_) => self.session.start_locked_keychain().await,
        }
    }

    /// Waits for the keychain's dialog.
    pub(super) async fn prompted(&self) {
        until("the keychain's dialog", async || self.prompt_has_focus().await.then_some(())).await;
    }

    /// Connects Withings where there is no keychain yet, with the system's own dialog for the first one.
    pub(super) async fn sign_in_at_first_use(&self) -> (Child, url::Url) {
        let (signing_in, ()) = tokio::join!(self.session.bws_connect(), self.make_keychain());
        signing_in
    }

    async fn make_keychain(&self) {
        self.prompted().await;
        let before = self.picture_after("keychain first used", &[]).await;
        if let Shell::Plasma(plasma) = &self.shell {
            plasma.choose_classic_wallet().await;
            let chosen = self.picture_after("keychain chosen", &before).await;
            plasma.finish_choice().await;
            self.picture_after("keychain password", &chosen).await;
            self.prompted().await;
        }
        // From one field to the other, and on.
        let next = if matches!(self.shell, Shell::Gnome(_)) { "Return" } else { "Tab" };
        for key in [next, "Return"] {
            self.type_text("a password").await;
            self.press(key).await;
        }
    }
}
