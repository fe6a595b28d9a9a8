//! What a user sees and does, whichever the desktop.

use std::path::Path;

use super::super::session::Quiet;
use super::Real;
use super::gnome::Gnome;
use super::hands::Hands;
use super::plasma::Plasma;
use super::sway::Sway;

/// A desktop.
pub(super) enum Shell {
    Gnome(Gnome),
    Plasma(Plasma),
    Sway(Sway),
}

impl Real {
    /// The hands on desktops that are windows of a display.
    fn hands(&self) -> Option<&Hands> {
        match &self.shell {
            Shell::Gnome(_) => None,
            Shell::Plasma(plasma) => Some(plasma.hands()),
            Shell::Sway(sway) => Some(sway.hands()),
        }
    }

    /// The title of the window that has the focus.
    pub(super) async fn focused(&self) -> String {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.focused().await,
            Shell::Plasma(plasma) => plasma.windows().await.into_iter().next().unwrap_or_default(),
            Shell::Sway(sway) => sway.focused(&self.session).await,
        }
    }

    /// What every window is called.
    pub(super) async fn windows(&self) -> Vec<String> {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.windows().await,
            Shell::Plasma(plasma) => plasma.windows().await,
            Shell::Sway(sway) => sway.windows(&self.session).await,
        }
    }

    /// Has a window in front.
    pub(super) async fn activate(&self, title: &str) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.activate(title).await,
            Shell::Plasma(plasma) => plasma.activate(title).await,
            Shell::Sway(sway) => sway.activate(&self.session, title).await,
        }
    }

    /// The titles of the notifications that are there.
    pub(super) async fn notifications(&self) -> Vec<String> {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.notifications().await,
            Shell::Plasma(plasma) => plasma.notifications(),
            Shell::Sway(sway) => sway.notifications(&self.session).await,
        }
    }

    /// Whether a notification is shown, as far as the desktop says so.
    pub(super) async fn shows_notification(&self) -> bool {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.shows_notification().await,
            Shell::Plasma(_) | Shell::Sway(_) => true,
        }
    }

    pub(super) async fn click_notification(&self) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.click_notification().await,
            Shell::Plasma(plasma) => plasma.click_notification().await,
            Shell::Sway(sway) => sway.click_notification().await,
        }
    }

    pub(super) async fn open_menu(&self) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.click_icon(3).await,
            Shell::Plasma(plasma) => plasma.click_icon(3).await,
            Shell::Sway(sway) => sway.click_icon(3).await,
        }
    }

    /// Opens the window from the tray: by its menu where a click on the icon shows that.
    pub(super) async fn open_from_tray(&self) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.click_menu("Open").await,
            Shell::Plasma(plasma) => plasma.click_icon(1).await,
            Shell::Sway(sway) => sway.click_icon(1).await,
        }
    }

    /// Clicks an entry of the menu; over the bus where only people find it on the screen.
    pub(super) async fn click_menu(&self, text: &str) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.click_menu(text).await,
            Shell::Plasma(_) | Shell::Sway(_) => self.session.tray().await.click(text).await,
        }
    }

    /// Whether the keychain's dialog is on the screen.
    pub(super) async fn is_prompting(&self) -> bool {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.is_prompting().await,
            Shell::Plasma(plasma) => plasma.is_prompting().await,
            Shell::Sway(sway) => sway.is_prompting(&self.session).await,
        }
    }

    /// Whether the keychain's dialog takes what is typed.
    pub(super) async fn prompt_has_focus(&self) -> bool {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.prompt_has_focus().await,
            Shell::Plasma(plasma) => plasma.prompt_has_focus().await,
            Shell::Sway(sway) => sway.prompt_has_focus(&self.session).await,
        }
    }

    /// How many starts are under way, as a busy cursor shows.
    pub(super) async fn starting(&self) -> u64 {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.starting().await,
            // Neither says.
            Shell::Plasma(_) | Shell::Sway(_) => 0,
        }
    }

    /// Starts the program as its icon among the applications does.
    pub(super) async fn start_from_dash(&self) {
        match &self.shell {
            Shell::Gnome(gnome) => gnome.start_from_dash().await,
            Shell::Plasma(_) | Shell::Sway(_) => {
                let entry = self.session.home().join("share/applications/beeminder-withings-sync.desktop");
                let mut start = self.session.command("gio");
                assert!(start.arg("launch").arg(entry).quiet().status().await.unwrap().success());
            }
        }
    }

    pub(super) async fn type_text(&self, text: &str) {
        match (&self.shell, self.hands()) {
            (Shell::Gnome(gnome), _) => gnome.type_text(text).await,
            (_, Some(hands)) => hands.type_text(text).await,
            (Shell::Plasma(_) | Shell::Sway(_), None) => {}
        }
    }

    /// Presses a key, or several at once with a plus between them.
    pub(super) async fn press(&self, keys: &str) {
        match (&self.shell, self.hands()) {
            (Shell::Gnome(gnome), _) => gnome.press(keys).await,
            (_, Some(hands)) => hands.press(keys).await,
            (Shell::Plasma(_) | Shell::Sway(_), None) => {}
        }
    }

    pub(super) async fn take_picture(&self, path: &Path) {
        match (&self.shell, self.hands()) {
            (Shell::Gnome(gnome), _) => gnome.picture(path).await,
            (_, Some(hands)) => hands.picture(path).await,
            (Shell::Plasma(_) | Shell::Sway(_), None) => {}
        }
    }
}
