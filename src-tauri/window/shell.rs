//! The desktop as the library wants it, made of tray, window and notifications.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use beeminder_withings_sync::agent::{Desktop, Resident};
use beeminder_withings_sync::app::Wrong;
use beeminder_withings_sync::text::Explained;
use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::tray::{Tray, Wish};
use tauri::{AppHandle, Manager};
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

use super::notifications::Notifications;
use super::tray::TrayIcon;
use super::{autostart, scheme, window};

/// The desktop.
pub(crate) struct Shell {
    app: AppHandle,
    notifications: Notifications,
    tray: Mutex<Option<TrayIcon>>,
    /// Whether the user can see the tray icon.
    pub(crate) has_tray: Arc<AtomicBool>,
    /// What was clicked.
    pub(crate) wishes: UnboundedSender<Wish>,
}

impl Shell {
    pub(crate) fn new(app: &AppHandle, wishes: UnboundedSender<Wish>) -> Shell {
        Shell {
            app: app.clone(),
            notifications: Notifications::start(wishes.clone()),
            tray: Mutex::default(),
            has_tray: Arc::default(),
            wishes,
        }
    }

    pub(crate) fn tray_is_visible(&self) -> bool {
        self.has_tray.load(Ordering::SeqCst)
    }
}

impl Desktop for Shell {
    fn show_tray(&self, tray: &Tray) {
        let mut icon = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
        match icon.as_ref() {
            Some(icon) => icon.update(tray),
            None => *icon = TrayIcon::start(&self.app, tray, &self.wishes, &self.has_tray),
        }
    }

    fn refresh_window(&self) {
        window::refresh(&self.app);
    }

    fn notify(&self, notice: &Notice) {
        self.notifications.show(notice.clone());
    }

    fn is_looked_at(&self) -> bool {
        window::has_focus(&self.app)
    }

    fn open_window(&self) {
        window::open(&self.app);
    }

    fn open_page(&self, url: &Url) -> anyhow::Result<()> {
        open::that_detached(url.as_str()).with_context(|| Wrong::new("no_browser", []))
    }

    fn forget(&self) -> anyhow::Result<()> {
        autostart::set(&self.app, false).context("The start at login may still be on")?;
        scheme::unregister(&self.app).context("The callback scheme may still be registered")
    }

    fn quit(&self) {
        self.app.exit(0);
    }
}

/// What the program is doing: working, or unable to and saying why.
pub(crate) enum Program {
    /// It works.
    Running(Arc<Resident>),
    /// It could not start.
    Failed(Explained),
}

/// The program behind `app`, once it is there.
pub(crate) fn resident(app: &AppHandle) -> anyhow::Result<Arc<Resident>> {
    match app.try_state::<Program>().as_deref() {
        Some(Program::Running(resident)) => Ok(Arc::clone(resident)),
        Some(Program::Failed(why)) => Err(Wrong { field: None, said: why.said.clone() }.into()),
        None => Err(Wrong::new("still_starting", []).into()),
    }
}
