//! A desktop of its own for one story, all of it real and gone afterwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World};
use chrono::DateTime;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use super::home::prepare;
use super::program::kill_all;
use super::tray::Tray;
use super::until;

/// One desktop at a time: they are heavy, and the loopback port is one for the whole computer.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

pub(super) struct Session {
    pub(super) sandbox: Sandbox,
    pub(super) home: TempDir,
    pub(super) display: String,
    bus: String,
    /// The look that the user chose.
    pub(super) theme: &'static str,
    /// What the desktop adds to its user's environment, or takes from it.
    pub(super) surroundings: Vec<(&'static str, Option<String>)>,
    panel: Option<Child>,
    pub(super) keyring: Option<Child>,
    pub(super) program: Option<Child>,
    pub(super) driver: Option<Child>,
    pub(super) others: Vec<Child>,
    _turn: MutexGuard<'static, ()>,
}

impl Session {
    /// A desktop with everything a user has.
    pub(super) async fn start() -> Session {
        let mut session = Session::bare().await;
        session.unlock_keychain().await;
        session.start_panel().await;
        session.start_notifications().await;
        session
    }

    /// A display with windows that have frames, and a bus; and nothing else.
    pub(super) async fn bare() -> Session {
        Session::on_screen("1100x800").await
    }

    /// The same on a screen of another size.
    pub(super) async fn on_screen(size: &str) -> Session {
        let mut session = Session::empty(size).await;
        let frames = session.command("xfwm4").arg("--compositor=off").quiet().spawn().unwrap();
        session.others.push(frames);
        session
    }

    /// A display and a bus, and nothing else.
    pub(super) async fn empty(screen: &str) -> Session {
        let turn = ONE_AT_A_TIME.lock().await;
        // For the browser; a second story finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(0, World::new(Clock::Real)).await.unwrap();
        let home = tempfile::Builder::new().prefix("bws-").tempdir().unwrap();
        prepare(home.path());
        let screen = format!("{screen}x24");
        let (x, display) =
            announcing(Command::new("Xvfb").args(["-displayfd", "1", "-screen", "0", &screen])).await;
        let conf = home.path().join("bus.conf");
        // What the bus starts is this user's too.
        let (bus, address) = announcing(
            at_home(&mut Command::new("dbus-daemon"), home.path())
                .args(["--nofork", "--print-address=1"])
                .arg("--config-file")
                .arg(conf),
        )
        .await;
        Session {
            sandbox,
            home,
            display: format!(":{display}"),
            bus: address,
            theme: "Adwaita",
            surroundings: Vec::new(),
            panel: None,
            keyring: None,
            program: None,
            driver: None,
            others: vec![x, bus],
            _turn: turn,
        }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.home().join("share/beeminder-withings-sync-sandbox")
    }

    /// A command as this desktop's user would run it.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        at_home(&mut command, self.home())
            .env("DISPLAY", &self.display)
            .env("GTK_THEME", self.theme)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus)
            .env("BWS_WITHINGS_URL", self.sandbox.url().as_str())
            .env("BWS_BEEMINDER_URL", self.sandbox.url().as_str())
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_A11Y", "none")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("LANG", "en_US.UTF-8")
            .env_remove("LANGUAGE")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env_remove("BWS_KEYCHAIN")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_CURRENT_DESKTOP")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for (name, value) in &self.surroundings {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// The icon in the tray, once it is there.
    pub(super) async fn tray(&self) -> Tray {
        Tray::find(&self.bus).await
    }

    pub(super) async fn bus(&self) -> zbus::Connection {
        zbus::connection::Builder::address(self.bus.as_str()).unwrap().build().await.unwrap()
    }

    /// Somebody steps on the scale.
    pub(super) fn weigh_in(&self, kilograms: f64) {
        let mut world = self.sandbox.world();
        // Nobody steps on a scale twice in one second.
        let last = world.withings.groups().filter_map(|group| group["date"].as_i64()).max();
        let next = last.and_then(|last| DateTime::from_timestamp(last + 1, 0));
        let now = Clock::Real.now();
        world.withings.weigh_in(kilograms, next.map_or(now, |next| next.max(now)));
    }

    pub(super) fn at_beeminder(&self) -> Vec<f64> {
        self.sandbox.world().beeminder.datapoints("weight").iter().map(|datapoint| datapoint.value).collect()
    }

    pub(super) fn requests_to(&self, service: Service) -> usize {
        self.sandbox.world().requests_to(service)
    }

    pub(super) async fn start_panel(&mut self) {
        self.panel = Some(self.command("xfce4-panel").arg("--disable-wm-check").quiet().spawn().unwrap());
        self.owned("org.kde.StatusNotifierWatcher", true).await;
    }

    pub(super) async fn stop_panel(&mut self) {
        self.panel.take().unwrap().kill().await.unwrap();
        self.owned("org.kde.StatusNotifierWatcher", false).await;
    }

    pub(super) async fn start_notifications(&mut self) {
        let dunst =
            self.command("dunst").arg("-conf").arg(self.home().join("dunstrc")).quiet().spawn().unwrap();
        self.others.push(dunst);
        self.owned("org.freedesktop.Notifications", true).await;
    }

    /// Starts a keychain that its user has unlocked.
    pub(super) async fn unlock_keychain(&mut self) {
        self.start_keychain(&["--unlock"]).await;
    }

    /// Starts a keychain that waits for its password.
    pub(super) async fn start_locked_keychain(&mut self) {
        self.start_keychain(&[]).await;
    }

    async fn start_keychain(&mut self, arguments: &[&str]) {
        let mut daemon = self.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]).args(arguments).quiet().stdin(Stdio::piped());
        let mut child = daemon.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"a password").await.unwrap();
        self.keyring = Some(child);
        self.owned("org.freedesktop.secrets", true).await;
    }

    pub(super) async fn stop_keychain(&mut self) {
        self.keyring.take().unwrap().kill().await.unwrap();
        self.owned("org.freedesktop.secrets", false).await;
    }

    /// Waits until somebody on the bus has a name, or nobody.
    pub(super) async fn owned(&self, name: &str, owned: bool) {
        let bus = self.bus().await;
        let proxy = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
        until(&format!("{name}: {owned}"), async || {
            let found = proxy.name_has_owner(name.try_into().unwrap()).await.unwrap();
            (found == owned).then_some(())
        })
        .await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What was started by the desktop, or by the window, outlives whoever started it.
        kill_all(self.home.path());
    }
}

/// Sends what a command says nowhere.
pub(super) trait Quiet {
    fn quiet(&mut self) -> &mut Self;
}

impl Quiet for Command {
    fn quiet(&mut self) -> &mut Command {
        self.stdout(Stdio::null()).stderr(Stdio::null())
    }
}

/// Has a command find its user's folders in `home`.
fn at_home<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    let path = std::env::var("PATH").unwrap();
    command
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("share"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("PATH", format!("{}:{path}", home.join("bin").display()))
}

/// Starts a server and returns the first line it prints.
async fn announcing(command: &mut Command) -> (Child, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("./dev test installs what the desktop's stories need");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    (child, line.trim().to_owned())
}
