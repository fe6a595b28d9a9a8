//! sway with waybar and mako, as a window of a display without a screen: keys and clicks go through that
//! display, as a screen's would.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::super::session::{Quiet, Session};
use super::super::until;
use super::hands::Hands;

/// sway's own hand, in the middle of the icon in the bar and of the notification under it.
const ICON: (i32, i32) = (1262, 15);
const NOTIFICATION: (i32, i32) = (1120, 80);

const CONFIG: &str = "output X11-1 resolution 1280x720 scale SCALE
output * bg #224466 solid_color
default_border normal
floating_modifier Mod1
for_window [title=\".*\"] floating enable
bindsym Mod1+F4 kill
";

const BAR: &str = r#"{"layer":"top","position":"top","height":30,"modules-left":["sway/workspaces"],
"modules-right":["tray"],"tray":{"icon-size":22,"spacing":10}}"#;

pub(super) struct Sway {
    hands: Hands,
}

impl Sway {
    pub(super) async fn start(session: &mut Session) -> Sway {
        let hands = Hands::on(session);
        let home = session.home().to_owned();
        let folder = home.join("sway");
        std::fs::create_dir_all(&folder).unwrap();
        let scale = std::env::var("SCALE").unwrap_or_else(|_| "1".into());
        std::fs::write(folder.join("config"), CONFIG.replace("SCALE", &scale)).unwrap();
        std::fs::write(folder.join("bar"), BAR).unwrap();
        let (socket, display) = (folder.join("ipc"), folder.join("wayland-1"));
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        for (name, value) in [
            ("XDG_SESSION_TYPE", Some("wayland".to_owned())),
            ("XDG_CURRENT_DESKTOP", Some("sway".into())),
            ("XDG_DATA_DIRS", Some("/usr/local/share:/usr/share".into())),
            ("SWAYSOCK", Some(text(&socket))),
            ("GTK_THEME", None),
        ] {
            session.surroundings.push((name, value));
        }
        let mut shell = as_somebody(session, &home, &folder);
        shell
            .arg("sway")
            .arg("-c")
            .arg(folder.join("config"))
            .env("XDG_RUNTIME_DIR", &folder)
            .env("WLR_BACKENDS", "x11")
            .env("WLR_RENDERER", "pixman")
            .env("WLR_LIBINPUT_NO_DEVICES", "1");
        let log = std::fs::File::create(home.join("shell.log")).unwrap();
        session.others.push(shell.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        until("sway", async || (socket.exists() && display.exists()).then_some(())).await;
        session.surroundings.push(("WAYLAND_DISPLAY", Some(text(&display))));
        session.surroundings.push(("DISPLAY", None));
        let mut bar = session.command("waybar");
        bar.arg("-c").arg(folder.join("bar")).quiet();
        session.others.push(bar.spawn().unwrap());
        let mako = session.command("mako").quiet().spawn().unwrap();
        session.others.push(mako);
        session.owned("org.freedesktop.Notifications", true).await;
        session.owned("org.kde.StatusNotifierWatcher", true).await;
        super::offer_prompter(session).await;
        Sway { hands }
    }

    pub(super) fn hands(&self) -> &Hands {
        &self.hands
    }

    async fn tree(&self, session: &Session) -> Value {
        let output = session.command("swaymsg").args(["-t", "get_tree", "-r"]).output().await.unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(super) async fn focused(&self, session: &Session) -> String {
        let all = leaves(&self.tree(session).await);
        let focused = all.iter().find(|window| window["focused"] == true);
        focused.and_then(|window| window["name"].as_str()).unwrap_or_default().to_owned()
    }

    /// What every window is called.
    pub(super) async fn windows(&self, session: &Session) -> Vec<String> {
        let all = leaves(&self.tree(session).await);
        all.iter().map(|window| window["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(super) async fn is_prompting(&self, session: &Session) -> bool {
        leaves(&self.tree(session).await).iter().any(is_prompt)
    }

    pub(super) async fn prompt_has_focus(&self, session: &Session) -> bool {
        leaves(&self.tree(session).await).iter().any(|window| is_prompt(window) && window["focused"] == true)
    }

    pub(super) async fn activate(&self, session: &Session, title: &str) {
        let focus = format!("[title=\"^{title}$\"] focus");
        assert!(session.command("swaymsg").arg(focus).quiet().status().await.unwrap().success());
    }

    pub(super) async fn notifications(&self, session: &Session) -> Vec<String> {
        let output = session.command("makoctl").arg("list").output().await.unwrap();
        let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let shown = list["data"].as_array().cloned().unwrap_or_default();
        let shown = shown.iter().filter_map(Value::as_array).flatten();
        shown.filter_map(|one| one["summary"]["data"].as_str().map(str::to_owned)).collect()
    }

    pub(super) async fn click_icon(&self, button: u32) {
        self.hands.click(ICON, button).await;
    }

    pub(super) async fn click_notification(&self) {
        self.hands.click(NOTIFICATION, 1).await;
    }
}

/// sway does not run as root, which some machines that only test do.
fn as_somebody(session: &Session, home: &Path, folder: &Path) -> tokio::process::Command {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if std::fs::metadata(home).unwrap().uid() != 0 {
        return session.command("env");
    }
    std::fs::set_permissions(home, PermissionsExt::from_mode(0o711)).unwrap();
    let owned = std::process::Command::new("chown").arg("nobody").arg(folder).status().unwrap();
    assert!(owned.success());
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = session.command("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "env"]);
    command.env("HOME", folder);
    command
}

fn is_prompt(window: &Value) -> bool {
    window["app_id"].as_str().is_some_and(|app| app.contains("prompter"))
}

/// Every window of a tree.
fn leaves(node: &Value) -> Vec<Value> {
    let inner = ["nodes", "floating_nodes"].iter().filter_map(|name| node[name].as_array()).flatten();
    let mut found: Vec<Value> = inner.flat_map(leaves).collect();
    if node["pid"].is_number() {
        found.push(node.clone());
    }
    found
}
