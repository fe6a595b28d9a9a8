//! The tray on Windows and macOS.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use beeminder_withings_sync::view::tray::{Click, Entry, Icon, MenuAction, Tray};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Wry};
use tokio::sync::mpsc::UnboundedSender;

/// The icon in the tray.
pub(super) struct TrayIcon {
    app: AppHandle,
    icon: tauri::tray::TrayIcon,
    /// What each entry of the menu stands for, by its id.
    actions: Arc<Mutex<Vec<MenuAction>>>,
}

impl TrayIcon {
    /// Shows it.
    pub(super) fn start(
        app: &AppHandle,
        tray: &Tray,
        clicks: &UnboundedSender<Click>,
        visible: &Arc<AtomicBool>,
    ) -> Option<TrayIcon> {
        let (clicked, chosen) = (clicks.clone(), clicks.clone());
        let of_menu = Arc::<Mutex<Vec<MenuAction>>>::default();
        let actions = Arc::clone(&of_menu);
        let built = TrayIconBuilder::with_id("tray")
            .icon(image(tray.icon))
            .show_menu_on_left_click(cfg!(target_os = "macos"))
            .on_tray_icon_event(move |_, event| {
                if let TrayIconEvent::Click {
                    button: MouseButton::Left,
                    button_state: MouseButtonState::Up,
                    ..
                } = event
                    && !cfg!(target_os = "macos")
                {
                    let _ = clicked.send(Click { action: MenuAction::Open, token: None });
                }
            })
            .on_menu_event(move |_, event| {
                let actions = of_menu.lock().unwrap_or_else(PoisonError::into_inner);
                let action = event.id().as_ref().parse().ok().and_then(|index: usize| actions.get(index));
                if let Some(action) = action {
                    let _ = chosen.send(Click { action: action.clone(), token: None });
                }
            })
            .build(app);
        match built {
            Ok(icon) => {
                visible.store(true, Ordering::SeqCst);
                let icon = TrayIcon { app: app.clone(), icon, actions };
                icon.update(tray);
                Some(icon)
            }
            Err(error) => {
                tracing::warn!("There is no tray: {error}");
                None
            }
        }
    }

    pub(super) fn update(&self, tray: &Tray) {
        if let Err(error) = self.try_update(tray) {
            tracing::warn!("The tray could not be changed: {error}");
        }
    }

    fn try_update(&self, tray: &Tray) -> tauri::Result<()> {
        let menu = Menu::new(&self.app)?;
        let mut actions = Vec::new();
        for entry in &tray.menu {
            menu.append(&*self.entry(entry, &mut actions)?)?;
        }
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner) = actions;
        self.icon.set_menu(Some(menu))?;
        self.icon.set_icon(Some(image(tray.icon)))?;
        self.icon.set_tooltip(Some(&tray.title))
    }

    /// Makes an entry whose id is the place of its action in `actions`.
    fn entry(&self, entry: &Entry, actions: &mut Vec<MenuAction>) -> tauri::Result<Box<dyn IsMenuItem<Wry>>> {
        Ok(match entry {
            Entry::Line(text) => Box::new(MenuItem::new(&self.app, label(text), false, None::<&str>)?),
            Entry::Item(text, action) => {
                let id = actions.len().to_string();
                actions.push(action.clone());
                Box::new(MenuItem::with_id(&self.app, id, label(text), true, None::<&str>)?)
            }
            Entry::Submenu(text, inner) => {
                let submenu = Submenu::new(&self.app, label(text), true)?;
                for entry in inner {
                    submenu.append(&*self.entry(entry, actions)?)?;
                }
                Box::new(submenu)
            }
            Entry::Separator => Box::new(PredefinedMenuItem::separator(&self.app)?),
        })
    }
}

/// An ampersand would mark an access key.
fn label(text: &str) -> String {
    text.replace('&', "&&")
}

fn image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Fine => tauri::include_image!("icons/tray/fine-32.png"),
        Icon::Syncing => tauri::include_image!("icons/tray/syncing-32.png"),
        Icon::NeedsYou => tauri::include_image!("icons/tray/needs-you-32.png"),
        Icon::Paused => tauri::include_image!("icons/tray/paused-32.png"),
    }
}
