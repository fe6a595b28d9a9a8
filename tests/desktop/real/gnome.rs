//! GNOME Shell without a screen, and its user's hands: clicks and keys go through the shell's own input.

use std::path::Path;

use serde_json::Value;
use zbus::{Connection, Proxy};

use super::super::session::{Quiet, Session};
use super::super::until;

pub(super) struct Gnome {
    bus: Connection,
}

const SETTINGS: &str = "[org/gnome/shell]
welcome-dialog-last-shown-version='999'
enabled-extensions=EXTENSIONS
[org/gnome/desktop/interface]
enable-animations=false
";

/// The icon in the panel.
const ICON: &str =
    "Object.entries(imports.ui.main.panel.statusArea).find(([name]) => name.startsWith('appindicator'))?.[1]";

/// The dialogs that are open.
const DIALOGS: &str =
    "imports.ui.main.layoutManager.modalDialogGroup.get_children().filter((d) => d.state === 0)";

const EXTENSIONS: &str = "['ubuntu-appindicators@ubuntu.com', 'appindicatorsupport@rgcjonas.gmail.com']";

impl Gnome {
    /// Starts the shell; with the extension that shows icons, or plain.
    pub(super) async fn start(session: &mut Session, with_tray: bool) -> Gnome {
        let settings = session.home().join("config/glib-2.0/settings/keyfile");
        std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
        let extensions = if with_tray { EXTENSIONS } else { "@as []" };
        std::fs::write(settings, SETTINGS.replace("EXTENSIONS", extensions)).unwrap();
        for (name, value) in [
            ("XDG_SESSION_TYPE", Some("wayland")),
            ("XDG_CURRENT_DESKTOP", Some("GNOME")),
            ("XDG_DATA_DIRS", Some("/usr/local/share:/usr/share")),
            ("GNOME_SHELL_SESSION_MODE", Some("user")),
            ("GSETTINGS_BACKEND", Some("keyfile")),
            ("DISPLAY", None),
            ("GTK_THEME", None),
            ("WAYLAND_DISPLAY", None),
        ] {
            session.surroundings.push((name, value.map(str::to_owned)));
        }
        let mut shell = session.command("gnome-shell");
        shell.args(["--headless", "--wayland", "--no-x11", "--wayland-display=wayland-gnome"]);
        shell.args(["--virtual-monitor", "1280x720", "--unsafe-mode"]);
        let log = std::fs::File::create(session.home().join("shell.log")).unwrap();
        session.others.push(shell.stdout(std::process::Stdio::null()).stderr(log).spawn().unwrap());
        session.owned("org.gnome.Shell", true).await;
        session.surroundings.push(("WAYLAND_DISPLAY", Some("wayland-gnome".into())));
        let mut notifications = session.command("gjs");
        notifications.arg("/usr/share/gnome-shell/org.gnome.Shell.Notifications").quiet();
        session.others.push(notifications.spawn().unwrap());
        session.owned("org.freedesktop.Notifications", true).await;
        if with_tray {
            session.owned("org.kde.StatusNotifierWatcher", true).await;
        }
        let gnome = Gnome { bus: session.bus().await };
        gnome.clear().await;
        gnome
    }

    /// Waits until the shell is up, and leaves its overview, which covers a desktop without windows.
    async fn clear(&self) {
        let is_clear = "(() => { const main = imports.ui.main;
            if (main.layoutManager._startingUp) return false;
            main.messageTray.getSources().forEach((source) => source.destroy());
            main.overview.hide();
            return !main.overview.visible; })()";
        until("a clear desktop", async || (self.run(is_clear).await == Value::Bool(true)).then_some(()))
            .await;
    }

    /// Runs a script in the shell and returns what it comes to.
    pub(super) async fn run(&self, script: &str) -> Value {
        let shell =
            Proxy::new(&self.bus, "org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell").await.unwrap();
        // It has its name before it answers.
        let answer = async || shell.call::<_, _, (bool, String)>("Eval", &(script,)).await.ok();
        let (well, said) = until("an answer of the shell", answer).await;
        assert!(well, "{script}: {said}");
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    /// The title of the window that has the focus.
    pub(super) async fn focused(&self) -> String {
        let title = self.run("global.display.focus_window ? global.display.focus_window.title : ''").await;
        title.as_str().unwrap_or_default().to_owned()
    }

    /// Has a window in front.
    pub(super) async fn activate(&self, title: &str) {
        let window = "global.get_window_actors().map((a) => a.meta_window)";
        self.run(&format!("{window}.find((w) => w.title === '{title}').activate(global.get_current_time())"))
            .await;
    }

    /// What every window is called.
    pub(super) async fn windows(&self) -> Vec<String> {
        let titles = self.run("global.get_window_actors().map((a) => a.meta_window.title)").await;
        titles.as_array().unwrap().iter().filter_map(|title| title.as_str().map(str::to_owned)).collect()
    }

    /// Clicks in the middle of what a script finds on the stage, once it is there and stays where it is.
    pub(super) async fn click(&self, what: &str, find: &str, button: u32) {
        let place = format!(
            "(() => {{ const found = {find}; if (!found || !found.get_stage() || !found.mapped) return null;
                const [x, y] = found.get_transformed_position();
                return [Math.round(x + found.width / 2), Math.round(y + found.height / 2)]; }})()"
        );
        let mut before = Value::Null;
        let place = until(what, async || {
            let place = self.run(&place).await;
            let is_at_rest = place.is_array() && place == before;
            before = place;
            is_at_rest.then(|| before.clone())
        })
        .await;
        let (x, y) = (&place[0], &place[1]);
        self.move_hand("POINTER", &format!("notify_absolute_motion(now(), {x}, {y})")).await;
        let pointer = "global.get_pointer().slice(0, 2)";
        until("the pointer there", async || (self.run(pointer).await == place).then_some(())).await;
        for pressed in [1, 0] {
            self.move_hand("POINTER", &format!("notify_button(now(), {button}, {pressed})")).await;
        }
    }

    /// Clicks the icon in the tray with a button of the mouse.
    pub(super) async fn click_icon(&self, button: u32) {
        self.click("the icon", ICON, button).await;
    }

    /// Opens the icon's menu and clicks the entry that starts so.
    pub(super) async fn click_menu(&self, text: &str) {
        self.click_icon(3).await;
        let entry = format!(
            "{ICON}?.menu._getMenuItems().map((i) => i.label).find((l) => l?.text.startsWith('{text}'))"
        );
        self.click(text, &entry, 1).await;
    }

    /// Starts the program as its icon among the applications does.
    pub(super) async fn start_from_dash(&self) {
        let favorite =
            "imports.ui.appFavorites.getAppFavorites().addFavorite('beeminder-withings-sync.desktop')";
        self.run(favorite).await;
        self.run("imports.ui.main.overview.show()").await;
        let icon = "imports.ui.main.overview.dash._box.get_children().map((c) => c.child)
            .find((c) => c?.app?.get_id() === 'beeminder-withings-sync.desktop')";
        self.click("the icon in the dash", icon, 1).await;
    }

    /// Clicks the notification that is shown.
    pub(super) async fn click_notification(&self) {
        self.click("the notification", "imports.ui.main.messageTray._banner", 1).await;
    }

    /// Whether a notification is shown, all of it.
    pub(super) async fn shows_notification(&self) -> bool {
        self.run("imports.ui.main.messageTray._notificationState === 2").await == Value::Bool(true)
    }

    /// The titles of the notifications that are there, whether shown or kept.
    pub(super) async fn notifications(&self) -> Vec<String> {
        let titles =
            "imports.ui.main.messageTray.getSources().flatMap((s) => s.notifications.map((n) => n.title))";
        let titles = self.run(titles).await;
        titles.as_array().unwrap().iter().filter_map(|title| title.as_str().map(str::to_owned)).collect()
    }

    /// Whether the keychain's dialog is on the screen.
    pub(super) async fn is_prompting(&self) -> bool {
        self.run(&format!("{DIALOGS}.length > 0")).await == Value::Bool(true)
    }

    /// Whether it takes what is typed.
    pub(super) async fn prompt_has_focus(&self) -> bool {
        let inside = format!("{DIALOGS}.some((d) => d.contains(global.stage.key_focus))");
        self.run(&inside).await == Value::Bool(true)
    }

    /// How many starts are under way, as the busy cursor shows.
    pub(super) async fn starting(&self) -> u64 {
        let starting = "imports.gi.Shell.WindowTracker.get_default().get_startup_sequences()
            .filter((sequence) => !sequence.get_completed()).length";
        self.run(starting).await.as_u64().unwrap()
    }

    pub(super) async fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.key(&letter.to_string(), u32::from(letter)).await;
        }
    }

    /// Presses a key, or several at once with a plus between them.
    pub(super) async fn press(&self, keys: &str) {
        let values: Vec<u32> = keys.split('+').map(key_value).collect();
        for (pressed, values) in [(1, values.clone()), (0, values.into_iter().rev().collect())] {
            for value in values {
                self.move_hand("KEYBOARD", &format!("notify_keyval(now(), {value}, {pressed})")).await;
            }
        }
    }

    async fn key(&self, what: &str, value: u32) {
        for pressed in [1, 0] {
            self.move_hand("KEYBOARD", &format!("notify_keyval(now(), {value}, {pressed}) /* {what} */"))
                .await;
        }
    }

    async fn move_hand(&self, kind: &str, how: &str) {
        let script = format!(
            "(() => {{ const {{ Clutter, GLib }} = imports.gi; const now = () => GLib.get_monotonic_time();
                global.hands ??= {{}};
                global.hands.{kind} ??= Clutter.get_default_backend().get_default_seat()
                    .create_virtual_device(Clutter.InputDeviceType.{kind}_DEVICE);
                global.hands.{kind}.{how}; return 1; }})()"
        );
        self.run(&script).await;
    }

    pub(super) async fn picture(&self, path: &Path) {
        let name = "org.gnome.Shell.Screenshot";
        let proxy = Proxy::new(&self.bus, name, "/org/gnome/Shell/Screenshot", name).await.unwrap();
        let path = path.to_str().unwrap();
        let (well, _): (bool, String) = proxy.call("Screenshot", &(false, false, path)).await.unwrap();
        assert!(well, "{path}");
    }
}

/// The number of a key, as X11 has it.
fn key_value(name: &str) -> u32 {
    match name {
        "Escape" => 0xff1b,
        "Return" => 0xff0d,
        "Tab" => 0xff09,
        "Alt" => 0xffe9,
        "F4" => 0xffc1,
        other => panic!("no such key: {other}"),
    }
}
