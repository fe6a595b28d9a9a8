//! The tray on Linux, spoken directly: the icon appears when a panel does, comes back after the panel was
//! restarted, opens the window on a click, and needs no library that may be missing.
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/>

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beeminder_withings_sync::view::tray::{Entry, Icon, Tray, Wish};
use ksni::blocking::{Handle, TrayMethods};
use ksni::menu::{MenuItem, StandardItem, SubMenu};
use tauri::AppHandle;
use tauri::image::Image;
use tokio::sync::mpsc::UnboundedSender;

/// The icon in the tray.
pub(crate) struct TrayIcon {
    handle: Handle<Item>,
}

impl TrayIcon {
    /// Shows it, now or when there is a panel. `None` when there is no session bus.
    pub(crate) fn start(
        _app: &AppHandle,
        tray: &Tray,
        wishes: &UnboundedSender<Wish>,
        visible: &Arc<AtomicBool>,
    ) -> Option<TrayIcon> {
        visible.store(true, Ordering::SeqCst);
        let item = Item { tray: tray.clone(), wishes: wishes.clone(), visible: Arc::clone(visible) };
        match item.assume_sni_available(true).spawn() {
            Ok(handle) => Some(TrayIcon { handle }),
            Err(error) => {
                visible.store(false, Ordering::SeqCst);
                tracing::warn!("There is no tray: {error}");
                None
            }
        }
    }

    pub(crate) fn update(&self, tray: &Tray) {
        let tray = tray.clone();
        self.handle.update(|item| item.tray = tray);
    }
}

struct Item {
    tray: Tray,
    wishes: UnboundedSender<Wish>,
    visible: Arc<AtomicBool>,
}

impl Item {
    fn wish(&self, wish: Wish) {
        // The program is ending when nobody listens.
        let _ = self.wishes.send(wish);
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "beeminder-withings-sync".into()
    }

    fn title(&self) -> String {
        self.tray.title.clone()
    }

    fn status(&self) -> ksni::Status {
        match self.tray.icon {
            Icon::NeedsYou => ksni::Status::NeedsAttention,
            Icon::Fine | Icon::Syncing | Icon::Paused => ksni::Status::Active,
        }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        pixmaps(self.tray.icon)
    }

    fn attention_icon_pixmap(&self) -> Vec<ksni::Icon> {
        pixmaps(self.tray.icon)
    }

    fn tool_tip(&self) -> ksni::ToolTip {
        ksni::ToolTip {
            title: self.tray.title.clone(),
            description: self.tray.tooltip.clone(),
            ..ksni::ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.wish(Wish::Open);
    }

    fn menu(&self) -> Vec<MenuItem<Item>> {
        items(&self.tray.menu)
    }

    fn watcher_online(&self) {
        self.visible.store(true, Ordering::SeqCst);
    }

    fn watcher_offline(&self, _reason: ksni::OfflineReason) -> bool {
        self.visible.store(false, Ordering::SeqCst);
        true
    }
}

fn items(entries: &[Entry]) -> Vec<MenuItem<Item>> {
    entries.iter().map(item).collect()
}

fn item(entry: &Entry) -> MenuItem<Item> {
    match entry {
        Entry::Line(text) => {
            StandardItem { label: label(text), enabled: false, ..StandardItem::default() }.into()
        }
        Entry::Item(text, wish) => {
            let wish = wish.clone();
            let activate = move |item: &mut Item| item.wish(wish.clone());
            StandardItem { label: label(text), activate: Box::new(activate), ..StandardItem::default() }
                .into()
        }
        Entry::Submenu(text, inner) => {
            SubMenu { label: label(text), submenu: items(inner), ..SubMenu::default() }.into()
        }
        Entry::Separator => MenuItem::Separator,
    }
}

/// An underscore would mark an access key; goals have them in their names.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

/// The icon in the sizes of usual panels, so that none has to scale.
fn pixmaps(icon: Icon) -> Vec<ksni::Icon> {
    let images: [Image<'static>; 3] = match icon {
        Icon::Fine => [
            tauri::include_image!("icons/tray/fine-22.png"),
            tauri::include_image!("icons/tray/fine-32.png"),
            tauri::include_image!("icons/tray/fine-64.png"),
        ],
        Icon::Syncing => [
            tauri::include_image!("icons/tray/syncing-22.png"),
            tauri::include_image!("icons/tray/syncing-32.png"),
            tauri::include_image!("icons/tray/syncing-64.png"),
        ],
        Icon::NeedsYou => [
            tauri::include_image!("icons/tray/needs-you-22.png"),
            tauri::include_image!("icons/tray/needs-you-32.png"),
            tauri::include_image!("icons/tray/needs-you-64.png"),
        ],
        Icon::Paused => [
            tauri::include_image!("icons/tray/paused-22.png"),
            tauri::include_image!("icons/tray/paused-32.png"),
            tauri::include_image!("icons/tray/paused-64.png"),
        ],
    };
    images.iter().filter_map(argb).collect()
}

/// The protocol wants alpha first.
fn argb(image: &Image<'_>) -> Option<ksni::Icon> {
    let data =
        image.rgba().chunks_exact(4).flat_map(|pixel| [pixel[3], pixel[0], pixel[1], pixel[2]]).collect();
    Some(ksni::Icon { width: image.width().try_into().ok()?, height: image.height().try_into().ok()?, data })
}
