//! What the user of a story's desktop does: in a terminal, in the browser, with the window.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use beeminder_withings_sync::agent::client::AgentClient;
use beeminder_withings_sync::agent::protocol::AgentRequest;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::sandbox::withings;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::super::support;
use super::session::{Quiet, Session};
use super::until;

impl Session {
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

    /// The program's window, if the user can see it.
    pub(super) async fn window(&self) -> Option<String> {
        let search = ["search", "--onlyvisible", "--name", "^Beeminder Withings Sync$"];
        let output = self.command("xdotool").args(search).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap().lines().next().map(str::to_owned)
    }

    pub(super) async fn window_opens(&self) -> String {
        until("the window", async || self.window().await).await
    }

    /// Where the window is with its frame: left, top, right, bottom.
    pub(super) async fn window_frame(&self) -> [i32; 4] {
        let window = self.window_opens().await;
        let ask = async |program: &str, arguments: &[&str]| {
            let output = self.command(program).args(arguments).output().await.unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let place = ask("xdotool", &["getwindowgeometry", "--shell", &window]).await;
        let number = |name: &str| -> i32 {
            let value = place.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.unwrap().parse().unwrap()
        };
        // Left, right, top, bottom.
        let frame = ask("xprop", &["-id", &window, "_NET_FRAME_EXTENTS"]).await;
        let edges: Vec<i32> =
            frame.rsplit('=').next().unwrap().split(',').map(|edge| edge.trim().parse().unwrap()).collect();
        let (x, y) = (number("X"), number("Y"));
        [x - edges[0], y - edges[2], x + number("WIDTH") + edges[1], y + number("HEIGHT") + edges[3]]
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

    /// Presses them again, whoever has the focus.
    pub(super) async fn press_keys_to_close(&self) {
        assert!(self.command("xdotool").args(["key", "alt+F4"]).status().await.unwrap().success());
    }

    /// Works with something other than the window.
    pub(super) async fn focus_on_panel(&self) {
        let keys = ["search", "--onlyvisible", "--class", "xfce4-panel", "windowfocus", "--sync", "%1"];
        assert!(self.command("xdotool").args(keys).status().await.unwrap().success());
    }

    /// Asks the agent for a pass, as its menu does.
    pub(super) async fn sync_now(&self) {
        let dir = DataDir::open(&self.data_dir()).unwrap();
        AgentClient::new(dir).ask::<()>(&AgentRequest::SyncNow).await.unwrap();
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

    /// Clicks a button of the notifications on the screen.
    pub(super) async fn choose_in_notification(&self, words: &str) {
        std::fs::write(self.home().join("choice"), words).unwrap();
        assert!(self.command("dunstctl").arg("context").status().await.unwrap().success());
    }

    /// Closes every notification without a click on it.
    pub(super) async fn close_notifications(&self) {
        let closed = self.command("dunstctl").arg("close-all").status().await.unwrap();
        assert!(closed.success());
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
