//! The tray program on a story's desktop: started in every way, watched, and ended.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::session::{Quiet, Session};
use super::tray::Tray;
use super::{pages, until};

impl Session {
    /// The agent: the one that was built, or the one that is to be tested.
    pub(super) fn program_path() -> PathBuf {
        std::env::var_os("DESKTOP_PROGRAM")
            .map_or_else(|| env!("CARGO_BIN_EXE_beeminder-withings-sync").into(), PathBuf::from)
    }

    /// The window's program, beside the agent.
    fn window_path() -> PathBuf {
        Session::program_path().with_file_name("beeminder-withings-sync-window")
    }

    /// Starts the agent and leaves it running.
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

    /// Starts the window, in the test's hands, and by it the agent.
    pub(super) async fn launch_driven(&mut self) -> Client {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut driver = self.command("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let log = self.open_log();
        self.driver = Some(driver.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let options = json!({"binary": Session::window_path(), "args": []});
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

    pub(super) fn pid(&self) -> u32 {
        match &self.program {
            Some(program) => program.id().expect("it runs"),
            None => *pages::running(&Session::program_path(), self.home()).first().expect("it runs"),
        }
    }

    /// Waits for the program to end and returns its exit code.
    pub(super) async fn ended(&mut self) -> Option<i32> {
        let code = self.ended_whatever_the_tray().await;
        self.icon_is_gone().await;
        code
    }

    /// The same where another start may have its icon in the tray already.
    pub(super) async fn ended_whatever_the_tray(&mut self) -> Option<i32> {
        let mut program = self.program.take().expect("it runs");
        tokio::time::timeout(super::PATIENCE, program.wait()).await.expect("it ends").unwrap().code()
    }

    /// Waits until panels have no icon, so that none is taken for that of the next start.
    async fn icon_is_gone(&self) {
        let bus = self.bus().await;
        until("the icon gone", async || (Tray::count(&bus).await == 0).then_some(())).await;
    }

    /// Ends it without a chance to settle anything.
    pub(super) async fn kill(&mut self) {
        kill_all(self.home());
        if let Some(mut program) = self.program.take() {
            program.wait().await.unwrap();
        }
        if let Some(mut driver) = self.driver.take() {
            driver.kill().await.unwrap();
        }
        self.icon_is_gone().await;
    }

    /// Sends a signal to the agent alone.
    pub(super) fn signal_agent(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// How many processes of the window there are.
    pub(super) fn windows_running(&self) -> usize {
        self.windows().len()
    }

    /// The processes of the window.
    pub(super) fn windows(&self) -> Vec<u32> {
        pages::running(&Session::window_path(), self.home())
    }

    /// Whether the window was started with a variable in its environment.
    pub(super) fn window_has_variable(&self, variable: &str) -> bool {
        let environment = |pid| std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap_or_default();
        let windows = pages::running(&Session::window_path(), self.home());
        windows.into_iter().any(|pid| environment(pid).split('\0').any(|one| one == variable))
    }

    /// The process of the page in the window.
    pub(super) fn page_process(&self) -> Option<u32> {
        pages::running(Path::new("WebKitWebProcess"), self.home()).first().copied()
    }

    /// Ends every window, as a crash does.
    pub(super) fn kill_windows(&self) {
        kill_program(&Session::window_path(), self.home());
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
}

/// Ends the programs under test whose user lives in `home`, without a chance to settle anything.
pub(super) fn kill_all(home: &Path) {
    for program in [Session::program_path(), Session::window_path()] {
        kill_program(&program, home);
    }
}

fn kill_program(program: &Path, home: &Path) {
    for pid in pages::running(program, home) {
        // It may have ended meanwhile.
        let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    }
}
