//! The program on the desktops people use: GNOME Shell with the `AppIndicator` extension and without, Plasma,
//! and sway with waybar and mako. `./dev desktops` starts each without a screen and tells these stories;
//! its name is in the variable `DESKTOP`. What is seen is in `target/screenshots/desktops`.

mod autostart;
mod gnome;
mod hands;
mod keychain;
mod plasma;
mod shell;
mod stories;
mod sway;
mod wallet;

use std::path::{Path, PathBuf};

use super::session::{Quiet, Session};
use super::until;
use gnome::Gnome;
use plasma::Plasma;
use shell::Shell;
use sway::Sway;

/// The title of the window.
const PROGRAM: &str = "Beeminder Withings Sync";

/// A session of a real desktop's user.
struct Real {
    session: Session,
    name: String,
    shell: Shell,
}

impl Real {
    /// Starts the desktop that is asked for, with an unlocked keychain.
    async fn start() -> Real {
        let mut real = Real::without_keychain().await;
        match &real.shell {
            Shell::Plasma(_) => wallet::start(&mut real.session, true).await,
            Shell::Gnome(_) | Shell::Sway(_) => real.session.unlock_keychain().await,
        }
        real
    }

    async fn without_keychain() -> Real {
        let name = std::env::var("DESKTOP").expect("./dev desktops says which");
        let mut session = Session::empty("1280x720").await;
        install(&session);
        let shell = match name.as_str() {
            "gnome" => Shell::Gnome(Gnome::start(&mut session, true).await),
            "gnome-plain" => Shell::Gnome(Gnome::start(&mut session, false).await),
            "plasma" => Shell::Plasma(Plasma::start(&mut session).await),
            "sway" => Shell::Sway(Sway::start(&mut session).await),
            other => panic!("no such desktop: {other}"),
        };
        Real { session, name, shell }
    }

    /// Whether the desktop shows icons of programs.
    fn has_tray(&self) -> bool {
        self.name != "gnome-plain"
    }

    /// Whether the desktop gives its permission to take the focus with a click on the icon.
    fn gives_permission(&self) -> bool {
        matches!(self.shell, Shell::Gnome(_) | Shell::Plasma(_))
    }

    /// Opens another window, which takes the focus.
    async fn open_another_window(&mut self) {
        let script = self.session.home().join("other.js");
        std::fs::write(&script, OTHER).unwrap();
        let other = self.session.command("gjs").arg(script).quiet().spawn().unwrap();
        self.session.others.push(other);
        self.comes_to_front("Another window").await;
    }

    /// Has the other window in front.
    async fn focus_other(&self) {
        self.activate("Another window").await;
        self.comes_to_front("Another window").await;
    }

    async fn comes_to_front(&self, title: &str) {
        let seen = async || (self.focused().await == title).then_some(());
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(15), until(title, seen)).await;
        if in_time.is_err() {
            self.picture(&format!("missing {title}")).await;
            panic!("not in front: {title}; there are {:?}", self.windows().await);
        }
    }

    /// Closes the window. Without a tray its page asks, for nothing else would be seen of the program.
    async fn close_window(&self) {
        if !self.has_tray() {
            let before = self.picture_of_page("open").await;
            self.press("Alt+F4").await;
            self.picture_after("closing", &before).await;
            self.press("Return").await;
        } else {
            self.press("Alt+F4").await;
        }
        until("the window gone", async || (!self.is_open().await).then_some(())).await;
    }

    async fn is_open(&self) -> bool {
        self.windows().await.iter().any(|title| title == PROGRAM)
    }

    /// Waits until exactly these notifications are there.
    async fn notified(&self, titles: &[&str]) {
        let seen = async || (self.notifications().await == titles).then_some(());
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(20), until("them", seen)).await;
        if in_time.is_err() {
            self.picture("missing notification").await;
            panic!("not there: {titles:?}; there are {:?}", self.notifications().await);
        }
    }

    /// Nothing turns the pointer into a clock.
    async fn nothing_is_starting(&self) {
        until("no start under way", async || (self.starting().await == 0).then_some(())).await;
    }

    /// How often the window was hidden and shown to get the focus.
    fn times_shown_anew(&self) -> usize {
        self.session.log().matches("is shown anew").count()
    }

    /// A picture of the whole screen, which it returns.
    async fn picture(&self, what: &str) -> Vec<u8> {
        let path = self.picture_path(what);
        self.take_picture(&path).await;
        std::fs::read(path).unwrap()
    }

    /// A picture of the screen once something has been drawn that was not there before, all of it.
    async fn picture_after(&self, what: &str, before: &[u8]) -> Vec<u8> {
        let mut last = Vec::new();
        until(what, async || {
            let picture = self.picture(what).await;
            let is_drawn = picture == last && picture != before;
            last = picture;
            is_drawn.then(|| last.clone())
        })
        .await
    }

    /// A picture of a notification that was not there `before`.
    async fn picture_of_notification(&self, what: &str, before: &[u8]) {
        until("it shown", async || self.shows_notification().await.then_some(())).await;
        self.picture_after(what, before).await;
    }

    /// A picture of the whole screen once the window has painted its page.
    async fn picture_of_page(&self, what: &str) -> Vec<u8> {
        until("the page", async || {
            let picture = self.picture(what).await;
            // A page without anything on it makes a small file.
            (picture.len() > 30_000).then_some(picture)
        })
        .await
    }

    fn picture_path(&self, what: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/desktops");
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(format!("{} {what}.png", self.name))
    }
}

/// Puts the program among the applications, as its package does.
fn install(session: &Session) {
    let program = Session::program_path().display().to_string();
    let text = include_str!("../../../packaging/linux.desktop")
        .replace("{{comment}}", "…")
        .replace("StartupWMClass={{exec}}", "StartupWMClass=beeminder-withings-sync")
        .replace("{{exec}}", &program)
        .replace("{{icon}}", "beeminder-withings-sync");
    let icons = session.home().join("share/icons/hicolor/128x128/apps");
    std::fs::create_dir_all(&icons).unwrap();
    let icon = concat!(env!("CARGO_MANIFEST_DIR"), "/icons/128x128.png");
    std::fs::copy(icon, icons.join("beeminder-withings-sync.png")).unwrap();
    std::fs::write(session.home().join("share/applications/beeminder-withings-sync.desktop"), text).unwrap();
}

/// A window of another program.
const OTHER: &str = "imports.gi.versions.Gtk = '3.0';
const { Gtk } = imports.gi;
Gtk.init(null);
const window = new Gtk.Window({ title: 'Another window', default_width: 1000, default_height: 560 });
window.add(new Gtk.Label({ label: 'Another window' }));
window.show_all();
window.present();
Gtk.main();
";

/// Tells the bus where windows are shown, for what it starts.
async fn tell_bus(session: &Session) {
    let names =
        ["WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP", "XDG_DATA_DIRS", "QT_QPA_PLATFORM"];
    let all = session.surroundings.iter().rev();
    let known = all.filter(|(name, _)| names.contains(name));
    let variables: std::collections::HashMap<&str, &str> =
        known.filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    let bus = session.bus().await;
    let proxy = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
    proxy.update_activation_environment(variables).await.unwrap();
}

/// Has gnome-keyring's dialog come where no shell has one of its own.
async fn offer_prompter(session: &Session) {
    tell_bus(session).await;
    let service = "org.gnome.keyring.SystemPrompter.service";
    let text = std::fs::read_to_string(format!("/usr/share/dbus-1/services/{service}")).unwrap();
    std::fs::write(session.home().join("services").join(service), text).unwrap();
    let bus = session.bus().await;
    let proxy = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
    proxy.reload_config().await.unwrap();
}
