//! The agent's desktop on Linux, spoken to over D-Bus: no window toolkit is linked.

mod notifications;
mod tray;

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::Parser;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use url::Url;

use super::protocol::Opening;
use super::start::{self, Arguments};
use super::{Desktop, End};
use crate::app::UserError;
use crate::domain::callback_way::SCHEME;
use crate::platform::autostart::{AutostartEntry, AutostartState};
use crate::platform::data_dir::DataDir;
use crate::platform::environment;
use crate::platform::environment::Environment;
use crate::platform::program::{self, Executable};
use crate::platform::{activation, browser, log_file, scheme};
use crate::text::{Language, Message};
use crate::view::notification::Notice;
use crate::view::tray::{Click, MenuAction, Tray};
use notifications::Notifications;
use tray::TrayIcon;

/// Runs the agent until it ends.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments = Arguments { token: activation::given(), ..Arguments::parse() };
    let environment = environment::read(arguments.data_dir.clone(), |name| std::env::var(name).ok())?;
    log_file::start(&environment.data_dir);
    log_file::log_panics();
    let executable = Executable::at(&program::path()?)?;
    let runtime = program::runtime(2)?;
    let end = runtime.block_on(work(&environment, &arguments, executable.clone()))?;
    runtime.shutdown_background();
    match end {
        End::Quit => Ok(()),
        End::Replaced => Err(start_again(&executable, &arguments).into()),
    }
}

/// Starts what an upgrade put in the place of this executable, as this process. Returns only why it cannot.
fn start_again(executable: &Executable, arguments: &Arguments) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    std::process::Command::new(executable.path()).args(arguments.at_login()).exec()
}

async fn work(
    environment: &Environment,
    arguments: &Arguments,
    executable: Executable,
) -> anyhow::Result<End> {
    let dir = DataDir::open(&environment.data_dir)?;
    let Some(held) = start::become_the_only_one(&dir, arguments).await? else {
        return Ok(End::Quit);
    };
    let (sender, actions) = mpsc::unbounded_channel();
    let desktop = Arc::new(LinuxDesktop::start(&environment.data_dir, arguments, &sender));
    let registered = Arc::clone(&desktop);
    // Other programs are asked, which may take a while.
    std::thread::spawn(move || registered.register());
    let end = start::run(environment, arguments.clone(), desktop, actions, Some(executable)).await;
    drop(held);
    end
}

/// Waits for a window's end, and says when it did not come to be.
async fn watch_over(mut window: Child, notifications: Notifications) {
    match window.wait().await {
        Ok(status) if status.success() || status.signal().is_some() => {}
        Ok(status) => {
            tracing::warn!("The window ended with {status}");
            let language = Language::chosen(None);
            let say = |key: &str| Message::new(key, []).by(language);
            let (title, body) = (say("notice.no_window"), say("error.no_window"));
            let (about, click, answers) = ("window".into(), MenuAction::Open, Vec::new());
            notifications.show(&Notice { about, title, body, urgent: true, click, answers });
        }
        Err(error) => tracing::warn!("The window could not be waited for: {error}"),
    }
}

/// The desktop of a session.
#[derive(Debug)]
struct LinuxDesktop {
    data_dir: std::path::PathBuf,
    arguments: Arguments,
    tray: TrayIcon,
    has_tray: Arc<AtomicBool>,
    notifications: Notifications,
}

impl LinuxDesktop {
    fn start(
        data_dir: &std::path::Path,
        arguments: &Arguments,
        actions: &mpsc::UnboundedSender<Click>,
    ) -> LinuxDesktop {
        let has_tray = Arc::default();
        LinuxDesktop {
            data_dir: data_dir.to_owned(),
            arguments: arguments.clone(),
            tray: TrayIcon::start(actions, &has_tray),
            has_tray,
            notifications: Notifications::start(actions.clone()),
        }
    }

    /// Makes the desktop know this program: the callback scheme, and a start at login that works.
    fn register(&self) {
        if let Err(error) = scheme::register(SCHEME) {
            tracing::warn!("The callback scheme could not be registered: {error:#}");
        }
        match self.autostart().and_then(|entry| entry.repair()) {
            Ok(true) => tracing::info!("The entry that starts this program at login was repaired"),
            Ok(false) => {}
            Err(error) => tracing::warn!("Start at login could not be verified: {error:#}"),
        }
    }

    fn autostart(&self) -> anyhow::Result<AutostartEntry> {
        let base = directories::BaseDirs::new().context("Failed to find your settings")?;
        let folder = base.config_dir().join("autostart");
        let program = program::to_start_at_login()?;
        let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        Ok(AutostartEntry::new(&folder, program::AGENT, &program, &self.arguments.at_login(), &desktop))
    }
}

impl Desktop for LinuxDesktop {
    fn show_tray(&self, tray: &Tray) {
        self.tray.show(tray);
    }

    fn notify(&self, notice: &Notice) {
        self.notifications.show(notice);
    }

    fn open_window(&self, opening: &Opening) -> anyhow::Result<()> {
        // Where one is on its way, this one ends by itself.
        let mut command = Command::new(program::beside(program::WINDOW)?);
        command.arg("--by-agent").arg("--data-dir").arg(&self.data_dir);
        if let Some(page) = opening.page {
            command.arg("--page").arg(page.name());
        }
        activation::give(command.as_std_mut(), opening.token.as_deref());
        let window = command.spawn().with_context(|| UserError::new("no_window", []))?;
        tokio::spawn(watch_over(window, self.notifications.clone()));
        Ok(())
    }

    fn open_page(&self, url: &Url, token: Option<&str>) -> anyhow::Result<()> {
        browser::open(url, token).with_context(|| UserError::new("no_browser", []))
    }

    fn has_tray(&self) -> bool {
        self.has_tray.load(Ordering::SeqCst)
    }

    fn start_at_login(&self) -> anyhow::Result<AutostartState> {
        self.autostart()?.state()
    }

    fn set_start_at_login(&self, on: bool) -> anyhow::Result<()> {
        let entry = self.autostart()?;
        if on { entry.switch_on() } else { entry.switch_off() }
    }

    fn takes_callbacks(&self) -> anyhow::Result<bool> {
        scheme::is_registered(SCHEME)
    }

    fn take_callbacks(&self) -> anyhow::Result<()> {
        scheme::repair(SCHEME)
    }

    fn forget(&self) -> anyhow::Result<()> {
        self.set_start_at_login(false).context("The start at login may still be on")?;
        scheme::unregister(SCHEME).context("The callback scheme may still be registered")
    }
}
