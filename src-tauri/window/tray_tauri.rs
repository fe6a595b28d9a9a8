//! The tray on Windows and macOS.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use beeminder_withings_sync::view::tray::{Entry, Icon, Tray, Wish};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Wry};
use tokio::sync::mpsc::UnboundedSender;

/// The icon in the tray.
pub(crate) struct TrayIcon {
    app: AppHandle,
    icon: tauri::tray::TrayIcon,
    /// What each entry of the menu stands for, by its id.
    wishes: Arc<Mutex<Vec<Wish>>>,
}

impl TrayIcon {
    /// Shows it.
    pub(crate) fn start(
        app: &AppHandle,
        tray: &Tray,
        wishes: &UnboundedSender<Wish>,
        visible: &Arc<AtomicBool>,
    ) -> Option<TrayIcon> {
        let (clicked, chosen, of_menu) = (wishes.clone(), wishes.clone(), Arc::<Mutex<Vec<Wish>>>::default());
        let wishes = Arc::clone(&of_menu);
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
                    let _ = clicked.send(Wish::Open);
                }
            })
            .on_menu_event(move |_, event| {
                let wishes = of_menu.lock().unwrap_or_else(PoisonError::into_inner);
                let wish = event.id().as_ref().parse().ok().and_then(|index: usize| wishes.get(index));
                if let Some(wish) = wish {
                    let _ = chosen.send(wish.clone());
                }
            })
            .build(app);
        match built {
            Ok(icon) => {
                visible.store(true, Ordering::SeqCst);
                let icon = TrayIcon { app: app.clone(), icon, wishes };
                icon.update(tray);
                Some(icon)
            }
            Err(error) => {
                tracing::warn!("There is no tray: {error}");
                None
            }
        }
    }

    pub(crate) fn update(&self, tray: &Tray) {
        if let Err(error) = self.try_update(tray) {
            tracing::warn!("The tray could not be changed: {error}");
        }
    }

    fn try_update(&self, tray: &Tray) -> tauri::Result<()> {
        let menu = Menu::new(&self.app)?;
        let mut wishes = Vec::new();
        for entry in &tray.menu {
            menu.append(&*self.entry(entry, &mut wishes)?)?;
        }
        *self.wishes.lock().unwrap_or_else(PoisonError::into_inner) = wishes;
        self.icon.set_menu(Some(menu))?;
        self.icon.set_icon(Some(image(tray.icon)))?;
        self.icon.set_tooltip(Some(&tray.title))
    }

    /// Makes an entry whose id is the place of its wish in `wishes`.
    fn entry(&self, entry: &Entry, wishes: &mut Vec<Wish>) -> tauri::Result<Box<dyn IsMenuItem<Wry>>> {
        Ok(match entry {
            Entry::Line(text) => Box::new(MenuItem::new(&self.app, label(text), false, None::<&str>)?),
            Entry::Item(text, wish) => {
                let id = wishes.len().to_string();
                wishes.push(wish.clone());
                Box::new(MenuItem::with_id(&self.app, id, label(text), true, None::<&str>)?)
            }
            Entry::Submenu(text, inner) => {
                let submenu = Submenu::new(&self.app, label(text), true)?;
                for entry in inner {
                    submenu.append(&*self.entry(entry, wishes)?)?;
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
