//! The agent's desktop on Windows and macOS, where the agent is one program with the window.

mod notifications;
mod tray;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use beeminder_withings_sync::agent::Desktop;
use beeminder_withings_sync::agent::protocol::Opening;
use beeminder_withings_sync::app::UserError;
use beeminder_withings_sync::platform::autostart::AutostartState;
use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::tray::{Click, Tray};
use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

use crate::window::webview;
use notifications::Notifications;
use tray::TrayIcon;

#[cfg(windows)]
use beeminder_withings_sync::domain::callback_way::SCHEME;
#[cfg(windows)]
use tauri_plugin_deep_link::DeepLinkExt;

/// The desktop.
pub(crate) struct TauriDesktop {
    app: AppHandle,
    notifications: Notifications,
    tray: Mutex<Option<TrayIcon>>,
    has_tray: Arc<AtomicBool>,
    clicks: UnboundedSender<Click>,
}

impl TauriDesktop {
    pub(crate) fn new(app: &AppHandle, clicks: UnboundedSender<Click>) -> TauriDesktop {
        TauriDesktop {
            app: app.clone(),
            notifications: Notifications::start(),
            tray: Mutex::default(),
            has_tray: Arc::default(),
            clicks,
        }
    }

    /// Makes the desktop know this program: the callback scheme, and a start at login that follows a program
    /// that was moved.
    pub(crate) fn register(&self) {
        if let Err(error) = self.take_callbacks() {
            tracing::warn!("The callback scheme could not be registered: {error:#}");
        }
        let repaired = match self.start_at_login() {
            Ok(AutostartState::On) => self.set_start_at_login(true),
            Ok(AutostartState::Off | AutostartState::Stale | AutostartState::SwitchedOff) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = repaired {
            tracing::warn!("Start at login could not be verified: {error:#}");
        }
    }
}

impl Desktop for TauriDesktop {
    fn show_tray(&self, tray: &Tray) {
        let mut icon = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
        match icon.as_ref() {
            Some(icon) => icon.update(tray),
            None => *icon = TrayIcon::start(&self.app, tray, &self.clicks, &self.has_tray),
        }
    }

    fn notify(&self, notice: &Notice) {
        self.notifications.show(notice.clone());
    }

    fn open_window(&self, opening: &Opening) -> anyhow::Result<()> {
        webview::open(&self.app, opening.clone());
        Ok(())
    }

    fn open_page(&self, url: &Url, _token: Option<&str>) -> anyhow::Result<()> {
        open::that_detached(url.as_str()).with_context(|| UserError::new("no_browser", []))
    }

    fn has_tray(&self) -> bool {
        self.has_tray.load(Ordering::SeqCst)
    }

    fn start_at_login(&self) -> anyhow::Result<AutostartState> {
        let on = self.app.autolaunch().is_enabled().context("Failed to ask the system")?;
        Ok(if on { AutostartState::On } else { AutostartState::Off })
    }

    fn set_start_at_login(&self, on: bool) -> anyhow::Result<()> {
        let plugin = self.app.autolaunch();
        let outcome = if on { plugin.enable() } else { plugin.disable() };
        outcome.context("Failed to ask the system")
    }

    #[cfg(windows)]
    fn takes_callbacks(&self) -> anyhow::Result<bool> {
        Ok(self.app.deep_link().is_registered(SCHEME)?)
    }

    #[cfg(windows)]
    fn take_callbacks(&self) -> anyhow::Result<()> {
        Ok(self.app.deep_link().register_all()?)
    }

    /// macOS knows the scheme from the bundle alone.
    #[cfg(not(windows))]
    fn takes_callbacks(&self) -> anyhow::Result<bool> {
        Ok(true)
    }

    #[cfg(not(windows))]
    fn take_callbacks(&self) -> anyhow::Result<()> {
        Ok(())
    }

    fn forget(&self) -> anyhow::Result<()> {
        self.set_start_at_login(false).context("The start at login may still be on")?;
        #[cfg(windows)]
        self.app.deep_link().unregister(SCHEME).context("The callback scheme may still be registered")?;
        Ok(())
    }
}
