//! Plasma on Wayland, as a window of a display without a screen.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use zbus::zvariant::OwnedValue;
use zbus::{Connection, Proxy, interface};

use super::super::session::Session;
use super::super::until;
use super::hands::Hands;

/// The middle of the icon in the panel, and of the notification above it.
const ICON: (i32, i32) = (1071, 698);
const NOTIFICATION: (i32, i32) = (1080, 600);

pub(super) struct Plasma {
    hands: Hands,
    bus: Connection,
    seen: Arc<Mutex<Seen>>,
    folder: PathBuf,
    scripts: AtomicUsize,
}

/// What the desktop told.
#[derive(Default)]
struct Seen {
    /// The windows' titles, the focused one first.
    windows: Option<Vec<String>>,
    notifications: Vec<(u32, String)>,
}

impl Plasma {
    pub(super) async fn start(session: &mut Session) -> Plasma {
        let hands = Hands::on(session);
        let display = session.display.clone();
        for (name, value) in [
            ("XDG_SESSION_TYPE", Some("wayland")),
            ("XDG_CURRENT_DESKTOP", Some("KDE")),
            ("KDE_FULL_SESSION", Some("true")),
            ("KDE_SESSION_VERSION", Some("5")),
            ("XDG_DATA_DIRS", Some("/usr/local/share:/usr/share")),
            ("XDG_MENU_PREFIX", Some("plasma-")),
            ("QT_QUICK_BACKEND", Some("software")),
            ("KWIN_COMPOSE", Some("Q")),
            ("GTK_THEME", None),
            ("DISPLAY", None),
        ] {
            session.surroundings.push((name, value.map(str::to_owned)));
        }
        // The file's capabilities are refused where there is no log-in.
        let kwin = session.home().join("bin/kwin_wayland");
        std::fs::copy("/usr/bin/kwin_wayland", &kwin).unwrap();
        let mut shell = session.command(kwin);
        shell.args(["--x11-display", &display, "--width", "1280", "--height", "720"]);
        shell.args(["--no-lockscreen", "--socket", "wayland-kde"]);
        start(session, shell, "kwin");
        let socket = session.home().join("run/wayland-kde");
        until("kwin", async || socket.exists().then_some(())).await;
        session.surroundings.push(("WAYLAND_DISPLAY", Some("wayland-kde".into())));
        session.surroundings.push(("QT_QPA_PLATFORM", Some("wayland".into())));
        super::tell_bus(session).await;
        for program in ["kded5", "/usr/lib/x86_64-linux-gnu/libexec/kactivitymanagerd", "plasmashell"] {
            let command = session.command(program);
            start(session, command, program.rsplit('/').next().unwrap());
        }
        session.owned("org.freedesktop.Notifications", true).await;
        session.owned("org.kde.StatusNotifierWatcher", true).await;
        let bus = session.bus().await;
        let seen = Arc::default();
        bus.object_server().at("/seen", Listener(Arc::clone(&seen))).await.unwrap();
        bus.object_server().at("/NotificationWatcher", Watcher(Arc::clone(&seen))).await.unwrap();
        bus.request_name("story.seen").await.unwrap();
        let manager = "org.kde.NotificationManager";
        let path = "/org/freedesktop/Notifications";
        let proxy = Proxy::new(&bus, "org.freedesktop.Notifications", path, manager).await.unwrap();
        proxy.call_method("RegisterWatcher", &()).await.unwrap();
        Plasma { hands, bus, seen, folder: session.home().to_owned(), scripts: AtomicUsize::new(0) }
    }

    pub(super) fn hands(&self) -> &Hands {
        &self.hands
    }

    /// Runs a script in the window manager.
    async fn run(&self, script: &str) {
        // One that is known by its name is not loaded again.
        let script_number = self.scripts.fetch_add(1, Ordering::SeqCst);
        let path = self.folder.join(format!("story-{script_number}.js"));
        std::fs::write(&path, script).unwrap();
        let name = "org.kde.KWin";
        let scripting = Proxy::new(&self.bus, name, "/Scripting", "org.kde.kwin.Scripting").await.unwrap();
        let id: i32 = scripting.call("loadScript", &(path.to_str().unwrap(),)).await.unwrap();
        let path = format!("/{id}");
        let loaded = Proxy::new(&self.bus, name, path, "org.kde.kwin.Script").await.unwrap();
        loaded.call_method("run", &()).await.unwrap();
        let _ = loaded.call_method("stop", &()).await;
    }

    /// The titles of the windows, that of the focused one first.
    pub(super) async fn windows(&self) -> Vec<String> {
        self.seen.lock().unwrap().windows = None;
        let script = "const title = (w) => w ? w.caption : '';
            callDBus('story.seen', '/seen', 'story.seen', 'Windows',
                [title(workspace.activeClient)].concat(workspace.clientList().map(title)));";
        self.run(script).await;
        until("the windows", async || self.seen.lock().unwrap().windows.clone()).await
    }

    pub(super) async fn activate(&self, title: &str) {
        let script = format!(
            "workspace.clientList().filter((w) => w.caption === '{title}')
                .forEach((w) => {{ workspace.activeClient = w; }});"
        );
        self.run(&script).await;
    }

    pub(super) fn notifications(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.notifications.iter().map(|(_, title)| title.clone()).collect()
    }

    pub(super) async fn is_prompting(&self) -> bool {
        self.windows().await.iter().any(|title| is_wallet(title))
    }

    pub(super) async fn prompt_has_focus(&self) -> bool {
        self.windows().await.first().is_some_and(|title| is_wallet(title))
    }

    pub(super) async fn click_icon(&self, button: u32) {
        self.hands.click(ICON, button).await;
    }

    pub(super) async fn click_notification(&self) {
        self.hands.click(NOTIFICATION, 1).await;
    }
}

fn is_wallet(title: &str) -> bool {
    title.contains("KDE Wallet") || title.contains("KWallet")
}

/// What the wallet is opened with, and what its key is made with beside that.
const PASSWORD: &str = "a password";
const SALT: [u8; 56] = [7; 56];

/// Starts `KWallet`, and opens its wallet as the log-in does.
pub(super) async fn start_wallet(session: &mut Session, opens: bool) {
    let salt = session.home().join("share/kwalletd/kdewallet.salt");
    std::fs::create_dir_all(salt.parent().unwrap()).unwrap();
    std::fs::write(salt, SALT).unwrap();
    start_empty_wallet(session).await;
    if opens && !session.home().join("share/kwalletd/kdewallet.kwl").exists() {
        // One that is made while it runs is no collection before the next log-in.
        open(session).await;
        session.stop_keychain().await;
        start_empty_wallet(session).await;
    }
    if opens {
        open(session).await;
    }
}

async fn open(session: &Session) {
    let bus = session.bus().await;
    let name = "org.kde.kwalletd5";
    let wallet = Proxy::new(&bus, name, "/modules/kwalletd5", "org.kde.KWallet").await.unwrap();
    wallet.call_method("pamOpen", &("kdewallet", key(), 0)).await.unwrap();
}

/// The same for a user who has no wallet yet.
pub(super) async fn start_empty_wallet(session: &mut Session) {
    let mut wallet = session.command("kwalletd5");
    let log = std::fs::File::create(session.home().join("wallet.log")).unwrap();
    session.keyring = Some(wallet.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    session.owned("org.kde.kwalletd5", true).await;
    session.owned("org.freedesktop.secrets", true).await;
}

/// PBKDF2 with SHA-512, whose first block is long enough.
fn key() -> Vec<u8> {
    use hmac::{Hmac, KeyInit, Mac};
    let code = |text: &[u8]| {
        let mut code = Hmac::<sha2::Sha512>::new_from_slice(PASSWORD.as_bytes()).unwrap();
        code.update(text);
        code.finalize().into_bytes().to_vec()
    };
    let mut last = code(&[&SALT[..], &[0, 0, 0, 1]].concat());
    let mut all = last.clone();
    for _ in 1..50_000 {
        last = code(&last);
        all.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    all.truncate(56);
    all
}

fn start(session: &mut Session, mut command: tokio::process::Command, name: &str) {
    let log = std::fs::File::create(session.home().join(format!("{name}.log"))).unwrap();
    session.others.push(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
}

/// Hears of windows.
struct Listener(Arc<Mutex<Seen>>);

#[interface(name = "story.seen")]
impl Listener {
    fn windows(&self, titles: Vec<OwnedValue>) {
        let titles = titles.into_iter().filter_map(|title| String::try_from(title).ok()).collect();
        self.0.lock().unwrap().windows = Some(titles);
    }
}

/// Hears of notifications.
struct Watcher(Arc<Mutex<Seen>>);

#[expect(clippy::too_many_arguments, reason = "Plasma's")]
#[interface(name = "org.kde.NotificationWatcher")]
impl Watcher {
    fn notify(
        &self,
        id: u32,
        _program: String,
        replaces: u32,
        _icon: String,
        summary: String,
        _body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) {
        let shown = &mut self.0.lock().unwrap().notifications;
        shown.retain(|(known, _)| *known != id && *known != replaces);
        shown.push((id, summary));
    }

    fn close_notification(&self, id: u32) {
        self.0.lock().unwrap().notifications.retain(|(known, _)| *known != id);
    }
}
