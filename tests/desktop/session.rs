//! A desktop of its own for one story, all of it real and gone afterwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use beeminder_withings_sync::accounts::Service;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World, withings};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use super::super::support;
use super::tray::Tray;
use super::{pages, until};

/// One desktop at a time: they are heavy, and the loopback port is one for the whole computer.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

pub(super) struct Session {
    pub(super) sandbox: Sandbox,
    home: TempDir,
    display: String,
    bus: String,
    /// The look that the user chose.
    pub(super) theme: &'static str,
    panel: Option<Child>,
    keyring: Option<Child>,
    program: Option<Child>,
    driver: Option<Child>,
    others: Vec<Child>,
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

    /// A display and a bus, and nothing else.
    pub(super) async fn bare() -> Session {
        let turn = ONE_AT_A_TIME.lock().await;
        // For the browser; a second story finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(0, World::new(Clock::Real)).await.unwrap();
        let home = tempfile::Builder::new().prefix("bws-").tempdir().unwrap();
        prepare(home.path());
        let (x, display) =
            announcing(Command::new("Xvfb").args(["-displayfd", "1", "-screen", "0", "1100x800x24"])).await;
        let conf = home.path().join("bus.conf");
        // What the bus starts is this user's too.
        let (bus, address) = announcing(
            at_home(&mut Command::new("dbus-daemon"), home.path())
                .args(["--nofork", "--print-address=1"])
                .arg("--config-file")
                .arg(conf),
        )
        .await;
        let mut session = Session {
            sandbox,
            home,
            display: format!(":{display}"),
            bus: address,
            theme: "Adwaita",
            panel: None,
            keyring: None,
            program: None,
            driver: None,
            others: vec![x, bus],
            _turn: turn,
        };
        let frames = session.command("xfwm4").arg("--compositor=off").quiet().spawn().unwrap();
        session.others.push(frames);
        session
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
            .env_remove("BWS_KEYCHAIN")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_CURRENT_DESKTOP")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The tray program: the one that was built, or the one that is to be tested.
    pub(super) fn program_path() -> PathBuf {
        std::env::var_os("DESKTOP_PROGRAM")
            .map_or_else(|| env!("CARGO_BIN_EXE_beeminder-withings-sync").into(), PathBuf::from)
    }

    /// Starts the tray program and leaves it running.
    pub(super) fn launch(&mut self, arguments: &[&str]) {
        self.launch_from(&Session::program_path(), arguments);
    }

    pub(super) fn launch_from(&mut self, path: &Path, arguments: &[&str]) {
        assert!(self.program.is_none(), "it runs already");
        let log = self.open_log();
        self.program =
            Some(self.command(path).args(arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// Starts the tray program hidden and waits for its icon.
    pub(super) async fn launch_hidden(&mut self) -> Tray {
        self.launch(&["--hidden"]);
        self.tray().await
    }

    /// Starts the tray program with its window in the test's hands.
    pub(super) async fn launch_driven(&mut self) -> Client {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut driver = self.command("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let log = self.open_log();
        self.driver = Some(driver.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let options = json!({"binary": Session::program_path(), "args": []});
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("webkitgtk:browserOptions".into(), options);
        until("the driver", async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await.ok()
        })
        .await
    }

    /// Signs in to Withings in the window, up to the page in the browser.
    pub(super) async fn ask_for_withings(&mut self, way: &str) -> (Client, url::Url) {
        let window = self.launch_driven().await;
        super::window::sign_in_withings(&window, way).await;
        let page = self.browser_page().await;
        (window, page)
    }

    /// Waits until the desktop hands callbacks to the program.
    pub(super) async fn scheme_is_registered(&self) {
        until("the callback scheme", async || {
            let query = ["query", "default", "x-scheme-handler/beeminder-withings-sync"];
            let output = self.command("xdg-mime").args(query).output().await.unwrap();
            String::from_utf8(output.stdout).unwrap().contains("beeminder-withings-sync").then_some(())
        })
        .await;
    }

    /// Starts what a desktop file says, as the desktop does at login.
    pub(super) async fn gio_launch(&self, file: &Path) {
        let started = self.command("gio").arg("launch").arg(file).quiet().status().await.unwrap();
        assert!(started.success());
    }

    /// The icon in the tray, once it is there.
    pub(super) async fn tray(&self) -> Tray {
        Tray::find(&self.bus).await
    }

    pub(super) async fn bus(&self) -> zbus::Connection {
        zbus::connection::Builder::address(self.bus.as_str()).unwrap().build().await.unwrap()
    }

    pub(super) fn pid(&self) -> u32 {
        match (&self.program, &self.driver) {
            (Some(program), _) => program.id().expect("it runs"),
            (None, Some(driver)) => pages::program_of(driver.id().expect("it runs")),
            (None, None) => panic!("it does not run"),
        }
    }

    /// Waits for the program to end and returns its exit code.
    pub(super) async fn ended(&mut self) -> Option<i32> {
        let mut program = self.program.take().expect("it runs");
        let ended = tokio::time::timeout(super::PATIENCE, program.wait()).await;
        self.icon_is_gone().await;
        ended.expect("it ends").unwrap().code()
    }

    /// Waits until panels have no icon, so that none is taken for that of the next start.
    async fn icon_is_gone(&self) {
        let bus = self.bus().await;
        until("the icon gone", async || (Tray::count(&bus).await == 0).then_some(())).await;
    }

    /// Ends it without a chance to settle anything.
    pub(super) async fn kill(&mut self) {
        let pid = self.pid().to_string();
        assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        if let Some(mut program) = self.program.take() {
            program.wait().await.unwrap();
        }
        if let Some(mut driver) = self.driver.take() {
            driver.kill().await.unwrap();
        }
        self.icon_is_gone().await;
    }

    /// Starts it again while it runs, and returns how that ended.
    pub(super) async fn start_again(&self, arguments: &[&str]) -> Option<i32> {
        let ended = self.command(Session::program_path()).args(arguments).status();
        tokio::time::timeout(super::PATIENCE, ended).await.expect("the second start ends").unwrap().code()
    }

    fn open_log(&self) -> std::fs::File {
        std::fs::File::options().append(true).create(true).open(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.home().join("program.log")
    }

    /// What the program logged.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Waits until the program logged these words.
    pub(super) async fn logged(&self, words: &str) {
        until(&format!("in the log: {words}"), async || self.log().contains(words).then_some(())).await;
    }

    /// `bws` over the same data directory and keychain.
    pub(super) async fn bws(&self, arguments: &[&str]) -> Value {
        let output =
            self.command(env!("CARGO_BIN_EXE_bws")).args(arguments).arg("--json").output().await.unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Both accounts connected and every weight linked to a goal, by `bws` and before the program starts.
    pub(super) async fn set_up(&self) {
        self.connect_withings().await;
        let token = self.home().join("token");
        std::fs::write(&token, beeminder_withings_sync::sandbox::beeminder::PERSONAL_TOKEN).unwrap();
        let connected = self.bws(&["connect", "beeminder", "--token-file", token.to_str().unwrap()]).await;
        assert_eq!(connected["connected"]["user"], "alice", "{connected}");
        let linked = self.bws(&["link", "add", "--goal", "weight", "--track", "weight"]).await;
        assert!(linked["link"].is_object() || linked["id"].is_number(), "{linked}");
    }

    /// Connects Withings through a `bws` that waits for what the browser hands to `bws callback`.
    pub(super) async fn connect_withings(&self) {
        let (waiting, url) = self.bws_connect().await;
        let address = support::agree(&url).await;
        let answer = self.bws(&["callback", &address]).await;
        assert_eq!(answer["ok"], true, "{answer}");
        drop(waiting);
    }

    /// A `bws connect withings` that waits, and the consent page it asks for.
    pub(super) async fn bws_connect(&self) -> (Child, url::Url) {
        let secret = self.home().join("secret");
        std::fs::write(&secret, withings::CLIENT_SECRET).unwrap();
        let mut child = self
            .command(env!("CARGO_BIN_EXE_bws"))
            .args(["connect", "withings", "--client-id", withings::CLIENT_ID, "--callback", "scheme"])
            .args(["--no-browser", "--json", "--client-secret-file"])
            .arg(secret)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        (child, said["authorize_url"].as_str().unwrap().parse().unwrap())
    }

    /// The page that the browser was last sent to.
    pub(super) async fn browser_page(&self) -> url::Url {
        let path = self.home().join("browser-page");
        let page = until("a page in the browser", async || {
            let text = std::fs::read_to_string(&path).ok()?;
            text.trim().parse().ok()
        })
        .await;
        std::fs::remove_file(path).unwrap();
        page
    }

    /// Opens an address as the desktop does when a browser asks for it.
    pub(super) async fn gio_open(&self, address: &str) {
        // Not captured: a program that this starts would keep it open.
        let opened = self.command("gio").args(["open", address]).quiet().status().await.unwrap();
        assert!(opened.success());
    }

    /// Somebody steps on the scale.
    pub(super) fn weigh_in(&self, kilograms: f64) {
        let now = Clock::Real.now();
        self.sandbox.world().withings.weigh_in(kilograms, now);
    }

    pub(super) fn at_beeminder(&self) -> Vec<f64> {
        self.sandbox.world().beeminder.datapoints("weight").iter().map(|datapoint| datapoint.value).collect()
    }

    pub(super) fn requests_to(&self, service: Service) -> usize {
        self.sandbox.world().requests_to(service)
    }

    /// The program's window, if the user can see it.
    pub(super) async fn window(&self) -> Option<String> {
        let search = ["search", "--onlyvisible", "--name", "^Beeminder Withings Sync$"];
        let output = self.command("xdotool").args(search).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap().lines().next().map(str::to_owned)
    }

    pub(super) async fn window_opens(&self) -> String {
        until("the window", async || self.window().await).await
    }

    /// Closes the window as its user does with the keyboard.
    pub(super) async fn close_window(&self) {
        self.ask_to_close().await;
        until("the window gone", async || self.window().await.is_none().then_some(())).await;
    }

    /// Presses the keys that close a window.
    pub(super) async fn ask_to_close(&self) {
        let window = self.window_opens().await;
        let keys = ["windowactivate", "--sync", &window, "key", "alt+F4"];
        assert!(self.command("xdotool").args(keys).status().await.unwrap().success());
    }

    /// What notifications said, oldest first.
    pub(super) fn notifications(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.home().join("notifications")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many notifications are on the screen.
    pub(super) async fn notifications_shown(&self) -> u32 {
        let output = self.command("dunstctl").args(["count", "displayed"]).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    /// Clicks the notification on top.
    pub(super) async fn act_on_notification(&self) {
        let clicked = self.command("dunstctl").args(["action", "0"]).status().await.unwrap();
        assert!(clicked.success());
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

    /// A picture of the whole screen, for people to look at.
    pub(super) async fn picture(&self, name: &str) {
        let path = pictures().join(format!("{name}.png"));
        assert!(self.command("scrot").arg("--overwrite").arg(path).status().await.unwrap().success());
    }
}

/// The folder for what people are to look at.
pub(super) fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Sends what a command says nowhere.
trait Quiet {
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

/// Writes the user's folders and settings.
fn prepare(home: &Path) {
    let write = |path: &str, text: &str| {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let run = home.join("run");
    std::fs::create_dir_all(&run).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&run, private).unwrap();
    let home_path = home.display().to_string();
    write("bus.conf", &include_str!("bus.conf").replace("HOME", &home_path));
    // The panel keeps its settings there; nothing else is started behind the story's back.
    let settings = std::fs::read_to_string("/usr/share/dbus-1/services/org.xfce.Xfconf.service").unwrap();
    write("services/org.xfce.Xfconf.service", &settings);
    write("config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", include_str!("panel.xml"));
    write("dunstrc", &include_str!("dunstrc").replace("HOME", &home_path));
    write("share/applications/story-browser.desktop", BROWSER);
    write("config/mimeapps.list", "[Default Applications]\nx-scheme-handler/http=story-browser.desktop\n");
    for (name, script) in [("bin/story-browser", OPEN_PAGE), ("record", RECORD)] {
        write(name, script);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(home.join(name), executable).unwrap();
    }
}

const BROWSER: &str = "[Desktop Entry]\nType=Application\nName=Browser\nExec=story-browser %u\n\
    MimeType=x-scheme-handler/http;\n";

/// A browser that only notes which page it is to open.
const OPEN_PAGE: &str = "#!/bin/sh\nprintf '%s\\n' \"$1\" >\"$HOME/browser-page.new\"\n\
    mv \"$HOME/browser-page.new\" \"$HOME/browser-page\"\n";

/// What the notification daemon runs for each notification.
const RECORD: &str = "#!/bin/sh\nprintf '%s | %s\\n' \"$2\" \"$3\" >>\"$HOME/notifications\"\n";
