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

/// In the wizard for the first wallet; the first moves down a little when its text is wrapped.
const CLASSIC: (i32, i32) = (615, 327);
const FINISH: (i32, i32) = (748, 505);

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

    /// In the wizard for the first wallet: of the other kind there is none without a key of one's own.
    pub(super) async fn choose_classic_wallet(&self) {
        self.hands.click(CLASSIC, 1).await;
    }

    /// Goes on to the wizard's next dialog.
    pub(super) async fn finish_choice(&self) {
        self.hands.click(FINISH, 1).await;
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
